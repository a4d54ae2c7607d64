// The list of chats, and the head of the open one.

import { avatar, byId, h } from "./dom.js";
import { botIsIn, lastMessage, senderOf, store, titleOf, unreadIn } from "./store.js";
import { dayOf, eventText, summary, timeOf } from "./text.js";

const ICONS = { channel: "channel", group: "group", supergroup: "group" };
export const faceOf = (chat) => (chat.private ? { bot: true } : { group: true, icon: chat.topics.length ? "topics" : ICONS[chat.kind], id: chat.id });

/** Draw the list anew; `open` is told the chat that is chosen. */
export function drawList(open) {
  const rows = [...store.chats.values()].map((chat) => h("li", {}, row(chat, open)));
  const focused = document.activeElement?.closest?.(".chat-row")?.dataset.id;
  byId("chats").replaceChildren(...rows);
  if (focused) byId("chats").querySelector(`[data-id="${focused}"]`)?.focus();
  const unread = [...store.chats.values()].reduce((sum, chat) => sum + unreadIn(chat), 0);
  document.title = unread ? `(${unread}) ${store.bot.name}` : `${store.bot.name} playground`;
}

function row(chat, open) {
  const last = lastMessage(chat);
  const unread = unreadIn(chat);
  const live = chat.action !== null || chat.draft !== null;
  return h(
    "button",
    { type: "button", class: "chat-row", "data-id": chat.id, "aria-current": String(chat.id === store.active), onclick: () => open(chat.id) },
    avatar(faceOf(chat)),
    h("span", { class: "row-name", dir: "auto" }, titleOf(chat)),
    last ? h("time", {}, dayOf(last.date) === "Today" ? timeOf(last.date) : dayOf(last.date)) : null,
    h("span", { class: live ? "row-last live" : "row-last", dir: "auto" }, live ? "typing…" : lastLine(chat, last)),
    unread ? h("span", { class: "badge", "aria-label": `${unread} unread` }, String(unread)) : null,
  );
}

function lastLine(chat, last) {
  if (!last) return "No messages yet";
  if (eventText(last)) return eventText(last);
  const who = last.author === store.you ? "You: " : chat.private || chat.kind === "channel" ? "" : `${senderOf(last).name}: `;
  return who + summary(last);
}

/** Who one talks with, and what they are doing. */
export function drawHead(chat) {
  byId("chat-avatar").replaceChildren(avatar(faceOf(chat)));
  byId("chat-title").textContent = titleOf(chat);
  const live = chat.action !== null || chat.draft !== null;
  const status = byId("chat-status");
  const who = chat.private ? "" : `${store.bot.name} is `;
  status.textContent = live ? `${who}${doing(chat.action)}` : about(chat);
  status.classList.toggle("live", live);
}

function about(chat) {
  if (chat.private) return `bot · @${store.bot.username}`;
  const names = chat.members.map((id) => store.people.get(id).name).join(", ");
  if (chat.kind === "channel") return `channel · ${chat.members.length} people`;
  return botIsIn(chat) ? `${names} and ${store.bot.name}` : `${names}, without ${store.bot.name}`;
}

function doing(action) {
  if (action?.startsWith("upload_")) return `sending a ${action.slice(7).replace("_", " ")}…`;
  return "typing…";
}
