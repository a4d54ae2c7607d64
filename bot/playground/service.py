"""The heart of the playground: messages come to be here, and the bot and the page learn of them.

It knows no HTTP. The methods of the Bot API and the people of the world both act through it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from telegram import InlineKeyboardMarkup, Message, User

from bot.playground.feed import Feed
from bot.playground.files import FileStore
from bot.playground.identity import appearance
from bot.playground.inline import InlineMessages, InlineQueries, Summons
from bot.playground.polls import Ballot, Polls
from bot.playground.profile import Profile
from bot.playground.questions import Questions
from bot.playground.threads import placement
from bot.playground.updates import UpdateQueue
from bot.playground.visibility import bot_sees, mentions
from bot.playground.webhook import Webhook
from bot.playground.world import Room, World, as_json, changed, now


@dataclass(frozen=True)
class CallbackAnswer:
    """What the bot answered to a press of a button."""

    text: str = ""
    show_alert: bool = False
    url: str = ""


@dataclass
class Service:
    """The world, and all that happens in it.

    Args:
        world: People and chats.
        updates: Where the bot's updates wait.
        privacy: Whether the bot sees only what is meant for it in groups.
        guests: Whether the bot may be called in chats it has not joined.
        inline: Whether the bot takes inline queries.
        clock: Seconds, rising.
    """

    world: World
    updates: UpdateQueue
    webhook: Webhook
    privacy: bool = True
    guests: bool = True
    inline: bool = True
    clock: Callable[[], float] = time.monotonic
    feed: Feed = field(default_factory=Feed)
    files: FileStore = field(default_factory=FileStore)
    profile: Profile = field(default_factory=Profile)
    presses: Questions[CallbackAnswer] = field(default_factory=Questions)
    summons: dict[str, Summons] = field(default_factory=dict)  # guest query id -> who waits where
    inline_messages: InlineMessages = field(default_factory=InlineMessages)
    drafts: dict[int, tuple[int, str]] = field(default_factory=dict)  # chat id -> (draft id, text)
    reactions: dict[tuple[int, int], dict[int, str]] = field(default_factory=dict)  # message -> user id -> emoji

    def __post_init__(self) -> None:
        self.inline_queries = InlineQueries(self.clock)
        self.guest_queries: Questions[Message] = Questions()
        self.polls = Polls(self._show_ballot, self.updates.add)

    def post(
        self, room: Room, sender: User, *, reply_to: Message | None = None, thread: int = 0, **content: Any
    ) -> Message:
        """Put a new message into a chat, and tell everybody who sees it.

        Args:
            room: The chat.
            sender: Who writes; the bot or a person.
            reply_to: The message this one answers.
            thread: The topic; 0 is that of the message answered, or the general one.
            content: Fields of telegram.Message: text and entities, photo, caption, reply_markup, ...
        """
        number = room.new_message_id()
        fields = {**appearance(room, sender), **placement(room, reply_to, thread), **content}
        message = Message(number, now(), room.chat, **fields)
        room.authors[number] = sender.id
        if message.poll is not None:
            self.polls.open(message.poll, room.chat.id, number)
        room.keep(message)
        if sender.id == self.world.bot.id:
            self.drafts.pop(room.chat.id, None)
        elif bot_sees(self.world, room, message, privacy=self.privacy):
            self.updates.add("channel_post" if room.is_channel else "message", as_json(message))
        elif self.guests and not room.is_private and not room.has(self.world.bot.id):
            self._summon(room, message, sender)
        self.feed.publish("message", chat_id=room.chat.id, message=self.seen(message))
        return message

    def change(self, room: Room, message: Message, *, by_bot: bool, mark: bool = True, **changes: Any) -> Message:
        """Change fields of a message, and tell everybody who sees it; `mark` says whether as an edit."""
        if mark:
            changes["edit_date"] = int(now().timestamp())
        edited = changed(message, **changes)
        room.keep(edited)
        if mark and not by_bot and bot_sees(self.world, room, edited, privacy=self.privacy):
            self.updates.add("edited_channel_post" if room.is_channel else "edited_message", as_json(edited))
        self.feed.publish("edit", chat_id=room.chat.id, message=self.seen(edited))
        return edited

    def delete(self, room: Room, message_id: int) -> None:
        """Take a message away; the bot is told nothing, as on Telegram."""
        room.forget(message_id)
        self.reactions.pop((room.chat.id, message_id), None)
        self.feed.publish("delete", chat_id=room.chat.id, message_id=message_id)

    def set_reaction(self, message: Message, user_id: int, emoji: str | None) -> str | None:
        """React to a message, or take the reaction back; the one there was before."""
        place = (message.chat.id, message.message_id)
        reactions = self.reactions.setdefault(place, {})
        old = reactions.pop(user_id, None)
        if emoji is not None:
            reactions[user_id] = emoji
        self.feed.publish("reaction", chat_id=place[0], message_id=place[1], reactions=named(reactions))
        return old

    def seen(self, message: Message) -> dict[str, Any]:
        """A message as a page shows it: as Telegram sends it, with who really wrote it and all votes."""
        values = as_json(message)
        values["author"] = self.world.room(message.chat.id).authors.get(message.message_id)
        if message.poll is not None:
            values["votes"] = {str(voter): chosen for voter, chosen in self.polls.ballot(message.poll.id).votes.items()}
        return values

    def is_own(self, message: Message) -> bool:
        """Whether the bot itself wrote this message."""
        return self.world.room(message.chat.id).authors.get(message.message_id) == self.world.bot.id

    def changed_world(self) -> None:
        """Tell the pages that people, chats, roles or commands are others now."""
        self.feed.publish("world")

    def expire(self) -> None:
        """Let time run out for whatever waits for the bot: presses, inline queries, guest messages."""
        self.presses.expire()
        self.inline_queries.expire()
        self.guest_queries.expire()
        self.summons.clear()

    def answer_summons(self, query_id: str, content: dict[str, Any], keyboard: InlineKeyboardMarkup | None) -> str:
        """Let the bot say one thing where it was called as a guest; the new message's inline_message_id.

        Raises:
            ApiError: The call was answered, has expired or never was.
        """
        self.guest_queries.check(query_id)
        summons = self.summons.pop(query_id)
        message = self.post(
            self.world.room(summons.message.chat.id),
            self.world.bot,
            reply_to=summons.message,
            reply_markup=keyboard,
            guest_bot_caller_user=summons.caller,
            guest_bot_caller_chat=summons.caller_chat,
            **content,
        )
        self.guest_queries.answer(query_id, message)
        return self.inline_messages.add(message)

    def _summon(self, room: Room, message: Message, sender: User) -> None:
        """Call the bot as a guest, if the message names it or answers what it said there before."""
        replied = message.reply_to_message
        if mentions(message, self.world) or (replied is not None and self.is_own(replied)):
            query_id, _ = self.guest_queries.ask()
            caller_chat = message.sender_chat
            self.summons[query_id] = Summons(message, None if caller_chat else sender, caller_chat)
            self.updates.add("guest_message", {**as_json(message), "guest_query_id": query_id})

    def _show_ballot(self, ballot: Ballot) -> None:
        room = self.world.room(ballot.chat_id)
        if (message := room.messages.get(ballot.message_id)) is not None:
            self.change(room, message, by_bot=True, mark=False, poll=ballot.poll.to_dict())


def named(reactions: dict[int, str]) -> dict[str, str]:
    """Reactions by user id as JSON has them."""
    return {str(user_id): emoji for user_id, emoji in reactions.items()}
