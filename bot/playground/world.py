"""The people, the chats and what was said in them.

It knows no HTTP, no update and no page.
"""

import datetime as dt
import time
from dataclasses import dataclass, field
from typing import Any

from telegram import Chat, Message, User

from bot.playground.errors import NotInTheWorld

PRESENT = frozenset({"creator", "administrator", "member", "restricted"})
_FIRST_PERSON = 1_000_001
_FIRST_GROUP = 1_000_000_001
_MESSAGES_KEPT = 5_000  # in a chat; an evening's demo stays whole, a week's test does not fill the memory
# Message ids rise over restarts, as the bot may keep (chat, message) in its database: a second is an id.
_MESSAGE_EPOCH = 1_700_000_000


@dataclass
class Room:
    """A chat with its members and its messages."""

    chat: Chat
    members: dict[int, str] = field(default_factory=dict)  # user id -> ChatMember status
    messages: dict[int, Message] = field(default_factory=dict)
    authors: dict[int, int] = field(default_factory=dict)  # message id -> who really wrote it
    topics: dict[int, str] = field(default_factory=dict)  # thread id -> name
    anonymous: set[int] = field(default_factory=set)  # administrators who appear as the group
    restrictions: dict[int, Any] = field(default_factory=dict)  # user id -> roles.Permissions
    migrated_to: int | None = None  # the supergroup that this group has become
    started: bool = True  # a private chat in which the person has not yet pressed Start is not
    _last_id: int = field(default_factory=lambda: int(time.time()) - _MESSAGE_EPOCH)

    @property
    def is_private(self) -> bool:
        return self.chat.type == Chat.PRIVATE

    @property
    def is_channel(self) -> bool:
        return self.chat.type == Chat.CHANNEL

    def has(self, user_id: int) -> bool:
        """Whether the user is in the chat now."""
        return self.members.get(user_id) in PRESENT

    def new_message_id(self) -> int:
        """An id above those of all messages before."""
        self._last_id += 1
        return self._last_id

    def upcoming_message_id(self) -> int:
        """The id that the next message will have."""
        return self._last_id + 1

    def keep(self, message: Message) -> None:
        """Store a new or a changed message, and forget the oldest beyond the bound."""
        self.messages[message.message_id] = message
        while len(self.messages) > _MESSAGES_KEPT:
            self.forget(next(iter(self.messages)))

    def forget(self, message_id: int) -> None:
        """Take a message away."""
        del self.messages[message_id]
        self.authors.pop(message_id, None)


class World:
    """People and chats; the bot is one of the people.

    Args:
        bot: The bot's own user.
    """

    def __init__(self, bot: User) -> None:
        self.bot = bot
        self.people: dict[int, User] = {}
        self.rooms: dict[int, Room] = {}

    @classmethod
    def with_you_and_a_group(cls, bot: User) -> "World":
        """A private chat with "you", and a group of you and two friends."""
        world = cls(bot)
        you = world.add_person("You", username="you")
        friends = [world.add_person("Ana", username="ana"), world.add_person("Bruno", username="bruno")]
        world.private(you.id).started = True
        world.add_group("The Aviary", [you, *friends])
        return world

    def add_person(self, first_name: str, *, username: str | None = None, language_code: str | None = None) -> User:
        """A new person, with a private chat with the bot that is not started yet."""
        person = User(
            _FIRST_PERSON + len(self.people),
            first_name,
            is_bot=False,
            username=username,
            language_code=language_code,
        )
        self.people[person.id] = person
        chat = Chat(person.id, Chat.PRIVATE, first_name=first_name, username=username)
        self.rooms[chat.id] = Room(chat, {person.id: "member", self.bot.id: "member"}, started=False)
        return person

    def add_group(
        self,
        title: str,
        members: list[User],
        *,
        kind: str = Chat.SUPERGROUP,
        is_forum: bool | None = None,
        with_bot: bool = True,
    ) -> Room:
        """A new group or channel of these people and the bot; the first of them made it."""
        chat_id = self.new_chat_id(kind)
        statuses = {user.id: "creator" if user is members[0] else "member" for user in members}
        if with_bot:
            statuses[self.bot.id] = "administrator" if kind == Chat.CHANNEL else "member"
        room = Room(Chat(chat_id, kind, title=title, is_forum=is_forum), statuses)
        self.rooms[chat_id] = room
        return room

    def new_chat_id(self, kind: str) -> int:
        """An id for a new group, supergroup or channel."""
        number = _FIRST_GROUP + sum(not room.is_private for room in self.rooms.values())
        return -number if kind == Chat.GROUP else -(1_000_000_000_000 + number)

    def speak(self, language_code: str) -> bool:
        """Give a language to everybody whose language is not known; whether there was anybody."""
        unknown = [person.id for person in self.people.values() if person.language_code is None]
        for user_id in unknown:
            self.set_language(user_id, language_code)
        return bool(unknown)

    def set_language(self, user_id: int, language_code: str) -> None:
        """Give a person a language."""
        values = {**self.person(user_id).to_dict(), "language_code": language_code}
        self.people[user_id] = User.de_json(values, None)

    @property
    def you(self) -> User:
        """The person in front of the page: the first one."""
        return next(iter(self.people.values()))

    @property
    def group(self) -> Room:
        """The first group."""
        return next(room for room in self.rooms.values() if not room.is_private)

    def room(self, chat_id: int) -> Room:
        """The chat of this id.

        Raises:
            NotInTheWorld: There is none.
        """
        if (room := self.rooms.get(chat_id)) is None:
            raise NotInTheWorld(f"no chat {chat_id}")
        return room

    def private(self, user_id: int) -> Room:
        """The private chat of this person with the bot."""
        return self.room(user_id)

    def person(self, user_id: int) -> User:
        """The person of this id, or the bot.

        Raises:
            NotInTheWorld: There is none.
        """
        if user_id == self.bot.id:
            return self.bot
        if (person := self.people.get(user_id)) is None:
            raise NotInTheWorld(f"no person {user_id}")
        return person

    def message(self, chat_id: int, message_id: int) -> Message:
        """A message of a chat.

        Raises:
            NotInTheWorld: There is none.
        """
        if (message := self.room(chat_id).messages.get(message_id)) is None:
            raise NotInTheWorld(f"no message {message_id} in chat {chat_id}")
        return message


def changed(message: Message, **changes: Any) -> Message:
    """The message with some fields of its JSON changed; None removes a field."""
    values = {**message.to_dict(), **changes}
    return Message.de_json({name: value for name, value in values.items() if value is not None}, None)


_FLAGS = (
    "channel_chat_created",
    "delete_chat_photo",
    "group_chat_created",
    "supergroup_chat_created",
)


def as_json(message: Message) -> dict[str, Any]:
    """A message as Telegram sends it: without the flags that are false."""
    values = message.to_dict()
    for each in (values, values.get("reply_to_message", {})):
        for flag in _FLAGS:
            if not each.get(flag):
                each.pop(flag, None)
    return values


def now() -> dt.datetime:
    """The time in whole seconds, as Telegram tells it."""
    return dt.datetime.now(dt.UTC).replace(microsecond=0)
