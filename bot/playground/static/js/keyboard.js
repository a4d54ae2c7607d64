// The buttons below a message.

import { h, icon } from "./dom.js";

/** The inline keyboard of a message, or null. */
export function keyboard(message, does) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows) return null;
  return h("div", { class: "keyboard" }, rows.map((row) => h("div", { class: "keys" }, row.map((button) => key(message, button, does)))));
}

function key(message, button, does) {
  if (button.url && /^https?:\/\//i.test(button.url)) {
    return h("a", { class: "key", href: button.url, target: "_blank", rel: "noopener noreferrer" }, button.text, sign("↗"));
  }
  const act = action(message, button, does);
  const mark = button.copy_text ? h("span", { class: "arrow" }, icon("copy")) : null;
  return h("button", { type: "button", class: "key", dir: "auto", onclick: act }, button.text, mark);
}

function action(message, button, does) {
  if (button.callback_data) return ({ currentTarget }) => does.press(message, button.callback_data, currentTarget);
  if (button.copy_text) return () => does.copy(button.copy_text.text);
  if (button.switch_inline_query_current_chat !== undefined) return () => does.inline(button.switch_inline_query_current_chat);
  if (button.switch_inline_query !== undefined) return () => does.inlineElsewhere(button.switch_inline_query);
  return () => does.say("This kind of button does nothing here.");
}

const sign = (text) => h("span", { class: "arrow", "aria-hidden": "true" }, text);
