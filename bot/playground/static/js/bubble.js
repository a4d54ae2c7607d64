// One message as a node.

import { avatar, h, icon, tone } from "./dom.js";
import { keyboard } from "./keyboard.js";
import { pollNode } from "./poll.js";
import { palette, reactions } from "./reactions.js";
import { isBot, senderOf, store } from "./store.js";
import { eventText, render, summary, timeOf } from "./text.js";

/** The node of a message; `does` holds what its parts do: reply, copy, edit, press, vote, react, … */
export function bubble(chat, message, speaker, does) {
  const event = eventText(message);
  if (event) return h("div", { class: "event", "data-id": message.message_id, dir: "auto" }, event);
  const own = message.author === speaker && chat.kind !== "channel";
  const node = h("article", { class: `message ${own ? "own" : "theirs"}`, "data-id": message.message_id });
  node.append(
    h(
      "div",
      { class: "stack" },
      body(chat, message, own, speaker, does),
      reactions(chat, message, speaker, does),
      keyboard(message, does),
    ),
  );
  return node;
}

function body(chat, message, own, speaker, does) {
  const text = message.text ?? message.caption;
  const entities = message.text ? message.entities : message.caption_entities;
  const face = !chat.private && !own;
  const card = text ? preview(message) : null;
  return h(
    "div",
    { class: "bubble", onclick: (event) => clicked(event, message, does) },
    face ? avatar(senderOf(message), "small") : null,
    face ? sender(chat, message) : null,
    origin(message),
    answered(message, does),
    message.photo?.length ? photo(message, does) : null,
    message.document ? file(message.document) : null,
    message.poll ? pollNode(message, speaker, does) : null,
    text ? textOf(message, render(text, entities, does.command), !card) : null,
    card,
    meta(message, Boolean(text) && !card),
    tools(chat, message, own, speaker, does),
  );
}

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/** The text; if it is the bubble's last part, its last line leaves room for what meta() writes there. */
function textOf(message, nodes, last) {
  const node = h("div", { class: "text", dir: "auto" }, nodes);
  if (RIGHT_TO_LEFT.test(node.textContent)) node.classList.add("bidi");
  const letters = timeOf(message.date).length + (message.edit_date ? 7 : 0);
  node.style.setProperty("--meta", last ? `${letters * 0.43 + 0.6}em` : "0");
  return node;
}

function sender(chat, message) {
  const who = senderOf(message);
  const name = who.bot ? "name-bot" : `name-${tone(who.id)}`;
  const tag = tagOf(chat, message);
  return h("div", { class: `sender ${name}`, dir: "auto" }, who.name, tag ? h("span", { class: "tag" }, tag) : null);
}

function tagOf(chat, message) {
  if (message.guest_bot_caller_user || message.guest_bot_caller_chat) return "guest";
  if (isBot(message.from)) return "bot";
  if (chat.kind === "channel") return null;
  if (message.sender_chat) return "anonymous admin";
  return { creator: "owner", administrator: "admin" }[chat.roles[message.author]] ?? null;
}

/** Where a message comes from, if not from whoever sent it: another message, the bot. */
function origin(message) {
  const from = message.forward_origin;
  const name = from?.sender_user?.first_name ?? from?.sender_chat?.title ?? from?.chat?.title ?? from?.sender_user_name;
  if (from) return h("div", { class: "origin", dir: "auto" }, `Forwarded from ${name}`);
  return message.via_bot ? h("div", { class: "origin" }, `via @${message.via_bot.username}`) : null;
}

/** What a message answers; in a topic, what answers nothing answers the topic itself. */
function answered(message, does) {
  if (message.external_reply) return quote(message, message.external_reply.chat?.title ?? "another chat", "", null);
  const replied = message.reply_to_message;
  if (!replied || replied.forum_topic_created) return null;
  return quote(message, senderOf(replied).name, summary(replied), () => does.jump(replied.message_id));
}

function quote(message, name, line, jump) {
  const part = message.quote?.text ?? line;
  const cited = message.quote ? "quote cited" : "quote";
  return h("button", { type: "button", class: cited, onclick: jump ?? (() => {}) }, h("b", { dir: "auto" }, name), h("span", { dir: "auto" }, part));
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

/** Where Telegram would show a link's preview, unless the bot asked for none. Nothing is fetched. */
function preview(message) {
  const entity = (message.entities ?? []).find((each) => each.type === "url" || each.type === "text_link");
  if (!entity || message.link_preview_options?.is_disabled) return null;
  const address = entity.url ?? message.text.slice(entity.offset, entity.offset + entity.length);
  const host = URL.canParse(address) ? new URL(address).host : address;
  return h("div", { class: "preview" }, h("b", {}, host), h("span", {}, "link preview"));
}

function meta(message, afterText) {
  const edited = message.edit_date ? h("span", { class: "edited-mark" }, "edited") : null;
  const time = h("time", { datetime: new Date(message.date * 1000).toISOString() }, timeOf(message.date));
  return h("div", { class: afterText ? "meta" : "meta alone" }, edited, time);
}

function tools(chat, message, own, speaker, does) {
  const tool = (name, label, act) => h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick: act }, icon(name));
  const text = message.text ?? message.caption;
  const runs = ["creator", "administrator"].includes(chat.roles[speaker]);
  const node = h(
    "div",
    { class: "tools" },
    tool("reply", "Reply", () => does.reply(message)),
    tool("smile", "React", () => palette(node, message, does)),
    text ? tool("copy", "Copy", () => does.copy(text)) : null,
    message.poll ? null : tool("forward", "Forward", () => does.forward(message)),
    own && text && !message.via_bot ? tool("edit", "Edit", () => does.edit(message)) : null,
    own || chat.private || runs ? tool("bin", "Delete", () => does.remove(message)) : null,
  );
  return node;
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
