// Inline mode: while one types "@bot text", the bot is asked what it would say there.

import { chatNow, speakerOf, store, topicOf } from "./store.js";

const PAUSE = 250; // milliseconds without a key before the bot is asked

export class Offers {
  /** `menu` shows what is offered; `send` takes what is to be done; `done` is told that a result was sent. */
  constructor({ menu, send, done }) {
    Object.assign(this, { menu, send, done, ref: null, timer: 0, count: 0 });
  }

  /** True if the text in the field asks the bot inline. */
  typed(text) {
    clearTimeout(this.timer);
    this.ref = null;
    const [name, query] = /^@(\w+) ([^]*)$/.exec(text)?.slice(1) ?? [];
    const asks = store.switches.inline && name?.toLowerCase() === store.bot.username.toLowerCase();
    if (asks && query.trim()) this.timer = setTimeout(() => this.ask(query), PAUSE);
    return Boolean(asks);
  }

  ask(query) {
    const chat = chatNow();
    this.ref = `${Date.now()}.${++this.count}`;
    this.send({ type: "inline", chat_id: chat.id, user_id: speakerOf(chat), query, ref: this.ref });
  }

  /** The bot has answered; unless one has typed on meanwhile. */
  came({ ref, results }) {
    if (ref !== this.ref) return;
    const items = results.map(({ id, title, description }) => ({ head: title, note: description, wide: true, choose: () => this.choose(ref, id) }));
    this.menu.show("What the bot offers", items, -1);
  }

  choose(ref, result) {
    const chat = chatNow();
    const went = this.send({ type: "choose", chat_id: chat.id, user_id: speakerOf(chat), topic: topicOf(chat), ref, result });
    if (went) this.done();
  }
}
