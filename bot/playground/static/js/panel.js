// The panel of a chat: who is in it and as what, its topics, and the bot's switches.

import { avatar, byId, h } from "./dom.js";
import { botIsIn, chatNow, speakerOf, store, titleOf } from "./store.js";

const LANGUAGES = { en: "English", es: "Español", pt: "Português", fr: "Français", de: "Deutsch", it: "Italiano", ru: "Русский" };
const SWITCHES = {
  privacy: ["Privacy mode", "In groups the bot gets only commands, mentions and replies to it"],
  guests: ["Guest mode", "It can be mentioned in chats it has not joined"],
  inline: ["Inline mode", "Typing its @name offers results in any chat"],
};
const KINDS = { private: "private chat", group: "basic group", supergroup: "supergroup", channel: "channel" };

export class Panel {
  /** `send` takes what is to be done; `open` opens a chat. */
  constructor({ send, open }) {
    Object.assign(this, { send, open, dialog: byId("panel") });
    byId("people").addEventListener("click", () => this.show());
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
  }

  show() {
    this.draw();
    this.dialog.showModal();
  }

  /** Something has changed; what one works with keeps the focus. */
  refresh() {
    if (!this.dialog.open) return;
    if (!chatNow()) return void this.dialog.close();
    const focused = document.activeElement?.id;
    this.draw();
    if (focused) byId(focused)?.focus();
  }

  draw() {
    const chat = chatNow();
    byId("panel-title").textContent = titleOf(chat);
    byId("panel-kind").textContent = chat.topics.length ? "supergroup with topics" : KINDS[chat.kind];
    byId("panel-body").replaceChildren(...(chat.private ? this.alone(chat) : this.together(chat)), ...this.switches());
  }

  ask(chat, type, more) {
    this.send({ type, chat_id: chat.id, user_id: speakerOf(chat), ...more });
  }

  // --- a private chat -------------------------------------------------------------------------------

  alone(chat) {
    const others = [...store.people.values()].filter((person) => person.id !== chat.id);
    const start = (person) => {
      if (!store.chats.has(person.id)) this.send({ type: "say", chat_id: person.id, user_id: person.id, text: "/start", reply_to: null });
      this.dialog.close();
      this.open(person.id);
    };
    const person = store.people.get(chat.id);
    const blocked = !botIsIn(chat);
    return [
      section("You speak as", [this.row(person, [this.language(person)])]),
      section("Or talk to the bot as", others.map((each) => h("button", { type: "button", class: "person choice", onclick: () => start(each) }, avatar(each, "small"), h("span", { class: "person-name" }, each.name)))),
      section("", [button(blocked ? "Blocked: any message unblocks the bot" : "Block the bot", () => this.ask(chat, "block", {}), blocked)]),
    ];
  }

  // --- a group or a channel -------------------------------------------------------------------------

  together(chat) {
    const bot = { ...store.bot, bot: true };
    const people = [bot, ...store.people.values()];
    const parts = [section("Members and roles", people.map((person) => this.row(person, [this.role(chat, person), person.bot ? null : this.language(person)])))];
    if (chat.kind === "supergroup") parts.push(section("Topics", [this.newTopic(chat)]));
    if (chat.kind === "group") parts.push(section("", [button("Make it a supergroup", () => this.ask(chat, "migrate", {}))]));
    return parts;
  }

  row(person, controls) {
    const name = h("span", { class: "person-name", dir: "auto" }, person.name, person.username ? h("small", {}, `@${person.username}`) : null);
    return h("div", { class: "person" }, avatar(person, "small"), name, h("span", { class: "controls" }, controls));
  }

  role(chat, person) {
    const now = roleOf(chat, person.id);
    const choices = Object.entries(rolesIn(chat, person)).map(([value, label]) => h("option", { value, selected: value === now }, label));
    const change = ({ target }) => this.changeRole(chat, person, now, target.value);
    return h("select", { id: `role-${person.id}`, "aria-label": `Role of ${person.name}`, onchange: change }, choices);
  }

  changeRole(chat, person, before, after) {
    const by = speakerOf(chat);
    const to = { type: "role", chat_id: chat.id, user_id: person.id, by };
    if (after === "out") return this.send({ ...to, type: "leave" });
    if (before === "out") this.send({ ...to, type: "join" });
    if (after === "anonymous") return this.send({ ...to, role: "administrator", anonymous: true });
    return before === "out" && after === "member" ? null : this.send({ ...to, role: after });
  }

  language(person) {
    const known = { ...LANGUAGES, ...(person.language in LANGUAGES ? {} : { [person.language ?? ""]: person.language ?? "—" }) };
    const choices = Object.entries(known).map(([value, label]) => h("option", { value, selected: value === (person.language ?? "") }, label));
    const change = ({ target }) => this.send({ type: "language", user_id: person.id, language: target.value });
    return h("select", { id: `language-${person.id}`, "aria-label": `Language of ${person.name}`, onchange: change }, choices);
  }

  newTopic(chat) {
    const name = h("input", { id: "topic-name", type: "text", maxlength: 128, placeholder: "Name of a new topic", "aria-label": "Name of a new topic", required: true });
    const submit = (event) => {
      event.preventDefault();
      this.ask(chat, "topic", { name: name.value });
    };
    return h("form", { class: "inline-form", onsubmit: submit }, name, h("button", { class: "primary" }, "Open"));
  }

  // --- the bot --------------------------------------------------------------------------------------

  switches() {
    const rows = Object.entries(SWITCHES).map(([name, [label, note]]) => {
      const change = ({ target }) => this.send({ type: "switch", name, on: target.checked });
      const box = h("input", { id: `switch-${name}`, type: "checkbox", role: "switch", onchange: change });
      box.checked = store.switches[name];
      return h("label", { class: "switch" }, h("span", {}, label, h("small", {}, note)), box);
    });
    return [section(store.bot.name, rows)];
  }
}

function section(title, children) {
  return h("section", {}, title ? h("h3", {}, title) : null, children);
}

function button(label, act, disabled = false) {
  return h("button", { type: "button", class: "wide-button", disabled, onclick: act }, label);
}

function roleOf(chat, id) {
  const role = chat.roles[id];
  if (role === "administrator" && chat.anonymous.includes(id)) return "anonymous";
  return role === undefined || role === "left" || role === "kicked" ? "out" : role;
}

function rolesIn(chat, person) {
  if (roleOf(chat, person.id) === "creator") return { creator: "Owner" };
  const roles = { administrator: "Administrator" };
  if (!person.bot && chat.kind !== "channel") roles.anonymous = "Anonymous admin";
  roles.member = "Member";
  if (chat.kind === "supergroup") roles.restricted = "Muted";
  return { ...roles, out: "Not here" };
}
