// A dialog that asks for a chat: where to forward a message, where to ask the bot inline.

import { avatar, byId, h } from "./dom.js";
import { faceOf } from "./chatlist.js";
import { store, titleOf } from "./store.js";

/** Ask for a chat in which `user` may write; `chosen` is told its id. */
export function chooseChat(title, user, chosen) {
  const dialog = byId("chooser");
  const fits = [...store.chats.values()].filter((chat) => (chat.private ? chat.id === user : chat.writers.includes(user)));
  const take = (chat) => (dialog.close(), chosen(chat.id));
  byId("chooser-title").textContent = title;
  byId("chooser-chats").replaceChildren(
    ...fits.map((chat) => h("li", {}, h("button", { type: "button", class: "chooser-row", onclick: () => take(chat) }, avatar(faceOf(chat), "small"), h("span", { dir: "auto" }, titleOf(chat))))),
  );
  dialog.showModal();
}
