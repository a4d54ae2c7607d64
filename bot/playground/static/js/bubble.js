// One message as a node.

import { avatar, h, icon, tone } from "./dom.js";
import { isBot, store } from "./store.js";
import { eventText, render, summary, timeOf } from "./text.js";

/** The node of a message; `does` holds what its parts do: reply, copy, edit, press, command, jump, enlarge. */
export function bubble(chat, message, speaker, does) {
  const event = eventText(message);
  if (event) return h("div", { class: "event", "data-id": message.message_id, dir: "auto" }, event);
  const own = message.author === speaker;
  const node = h("article", { class: `message ${own ? "own" : "theirs"}`, "data-id": message.message_id });
  node.append(h("div", { class: "stack" }, body(chat, message, own, does), keyboard(message, does), reactions(chat, message)));
  return node;
}

const person = (user) => ({ id: user.id, name: user.first_name, bot: isBot(user) });

function body(chat, message, own, does) {
  const text = message.text ?? message.caption;
  const entities = message.text ? message.entities : message.caption_entities;
  const face = !chat.private && !own;
  return h(
    "div",
    { class: "bubble", onclick: (event) => clicked(event, message, does) },
    face ? avatar(person(message.from), "small") : null,
    face ? sender(message.from) : null,
    message.reply_to_message ? quote(message.reply_to_message, does) : null,
    message.photo?.length ? photo(message, does) : null,
    message.document ? file(message.document) : null,
    text ? textOf(message, render(text, entities, does.command)) : null,
    meta(message, Boolean(text)),
    tools(message, own, does),
  );
}

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/** The text; after its last word it leaves room for what meta() writes there. */
function textOf(message, nodes) {
  const node = h("div", { class: "text", dir: "auto" }, nodes);
  if (RIGHT_TO_LEFT.test(node.textContent)) node.classList.add("bidi");
  const letters = timeOf(message.date).length + (message.edit_date ? 7 : 0);
  node.style.setProperty("--meta", `${letters * 0.43 + 0.6}em`);
  return node;
}

function sender(user) {
  const bot = isBot(user);
  const tag = bot ? h("span", { class: "tag" }, "bot") : null;
  return h("div", { class: `sender ${bot ? "name-bot" : `name-${tone(user.id)}`}`, dir: "auto" }, user.first_name, tag);
}

function quote(replied, does) {
  const jump = () => does.jump(replied.message_id);
  return h(
    "button",
    { type: "button", class: "quote", onclick: jump },
    h("b", { dir: "auto" }, replied.from?.first_name ?? ""),
    h("span", { dir: "auto" }, summary(replied)),
  );
}

function photo(message, does) {
  const best = message.photo.at(-1);
  const image = { src: `/media/${best.file_id}`, width: best.width, height: best.height, alt: message.caption ?? "Photo" };
  const picture = h("img", image);
  // The place is reserved before the picture is there, so that nothing jumps.
  picture.style.aspectRatio = `${best.width} / ${best.height}`;
  picture.style.width = `${Math.min(best.width, 420, (380 * best.width) / best.height)}px`;
  return h("button", { type: "button", class: "photo", "aria-label": "Enlarge the photo", onclick: () => does.enlarge(image) }, picture);
}

function file(document) {
  const size = document.file_size < 1e6 ? `${Math.ceil(document.file_size / 1e3)} kB` : `${(document.file_size / 1e6).toFixed(1)} MB`;
  return h(
    "a",
    { class: "file", href: `/media/${document.file_id}`, download: document.file_name ?? true },
    h("span", { class: "disc" }, icon("file")),
    h("span", {}, h("b", {}, document.file_name ?? "file"), h("small", {}, size)),
  );
}

function meta(message, afterText) {
  const edited = message.edit_date ? h("span", { class: "edited-mark" }, "edited") : null;
  const time = h("time", { datetime: new Date(message.date * 1000).toISOString() }, timeOf(message.date));
  return h("div", { class: afterText ? "meta" : "meta alone" }, edited, time);
}

function tools(message, own, does) {
  const tool = (name, label, act) => h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick: act }, icon(name));
  const text = message.text ?? message.caption;
  return h(
    "div",
    { class: "tools" },
    tool("reply", "Reply", () => does.reply(message)),
    text ? tool("copy", "Copy", () => does.copy(text)) : null,
    own && text ? tool("edit", "Edit", () => does.edit(message)) : null,
  );
}

function keyboard(message, does) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows) return null;
  return h("div", { class: "keyboard" }, rows.map((row) => h("div", { class: "keys" }, row.map((button) => key(message, button, does)))));
}

function key(message, button, does) {
  if (button.url && /^https?:\/\//i.test(button.url)) {
    const arrow = h("span", { class: "arrow", "aria-hidden": "true" }, "↗");
    return h("a", { class: "key", href: button.url, target: "_blank", rel: "noopener noreferrer" }, button.text, arrow);
  }
  const act = button.callback_data
    ? ({ currentTarget }) => does.press(message, button.callback_data, currentTarget)
    : () => does.say("This kind of button does nothing here.");
  return h("button", { type: "button", class: "key", dir: "auto", onclick: act }, button.text);
}

function reactions(chat, message) {
  const emojis = Object.values(chat.reactions[message.message_id] ?? {});
  return emojis.length ? h("div", { class: "reactions", "aria-label": "Reactions" }, emojis.map((emoji) => h("span", {}, emoji))) : null;
}

function clicked(event, message, does) {
  const selecting = !window.getSelection().isCollapsed;
  if (!selecting && !event.target.closest("a, button")) does.reply(message);
}

/** The bubble of a message still being written; dots before its first letter. */
export function draftBubble(chat, text) {
  const dots = h("div", { class: "dots", role: "img", "aria-label": `${store.bot.name} is typing` }, h("i"), h("i"), h("i"));
  const node = h("article", { class: "message theirs first last draft", "aria-live": "off" });
  const face = chat.private ? null : avatar({ bot: true }, "small");
  node.append(h("div", { class: "stack" }, h("div", { class: "bubble" }, face, text ? h("div", { class: "text", dir: "auto" }, text) : dots)));
  return node;
}
