// The page: what comes over the socket goes into the store and onto the screen.

import { drawHead, drawList } from "./chatlist.js";
import { chooseChat } from "./chooser.js";
import { Composer } from "./composer.js";
import { connect } from "./connection.js";
import { byId, h } from "./dom.js";
import { History } from "./history.js";
import { Panel } from "./panel.js";
import { byBot, chatNow, load, markSeen, recall, remember, speakerOf, store } from "./store.js";
import { drawTopics } from "./topics.js";

const ACTION_LASTS = 5000; // milliseconds, as on Telegram
const DRAFT_LASTS = 30000;
const ANSWER_LASTS = 15000;
const narrow = matchMedia("(max-width: 720px)");
const timers = new Map();
const pressed = new Map();
let presses = 0;
let awaited = null; // a chat to open as soon as there is one

const history = new History({
  reply: (message) => composer.reply(message),
  edit: (message) => composer.edit(message),
  copy,
  press,
  forward,
  vote: (message, options) => act("vote", message, { options }),
  react: (message, emoji) => act("react", message, { emoji }),
  remove: (message) => act("delete", message),
  inline: (query) => composer.fill(`@${store.bot.username} ${query}`),
  inlineElsewhere,
  say: toast,
  command: (text) => composer.speak(text),
  jump: (id) => history.jump(id),
  enlarge,
});
const composer = new Composer({
  send,
  say: toast,
  changed: (id) => history.choose(id),
  respoken: (chat) => history.show(chat),
});
const panel = new Panel({ send, open: (id) => (store.chats.has(id) ? open(id) : (awaited = id)) });
// What is drawn while the font is under way keeps its boxes for good.
await document.fonts.load('1em "Page Emoji"', "🦜").catch(() => []);
const connection = connect({ onEvent: (event) => events[event.type]?.(event), onState: (up) => (byId("notice").hidden = up) });

const events = {
  state(event) {
    load(event);
    const first = recall("open");
    if (store.active === null) {
      const id = store.chats.has(first) ? first : store.chats.keys().next().value;
      const view = narrow.matches && !(history.chat || recall("view") === "chat") ? "list" : "chat";
      open(id, view);
    } else redraw();
    if (store.chats.has(awaited)) open(awaited);
    panel.refresh();
    for (const chat of store.chats.values()) if (chat.draft) live(chat, "draft", DRAFT_LASTS);
  },
  message({ chat_id: id, message }) {
    const chat = store.chats.get(id);
    if (!chat) return;
    chat.messages.set(message.message_id, message);
    if (byBot(message)) settle(chat);
    if (id === store.active) history.add(message);
    refresh(chat);
  },
  edit({ chat_id: id, message }) {
    const chat = store.chats.get(id);
    if (!chat) return;
    chat.messages.set(message.message_id, message);
    if (id === store.active) history.update(message);
    refresh(chat);
  },
  delete({ chat_id: id, message_id: messageId }) {
    const chat = store.chats.get(id);
    if (!chat) return;
    chat.messages.delete(messageId);
    composer.forget(messageId);
    if (id === store.active) history.remove(messageId);
    refresh(chat);
  },
  action({ chat_id: id, action, thread }) {
    const chat = store.chats.get(id);
    if (!chat) return;
    chat.action = action;
    chat.actionThread = thread;
    live(chat, "action", ACTION_LASTS);
  },
  draft({ chat_id: id, draft_id: draftId, text }) {
    const chat = store.chats.get(id);
    if (!chat) return;
    chat.draft = { draft_id: draftId, text };
    live(chat, "draft", DRAFT_LASTS);
  },
  reaction({ chat_id: id, message_id: messageId, reactions }) {
    const chat = store.chats.get(id);
    if (!chat) return;
    chat.reactions[messageId] = reactions;
    const message = chat.messages.get(messageId);
    if (id === store.active && message) history.update(message);
  },
  answer({ ref, text, alert }) {
    pressed.get(ref)?.();
    if (text && alert) showAlert(text);
    else if (text) toast(text);
  },
  offers: (event) => composer.offers.came(event),
  moved: ({ to }) => (open(to), panel.refresh()),
  problem: ({ text }) => toast(text),
};

function open(id, view = "chat") {
  awaited = null;
  store.active = id;
  remember("open", id);
  setView(view);
  const chat = chatNow();
  if (!chat) return;
  history.show(chat);
  composer.show(chat);
  redrawFrame(chat);
}

function setView(view) {
  document.body.dataset.view = view;
  remember("view", view);
}

/** The same chat, after everything came anew. */
function redraw() {
  const chat = chatNow();
  history.show(chat);
  composer.drawSpeakers(chat);
  composer.refilter();
  redrawFrame(chat);
}

function redrawFrame(chat) {
  const seen = narrow.matches ? document.body.dataset.view === "chat" : true;
  if (seen && !document.hidden && history.pinned) markSeen(chat);
  drawHead(chat);
  drawTopics(chat, turned);
  drawList(open);
}

/** Another topic of the open chat. */
function turned(chat) {
  history.show(chat, true);
  redrawFrame(chat);
  composer.focus();
}

function refresh(chat) {
  if (chat.id === store.active) redrawFrame(chat);
  else drawList(open);
}

/** Something goes on in a chat, and stops by itself. */
function live(chat, what, lasts) {
  const key = `${what}.${chat.id}`;
  clearTimeout(timers.get(key));
  timers.set(key, setTimeout(() => {
    const now = store.chats.get(chat.id); // the server's state may have come anew meanwhile
    if (!now) return;
    now[what] = null;
    if (now.id === store.active) history.drawTail();
    refresh(now);
  }, lasts));
  if (chat.id === store.active) history.drawTail();
  refresh(chat);
}

/** The bot has spoken: it is no longer typing. */
function settle(chat) {
  clearTimeout(timers.get(`action.${chat.id}`));
  clearTimeout(timers.get(`draft.${chat.id}`));
  chat.action = null;
  chat.draft = null;
}

function send(asked) {
  const went = connection.send(asked);
  if (!went) toast("Not connected. Your text is kept; try again in a moment.");
  return went;
}

function press(message, data, key) {
  const chat = chatNow();
  const ref = ++presses;
  if (!send({ type: "press", chat_id: chat.id, user_id: speakerOf(chat), message_id: message.message_id, data, ref })) return;
  key.classList.add("busy");
  const done = () => (key.classList.remove("busy"), pressed.delete(ref));
  pressed.set(ref, done);
  setTimeout(done, ANSWER_LASTS);
}

/** Do something with a message, as whoever one speaks as. */
function act(type, message, more = {}) {
  const chat = chatNow();
  send({ type, chat_id: chat.id, user_id: speakerOf(chat), message_id: message.message_id, ...more });
}

function forward(message) {
  chooseChat("Forward to", speakerOf(chatNow()), (to) => {
    act("forward", message, { to });
    if (to !== store.active) open(to);
  });
}

function inlineElsewhere(query) {
  chooseChat("Ask the bot in", speakerOf(chatNow()), (id) => {
    open(id);
    composer.fill(`@${store.bot.username} ${query}`);
  });
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied");
  } catch {
    toast("The browser did not allow copying.");
  }
}

function toast(text) {
  const node = h("div", { class: "toast", dir: "auto" }, text);
  byId("toasts").append(node);
  setTimeout(() => node.remove(), Math.min(7000, 2200 + text.length * 45));
}

function showAlert(text) {
  byId("alert-text").textContent = text;
  if (!byId("alert").open) byId("alert").showModal();
}

function enlarge(image) {
  const box = byId("lightbox");
  const picture = box.querySelector("img");
  picture.src = image.src;
  picture.alt = image.alt;
  box.showModal();
}

function drawTheme() {
  const chosen = document.documentElement.dataset.theme ?? "auto";
  const [name, label] = { light: ["sun", "light"], dark: ["moon", "dark"], auto: ["auto", "as the system"] }[chosen];
  byId("theme").querySelector("use").setAttribute("href", `#i-${name}`);
  byId("theme").setAttribute("aria-label", `Theme: ${label}`);
  byId("theme").title = `Theme: ${label}`;
}

byId("theme").addEventListener("click", () => {
  const next = { auto: "light", light: "dark", dark: "auto" }[document.documentElement.dataset.theme ?? "auto"];
  if (next === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  localStorage.setItem("cotorra.theme", next);
  drawTheme();
});
byId("back").addEventListener("click", () => (setView("list"), drawList(open)));
byId("lightbox").addEventListener("click", () => byId("lightbox").close());
document.addEventListener("visibilitychange", () => chatNow() && redrawFrame(chatNow()));
document.addEventListener("keydown", (event) => {
  // Typing anywhere writes into the field, as people expect of a chat.
  const plain = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && event.key !== " ";
  if (plain && document.activeElement === document.body) byId("text").focus();
  if (event.key === "Escape" && document.activeElement !== byId("text")) composer.cancel();
});
drawTheme();
