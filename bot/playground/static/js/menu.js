// The command menu above the field: filtered as one types, walked with the arrow keys.

import { byId, h } from "./dom.js";

const menu = byId("menu");
const field = byId("text");

export class Menu {
  /** `commands` gives the list for now; `choose` takes the chosen command's name. */
  constructor(commands, choose) {
    this.commands = commands;
    this.choose = choose;
    this.at = 0;
    this.found = [];
  }

  get open() {
    return !menu.hidden;
  }

  /** Show what begins like the text in the field. */
  filter(text) {
    const typed = /^\/(\w*)$/.exec(text);
    this.found = typed ? this.commands().filter((each) => each.command.startsWith(typed[1].toLowerCase())) : [];
    const done = this.found.length === 1 && text === `/${this.found[0].command}`;
    if (!this.found.length || done) return this.close();
    this.at = 0;
    menu.replaceChildren(...this.found.map((each, at) => this.option(each, at)));
    menu.hidden = false;
    field.setAttribute("aria-expanded", "true");
    return this.mark();
  }

  option({ command, description }, at) {
    return h(
      "div",
      { class: "option", role: "option", id: `option-${at}`, onmousedown: (event) => event.preventDefault(), onclick: () => this.take(at) },
      h("b", {}, `/${command}`),
      h("span", { dir: "auto" }, description),
    );
  }

  mark() {
    [...menu.children].forEach((node, at) => node.setAttribute("aria-selected", String(at === this.at)));
    menu.children[this.at]?.scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", `option-${this.at}`);
  }

  take(at = this.at) {
    const { command } = this.found[at];
    this.close();
    this.choose(command);
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
      this.at = (this.at + step + this.found.length) % this.found.length;
      this.mark();
    } else if (event.key === "Tab" || event.key === "Enter") this.take();
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    return true;
  }
}
