// Where one writes: the growing field, replies and edits, whom one speaks as, files.

import { avatar, byId, h, icon } from "./dom.js";
import { Menu } from "./menu.js";
import { Offers } from "./offers.js";
import { chatNow, recall, remember, senderOf, speakerOf, store, topicOf } from "./store.js";
import { summary } from "./text.js";

const LARGEST = 20e6; // bytes of a file
const form = byId("composer");
const field = byId("text");
const button = byId("send");
const contextBar = byId("context");
const speakers = byId("speakers");
const fileInput = byId("file");
const touch = matchMedia("(hover: none)");

export class Composer {
  /** `send` takes what is to be done and says whether it went; `changed` is told what message is answered. */
  constructor({ send, say, changed, respoken }) {
    Object.assign(this, { send, say, changed, respoken, context: null });
    this.menu = new Menu();
    this.offers = new Offers({ menu: this.menu, send, done: () => this.fill("") });
    form.addEventListener("submit", (event) => (event.preventDefault(), this.submit()));
    field.addEventListener("input", () => this.typed());
    field.addEventListener("keydown", (event) => this.key(event));
    field.addEventListener("blur", () => this.menu.close());
    byId("commands").addEventListener("mousedown", (event) => event.preventDefault());
    byId("commands").addEventListener("click", () => this.toggleMenu());
    byId("attach").addEventListener("click", () => fileInput.click());
    fileInput.addEventListener("change", () => this.attach(fileInput.files[0]));
    new ResizeObserver(() => form.parentElement.style.setProperty("--composer", `${form.offsetHeight}px`)).observe(form);
  }

  /** Turn to another chat, with what was being written there. */
  show(chat) {
    this.cancel();
    this.drawSpeakers(chat);
    field.value = recall(`text.${chat.id}`, "");
    this.fit();
    this.focus();
  }

  focus() {
    if (!touch.matches) field.focus({ preventScroll: true });
  }

  commands() {
    const chat = chatNow();
    return chat?.menu[speakerOf(chat)] ?? [];
  }

  toggleMenu() {
    if (this.menu.open) return this.menu.close();
    if (!this.commands().length) return this.say(`${store.bot.name} has told no commands yet.`);
    if (!/^\/\w*$/.test(field.value)) field.value = "/";
    this.typed();
    return field.focus();
  }

  fill(text) {
    field.value = text;
    this.typed();
    field.focus();
  }

  typed() {
    this.fit();
    this.filter();
    const chat = chatNow();
    if (chat && this.context?.kind !== "edit") remember(`text.${chat.id}`, field.value);
  }

  /** The commands may have changed under an open menu, or come after the slash was typed. */
  refilter() {
    if (document.activeElement === field && field.value.startsWith("/")) this.filter();
  }

  /** Show the commands that begin like the text, or ask the bot what it offers. */
  filter() {
    const text = field.value;
    if (this.offers.typed(text)) return;
    const typed = /^\/(\w*)$/.exec(text);
    const found = typed ? this.commands().filter((each) => each.command.startsWith(typed[1].toLowerCase())) : [];
    if (found.length === 1 && text === `/${found[0].command}`) found.pop();
    const items = found.map(({ command, description }) => ({ head: `/${command}`, note: description, choose: () => this.fill(`/${command} `) }));
    this.menu.show("Commands", items);
  }

  /** As high as the text needs. */
  fit() {
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
    field.style.overflowY = field.scrollHeight > field.clientHeight + 2 ? "auto" : "hidden";
    button.disabled = !field.value.trim();
  }

  key(event) {
    if (event.isComposing || this.menu.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "Escape" && this.context) {
      this.cancel();
    } else if (event.key === "ArrowUp" && !field.value) {
      event.preventDefault();
      this.editLast();
    }
  }

  submit() {
    const chat = chatNow();
    const text = field.value;
    if (!chat || !text.trim()) return;
    const to = { chat_id: chat.id, user_id: speakerOf(chat), topic: topicOf(chat), text };
    const edit = this.context?.kind === "edit";
    const asked = edit
      ? { type: "edit", message_id: this.context.message.message_id, ...to }
      : { type: "say", reply_to: this.context?.message.message_id ?? null, ...to };
    if (!this.send(asked)) return;
    field.value = "";
    this.cancel();
    this.typed();
    this.focus();
  }

  /** Say something at once: a command clicked, a suggestion taken. */
  speak(text) {
    const chat = chatNow();
    if (chat) this.send({ type: "say", chat_id: chat.id, user_id: speakerOf(chat), topic: topicOf(chat), text, reply_to: null });
    this.focus();
  }

  reply(message) {
    if (this.context?.kind === "edit") this.cancel();
    this.setContext("reply", message, senderOf(message).name);
  }

  edit(message) {
    this.setContext("edit", message, "Edit message");
    field.value = message.text ?? message.caption ?? "";
    this.fit();
    field.focus();
  }

  editLast() {
    const chat = chatNow();
    const mine = [...chat.messages.values()].filter((each) => each.author === speakerOf(chat) && (each.text || each.caption));
    if (mine.length) this.edit(mine.at(-1));
  }

  setContext(kind, message, title) {
    this.context = { kind, message };
    const close = h("button", { type: "button", class: "icon-button", "aria-label": "Cancel", onclick: () => (this.cancel(), this.focus()) }, icon("close"));
    const text = h("div", { class: "context-text" }, h("b", { dir: "auto" }, title), h("span", { dir: "auto" }, summary(message)));
    contextBar.replaceChildren(icon(kind), text, close);
    contextBar.hidden = false;
    byId("send").querySelector("use").setAttribute("href", kind === "edit" ? "#i-check" : "#i-send");
    byId("send").setAttribute("aria-label", kind === "edit" ? "Save" : "Send");
    this.changed(message.message_id);
    this.focus();
  }

  cancel() {
    if (!this.context) return;
    const wasEdit = this.context.kind === "edit";
    this.context = null;
    contextBar.hidden = true;
    byId("send").querySelector("use").setAttribute("href", "#i-send");
    byId("send").setAttribute("aria-label", "Send");
    if (wasEdit) {
      field.value = recall(`text.${chatNow().id}`, "");
      this.fit();
    }
    this.changed(null);
  }

  /** The message being answered or changed is gone. */
  forget(id) {
    if (this.context?.message.message_id === id) this.cancel();
  }

  drawSpeakers(chat) {
    speakers.hidden = chat.private || chat.members.length < 2;
    const now = speakerOf(chat);
    const label = h("span", { class: "label", "aria-hidden": "true" }, "Speaking as");
    speakers.replaceChildren(label, ...chat.members.map((id) => this.speaker(chat, store.people.get(id), id === now)));
    const silent = !chat.private && !chat.writers.includes(now);
    field.disabled = silent;
    field.placeholder = silent ? `${store.people.get(now)?.name ?? "Nobody"} may not write here` : "Message";
    byId("attach").disabled = silent;
  }

  speaker(chat, person, chosen) {
    const walk = (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const at = (chat.members.indexOf(person.id) + step + chat.members.length) % chat.members.length;
      this.speakAs(chat, chat.members[at]);
      speakers.querySelector("[aria-checked=true]").focus();
    };
    return h(
      "button",
      { type: "button", role: "radio", class: "speaker", "aria-checked": String(chosen), tabindex: chosen ? 0 : -1, onkeydown: walk, onclick: () => (this.speakAs(chat, person.id), this.focus()) },
      avatar(person, "tiny"),
      person.name,
      chat.writers.includes(person.id) ? null : h("span", { class: "muted", role: "img", "aria-label": "may not write" }, "🔇"),
    );
  }

  speakAs(chat, id) {
    remember(`speaker.${chat.id}`, id);
    if (this.context?.kind === "edit") this.cancel();
    this.drawSpeakers(chat);
    this.respoken(chat);
  }

  async attach(file) {
    fileInput.value = "";
    const chat = chatNow();
    if (!file || !chat) return;
    if (file.size > LARGEST) return this.say("Files of at most 20 MB, please.");
    const asPhoto = ["image/png", "image/jpeg", "image/gif", "image/webp"].includes(file.type);
    const caption = field.value;
    const asked = { type: "file", chat_id: chat.id, user_id: speakerOf(chat), topic: topicOf(chat), name: file.name, as_photo: asPhoto, caption, content: await base64(file) };
    if (!this.send(asked)) return;
    field.value = "";
    this.typed();
  }
}

async function base64(file) {
  const address = await new Promise((done, fail) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result);
    reader.onerror = () => fail(reader.error);
    reader.readAsDataURL(file);
  });
  return address.slice(address.indexOf(",") + 1);
}

