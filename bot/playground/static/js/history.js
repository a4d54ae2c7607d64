// The messages of the open chat: kept in order, grouped by sender and day, scrolled with care.

import { bubble, draftBubble } from "./bubble.js";
import { byId, h } from "./dom.js";
import { botIsIn, byBot, markSeen, speakerOf, store, threadOf, topicOf, visible } from "./store.js";
import { dayOf, eventText } from "./text.js";

const TOGETHER = 300; // seconds between two messages of one group
const NEAR = 90; // pixels from the bottom that count as being there
const REST = 900; // milliseconds without scrolling after which the day no longer floats over a message

const scroller = byId("scroller");
const log = byId("log");
const toBottom = byId("to-bottom");
const below = byId("below");

export class History {
  constructor(does) {
    this.does = does;
    this.chat = null;
    this.nodes = new Map();
    this.days = new Map();
    this.tail = null; // the draft or the typing dots
    this.missed = 0;
    this.pinned = true; // whether the reader is at the end, and new messages keep them there
    this.rest = 0;
    scroller.addEventListener("scroll", () => (this.scrolled(), this.float()), { passive: true });
    toBottom.addEventListener("click", () => this.toEnd(true));
    // A growing composer or keyboard must not push the last message out of view.
    const follow = new ResizeObserver(() => this.pinned && this.toEnd());
    follow.observe(scroller);
    follow.observe(log);
  }

  /** Draw a chat from nothing. */
  show(chat, anew = false) {
    const same = this.chat?.id === chat?.id && !anew;
    const place = scroller.scrollTop;
    const wasPinned = this.pinned;
    this.chat = chat;
    this.nodes.clear();
    this.days.clear();
    this.tail = null;
    log.replaceChildren();
    if (!chat) return;
    log.className = chat.private ? "log" : "log group";
    for (const message of visible(chat)) this.put(message);
    this.arrange();
    this.drawTail();
    if (same && !wasPinned) scroller.scrollTop = place;
    else this.toEnd();
  }

  put(message) {
    const node = bubble(this.chat, message, speakerOf(this.chat), this.does);
    this.nodes.get(message.message_id)?.replaceWith(node);
    this.nodes.set(message.message_id, node);
    return node;
  }

  /** A new message. */
  add(message) {
    if (!this.shows(message)) return;
    const stay = this.pinned || message.author === speakerOf(this.chat);
    const replacesDraft = this.tail !== null && byBot(message);
    const node = this.put(message);
    if (!replacesDraft) node.classList.add("fresh");
    this.arrange();
    this.drawTail();
    if (stay) this.toEnd();
    else this.miss();
  }

  /** A message that changed: its node is replaced in place, and the reader stays where they are. */
  update(message) {
    if (!this.shows(message)) return;
    const stay = this.pinned;
    const focus = this.nodes.get(message.message_id)?.contains(document.activeElement);
    const node = this.put(message);
    this.arrange();
    if (focus) node.querySelector("button")?.focus({ preventScroll: true });
    if (stay) this.toEnd();
  }

  /** Whether a message belongs to the topic one looks at. */
  shows(message) {
    return !this.chat.topics.length || threadOf(message) === topicOf(this.chat);
  }

  remove(id) {
    this.nodes.get(id)?.remove();
    this.nodes.delete(id);
    this.arrange();
  }

  /** Put nodes, days and groups in order, moving only what is out of place. */
  arrange() {
    log.querySelector(".empty")?.remove();
    const messages = visible(this.chat);
    const wanted = [];
    messages.forEach((message, at) => {
      const [before, after] = [messages[at - 1], messages[at + 1]];
      if (!before || dayOf(before.date) !== dayOf(message.date)) wanted.push(this.day(message.date));
      const node = this.nodes.get(message.message_id);
      node.classList.toggle("first", !together(before, message));
      node.classList.toggle("last", !together(message, after));
      wanted.push(node);
    });
    if (this.tail) wanted.push(this.tail);
    if (!wanted.length) wanted.push(this.empty());
    let next = log.firstChild;
    for (const node of wanted) {
      if (node === next) next = next.nextSibling;
      else log.insertBefore(node, next);
    }
    while (next) [next] = [next.nextSibling, next.remove()];
  }

  day(seconds) {
    const name = dayOf(seconds);
    if (!this.days.has(name)) this.days.set(name, h("div", { class: "day" }, name));
    return this.days.get(name);
  }

  empty() {
    const { chat } = this;
    const [title, text, suggestions] = welcome(chat);
    const chips = suggestions.map((each) => h("button", { type: "button", onclick: () => this.does.command(each) }, each));
    return h(
      "div",
      { class: "empty" },
      h("img", { src: "/parrot.svg", alt: "" }),
      h("h3", {}, title),
      h("p", { dir: "auto" }, text),
      h("div", { class: "suggestions" }, chips),
    );
  }

  /** Show the message being written, or dots while the bot is at it, or neither. */
  drawTail() {
    const { chat } = this;
    const stay = this.pinned;
    const text = chat.draft?.text;
    const here = !chat.topics.length || chat.actionThread === topicOf(chat);
    const wanted = chat.draft !== null || (chat.action !== null && here);
    const shown = this.tail?.querySelector(".text");
    if (wanted && text && shown) {
      shown.textContent = text;
    } else if (wanted) {
      const fresh = draftBubble(chat, text);
      this.tail?.remove();
      this.tail = fresh;
      this.arrange();
    } else if (this.tail) {
      this.tail = null;
      this.arrange();
    }
    if (stay) this.toEnd();
  }

  /** Go to a message and point at it. */
  jump(id) {
    const node = this.nodes.get(id);
    if (!node) return;
    node.scrollIntoView({ block: "center", behavior: "smooth" });
    node.classList.add("chosen");
    setTimeout(() => node.classList.remove("chosen"), 1400);
  }

  choose(id) {
    log.querySelectorAll(".chosen").forEach((node) => node.classList.remove("chosen"));
    this.nodes.get(id)?.classList.add("chosen");
  }

  toEnd(smooth = false) {
    scroller.scrollTo({ top: scroller.scrollHeight, behavior: smooth ? "smooth" : "instant" });
    if (!smooth) this.scrolled();
  }

  miss() {
    this.missed += 1;
    this.scrolled();
  }

  /** Whoever looks for something further up sees its day, for as long as they scroll. */
  float() {
    scroller.classList.toggle("scrolling", !this.pinned);
    clearTimeout(this.rest);
    this.rest = setTimeout(() => scroller.classList.remove("scrolling"), REST);
  }

  scrolled() {
    const away = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight > NEAR;
    this.pinned = !away;
    if (!away) this.missed = 0;
    toBottom.hidden = !away;
    toBottom.setAttribute("aria-label", this.missed ? `To the end, ${this.missed} new` : "To the end");
    below.hidden = this.missed === 0;
    below.textContent = String(this.missed);
    if (!away && this.chat && !document.hidden && document.body.dataset.view === "chat") markSeen(this.chat);
  }
}

function together(one, other) {
  if (!one || !other || eventText(one) || eventText(other)) return false;
  return one.author === other.author && one.sender_chat?.id === other.sender_chat?.id && other.date - one.date < TOGETHER && dayOf(one.date) === dayOf(other.date);
}

/** What an empty chat says: a title, a text, what one might say. */
function welcome(chat) {
  const { name, username } = store.bot;
  if (chat.private) {
    const text = store.description || "It talks like the text it was trained on. Give it a beginning, and it goes on.";
    return [`Say something to ${name}`, text, ["/seed Domingo", "/temp 0.8", "/help"]];
  }
  if (chat.kind === "channel") return ["A channel", `Whoever runs it posts here, and ${name} reads along.`, []];
  if (!botIsIn(chat)) {
    return [`${name} is not a member here`, `Mention it, and it answers as a guest. Or type @${username} and a beginning, and choose what it offers.`, [`@${username} Domingo`]];
  }
  const people = chat.members.length;
  const text = `${people} people and ${name}. You can speak as anyone of them; the button above shows who is what.`;
  return ["Nobody has said a word yet", text, ["/seed Domingo", `@${username} hello`, "/help"]];
}
