// The list above the field: commands as one types, or what the bot offers inline; walked with the arrow keys.

import { byId, h } from "./dom.js";

const menu = byId("menu");
const field = byId("text");

export class Menu {
  constructor() {
    this.at = -1;
    this.items = [];
  }

  get open() {
    return !menu.hidden;
  }

  /** Show items {head, note, choose}; `at` is the one that Enter takes, -1 for none before an arrow key. */
  show(label, items, at = 0) {
    if (!items.length) return this.close();
    this.items = items;
    this.at = at;
    menu.setAttribute("aria-label", label);
    menu.replaceChildren(...items.map((item, place) => this.option(item, place)));
    menu.scrollTop = 0;
    menu.hidden = false;
    field.setAttribute("aria-expanded", "true");
    return this.mark();
  }

  option({ head, note, wide }, place) {
    return h(
      "div",
      { class: wide ? "option wide" : "option", role: "option", id: `option-${place}`, onmousedown: (event) => event.preventDefault(), onclick: () => this.take(place) },
      h("b", { dir: "auto" }, head),
      h("span", { dir: "auto" }, note),
    );
  }

  mark() {
    [...menu.children].forEach((node, place) => node.setAttribute("aria-selected", String(place === this.at)));
    if (this.at < 0) return field.removeAttribute("aria-activedescendant");
    menu.children[this.at].scrollIntoView({ block: "nearest" });
    return field.setAttribute("aria-activedescendant", `option-${this.at}`);
  }

  take(place = this.at) {
    const { choose } = this.items[place];
    this.close();
    choose();
  }

  close() {
    menu.hidden = true;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }

  /** True if the key was for the menu. */
  key(event) {
    if (!this.open) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      const from = this.at < 0 && step < 0 ? 0 : this.at;
      this.at = (from + step + this.items.length) % this.items.length;
      this.mark();
    } else if (event.key === "Escape") this.close();
    else if (this.at >= 0 && (event.key === "Tab" || event.key === "Enter")) this.take();
    else return false;
    event.preventDefault();
    return true;
  }
}
