// A text with its entities as nodes. Offsets count UTF-16 units, as JavaScript does.

import { h } from "./dom.js";

const TAGS = { bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre", blockquote: "q" };

/** Nodes for a text; nested entities stay plain inside the outer one. */
export function render(text, entities, onCommand) {
  const nodes = [];
  let at = 0;
  for (const entity of entities ?? []) {
    if (entity.offset < at) continue;
    nodes.push(text.slice(at, entity.offset));
    at = entity.offset + entity.length;
    nodes.push(node(text.slice(entity.offset, at), entity, onCommand));
  }
  nodes.push(text.slice(at));
  return nodes.filter((each) => each !== "");
}

function node(part, entity, onCommand) {
  if (entity.type === "bot_command") return h("button", { type: "button", class: "command", onclick: () => onCommand(part) }, part);
  if (entity.type === "url") return link(part, part);
  if (entity.type === "text_link") return link(part, entity.url);
  if (entity.type === "mention" || entity.type === "hashtag") return h("span", { class: entity.type }, part);
  return TAGS[entity.type] ? h(TAGS[entity.type], {}, part) : part;
}

function link(part, address) {
  const safe = /^https?:\/\//i.test(address);
  return safe ? h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, part) : part;
}

/** One line that stands for a message: in the chat list, in quotes. */
export function summary(message) {
  if (message.text) return message.text.replace(/\s+/g, " ").slice(0, 160);
  if (message.poll) return `📊 ${message.poll.question}`;
  if (message.photo?.length) return `🖼 ${message.caption ?? "Photo"}`;
  if (message.document) return `📄 ${message.caption ?? message.document.file_name ?? "File"}`;
  return eventText(message) ?? "Message";
}

/** What a service message says, or null for any other. */
export function eventText(message) {
  const names = (users) => users.map((user) => user.first_name).join(", ");
  if (message.new_chat_members?.length) {
    const own = message.new_chat_members.length === 1 && message.new_chat_members[0].id === message.author;
    return own ? `${nameOf(message)} joined` : `${nameOf(message)} added ${names(message.new_chat_members)}`;
  }
  if (message.migrate_to_chat_id || message.migrate_from_chat_id) return "The group became a supergroup";
  if (message.forum_topic_created) return `${nameOf(message)} opened the topic “${message.forum_topic_created.name}”`;
  if (!message.left_chat_member) return null;
  const gone = message.left_chat_member;
  return gone.id === message.author ? `${gone.first_name} left` : `${nameOf(message)} removed ${gone.first_name}`;
}

const nameOf = (message) => message.sender_chat?.title ?? message.from.first_name;
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const date = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
export const timeOf = (seconds) => clock.format(seconds * 1000);

/** "Today", "Yesterday", or the date. */
export function dayOf(seconds) {
  const day = new Date(seconds * 1000).toDateString();
  if (day === new Date().toDateString()) return "Today";
  if (day === new Date(Date.now() - 864e5).toDateString()) return "Yesterday";
  return date.format(seconds * 1000);
}
