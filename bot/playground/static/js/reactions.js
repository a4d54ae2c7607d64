// Reactions to a message: those there are, and a palette of new ones.

import { h } from "./dom.js";
import { store } from "./store.js";

const PALETTE = ["❤", "👍", "😁", "🔥", "🎉", "🤔", "👎"];

/** The reactions below a message, by emoji; one's own can be taken back. */
export function reactions(chat, message, speaker, does) {
  const byPerson = Object.entries(chat.reactions[message.message_id] ?? {});
  if (!byPerson.length) return null;
  const emojis = [...new Set(byPerson.map(([, emoji]) => emoji))];
  return h("div", { class: "reactions", role: "group", "aria-label": "Reactions" }, emojis.map((emoji) => chip(emoji, byPerson, message, speaker, does)));
}

function chip(emoji, byPerson, message, speaker, does) {
  const who = byPerson.filter(([, each]) => each === emoji).map(([id]) => Number(id));
  const names = who.map((id) => store.people.get(id)?.name ?? store.bot.name).join(", ");
  const own = who.includes(speaker);
  const act = () => does.react(message, own ? null : emoji);
  return h("button", { type: "button", class: "reaction", "aria-pressed": String(own), "aria-label": `${emoji} ${names}`, title: names, onclick: act }, emoji, who.length > 1 ? h("small", {}, String(who.length)) : null);
}

/** Turn a message's tools into a palette of reactions. */
export function palette(tools, message, does) {
  const before = [...tools.children];
  const choose = (emoji) => (does.react(message, emoji), tools.replaceChildren(...before));
  const keys = PALETTE.map((emoji) => h("button", { type: "button", class: "icon-button emoji", "aria-label": `React with ${emoji}`, onclick: () => choose(emoji) }, emoji));
  tools.replaceChildren(...keys);
  keys[0].focus();
  tools.addEventListener("focusout", ({ relatedTarget }) => tools.contains(relatedTarget) || tools.replaceChildren(...before), { once: false });
}
