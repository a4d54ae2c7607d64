// What the page knows: people, chats, messages; what it remembers over a reload.

export const store = { bot: null, you: 0, description: "", people: new Map(), chats: new Map(), active: null };

const memory = (key) => `cotorra.${key}`;
export const recall = (key, otherwise = null) => JSON.parse(localStorage.getItem(memory(key)) ?? "null") ?? otherwise;
export const remember = (key, value) => localStorage.setItem(memory(key), JSON.stringify(value));

/** Take over the server's whole state. */
export function load(state) {
  Object.assign(store, { bot: state.bot, you: state.you, description: state.description });
  store.people = new Map(state.people.map((person) => [person.id, person]));
  const before = store.chats;
  store.chats = new Map(
    state.chats.map((chat) => [
      chat.id,
      {
        ...chat,
        messages: new Map(chat.messages.map((message) => [message.message_id, message])),
        action: before.get(chat.id)?.action ?? null,
      },
    ]),
  );
  if (!store.chats.has(store.active)) store.active = null;
}

export const chatNow = () => store.chats.get(store.active) ?? null;
export const isBot = (user) => user?.id === store.bot.id;

/** The chat's name: the bot's in the private chat with it. */
export function titleOf(chat) {
  if (!chat.private) return chat.title;
  return chat.id === store.you ? store.bot.name : `${store.bot.name} · ${chat.title}`;
}

/** Whom the person at the page speaks as in a chat. */
export function speakerOf(chat) {
  if (chat.private) return chat.id;
  const chosen = recall(`speaker.${chat.id}`);
  if (chat.members.includes(chosen)) return chosen;
  return chat.members.includes(store.you) ? store.you : (chat.members[0] ?? store.you);
}

export const lastMessage = (chat) => [...chat.messages.values()].at(-1) ?? null;

/** How many messages came since the chat was last open. */
export function unreadIn(chat) {
  const seen = recall(`seen.${chat.id}`, 0);
  return [...chat.messages.values()].filter((each) => each.message_id > seen && isBot(each.from)).length;
}

/** The open chat has been seen to its end. */
export function markSeen(chat) {
  const last = lastMessage(chat);
  if (last) remember(`seen.${chat.id}`, last.message_id);
}
