// What the page knows: people, chats, messages; what it remembers over a reload.

export const store = { bot: null, you: 0, description: "", switches: {}, people: new Map(), chats: new Map(), active: null };

const memory = (key) => `cotorra.${key}`;
export const recall = (key, otherwise = null) => JSON.parse(localStorage.getItem(memory(key)) ?? "null") ?? otherwise;
export const remember = (key, value) => localStorage.setItem(memory(key), JSON.stringify(value));

/** Take over the server's whole state. */
export function load(state) {
  Object.assign(store, { bot: state.bot, you: state.you, description: state.description, switches: state.switches });
  store.people = new Map(state.people.map((person) => [person.id, person]));
  const before = store.chats;
  store.chats = new Map(
    state.chats.map((chat) => [
      chat.id,
      {
        ...chat,
        messages: new Map(chat.messages.map((message) => [message.message_id, message])),
        action: before.get(chat.id)?.action ?? null,
        actionThread: before.get(chat.id)?.actionThread ?? 0,
      },
    ]),
  );
  if (!store.chats.has(store.active)) store.active = null;
}

export const chatNow = () => store.chats.get(store.active) ?? null;
export const isBot = (user) => user?.id === store.bot.id;
export const byBot = (message) => message.author === store.bot.id;
export const botIsIn = (chat) => ["creator", "administrator", "member", "restricted"].includes(chat.roles[store.bot.id]);

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

/** Who wrote a message, as the chat shows it: a person, the bot, the group or the channel. */
export function senderOf(message) {
  if (message.sender_chat) return { id: message.sender_chat.id, name: message.sender_chat.title, group: true };
  return { id: message.from.id, name: message.from.first_name, bot: isBot(message.from) };
}

/** The topic one looks at; 0 is the general one. */
export function topicOf(chat) {
  const chosen = recall(`topic.${chat.id}`, 0);
  return chat.topics.some((each) => each.id === chosen) ? chosen : 0;
}

export const threadOf = (message) => (message.is_topic_message ? message.message_thread_id : 0);

/** The messages one sees: all of them, or those of the topic one looks at. */
export function visible(chat) {
  const messages = [...chat.messages.values()];
  return chat.topics.length ? messages.filter((each) => threadOf(each) === topicOf(chat)) : messages;
}

export const lastMessage = (chat) => [...chat.messages.values()].at(-1) ?? null;

/** How many messages of the bot came since the chat, or one of its topics, was last open. */
export function unreadIn(chat, topic = null) {
  return [...chat.messages.values()].filter((each) => {
    const seen = recall(`seen.${chat.id}.${threadOf(each)}`, 0);
    return each.message_id > seen && byBot(each) && (topic === null || threadOf(each) === topic);
  }).length;
}

/** The open chat has been seen to its end. */
export function markSeen(chat) {
  const last = visible(chat).at(-1);
  if (last) remember(`seen.${chat.id}.${threadOf(last)}`, last.message_id);
}
