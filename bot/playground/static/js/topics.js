// The topics of a forum, as tabs below the head.

import { byId, h } from "./dom.js";
import { remember, topicOf, unreadIn } from "./store.js";

/** Draw the tabs of a chat; `turn` is called when another topic was chosen. */
export function drawTopics(chat, turn) {
  const bar = byId("topics");
  bar.hidden = !chat.topics.length;
  const all = [{ id: 0, name: "General" }, ...chat.topics];
  bar.replaceChildren(...(bar.hidden ? [] : all.map((topic) => tab(chat, topic, all, turn))));
}

function tab(chat, topic, all, turn) {
  const chosen = topicOf(chat) === topic.id;
  const choose = (id) => (remember(`topic.${chat.id}`, id), turn(chat));
  const walk = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    choose(all[(all.indexOf(topic) + step + all.length) % all.length].id);
    byId("topics").querySelector("[aria-selected=true]").focus();
  };
  const news = !chosen && unreadIn(chat, topic.id) > 0;
  return h(
    "button",
    { type: "button", role: "tab", class: "topic", "aria-selected": String(chosen), tabindex: chosen ? 0 : -1, onkeydown: walk, onclick: () => choose(topic.id) },
    topic.name,
    news ? h("span", { class: "dot", role: "img", "aria-label": "new messages" }) : null,
  );
}
