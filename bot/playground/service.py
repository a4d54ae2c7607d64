"""The heart of the playground: messages come to be here, and the bot and the page learn of them.

It knows no HTTP. The methods of the Bot API and the people of the world both act through it.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from telegram import (
    ChatMember,
    Message,
    MessageEntity,
    ReactionTypeEmoji,
    User,
)

from bot.playground.entities import utf16_slice
from bot.playground.feed import Feed
from bot.playground.files import FileStore
from bot.playground.profile import Profile
from bot.playground.updates import UpdateQueue
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
    """

    world: World
    updates: UpdateQueue
    webhook: Webhook
    privacy: bool = True
    feed: Feed = field(default_factory=Feed)
    files: FileStore = field(default_factory=FileStore)
    profile: Profile = field(default_factory=Profile)
    presses: dict[str, asyncio.Future[CallbackAnswer]] = field(default_factory=dict)
    drafts: dict[int, tuple[int, str]] = field(default_factory=dict)  # chat id -> (draft id, text)
    reactions: dict[tuple[int, int], tuple[ReactionTypeEmoji, ...]] = field(default_factory=dict)

    def post(self, room: Room, sender: User, *, reply_to: Message | None = None, **content: Any) -> Message:
        """Put a new message into a chat, and tell everybody who sees it.

        Args:
            room: The chat.
            sender: Who writes; the bot or a person.
            reply_to: The message this one answers.
            content: Fields of telegram.Message: text and entities, photo, caption, reply_markup, ...
        """
        quoted = None if reply_to is None else changed(reply_to, reply_to_message=None)
        message = Message(room.new_message_id(), now(), room.chat, from_user=sender, reply_to_message=quoted, **content)
        room.keep(message)
        if sender.id == self.world.bot.id:
            self.drafts.pop(room.chat.id, None)
        elif self.bot_sees(room, message):
            self.updates.add("message", as_json(message))
        self.feed.publish("message", chat_id=room.chat.id, message=as_json(message))
        return message

    def change(self, room: Room, message: Message, *, by_bot: bool, **changes: Any) -> Message:
        """Change fields of a message, and tell everybody who sees it."""
        edited = changed(message, edit_date=int(now().timestamp()), **changes)
        room.keep(edited)
        if not by_bot and self.bot_sees(room, edited):
            self.updates.add("edited_message", as_json(edited))
        self.feed.publish("edit", chat_id=room.chat.id, message=as_json(edited))
        return edited

    def delete(self, room: Room, message_id: int) -> None:
        """Take a message away; the bot is told nothing, as on Telegram."""
        del room.messages[message_id]
        self.reactions.pop((room.chat.id, message_id), None)
        self.feed.publish("delete", chat_id=room.chat.id, message_id=message_id)

    def bot_sees(self, room: Room, message: Message) -> bool:
        """Whether Telegram would send this message of somebody else to the bot."""
        bot = self.world.bot
        if not room.has(bot.id):
            return False
        if room.is_private or not self.privacy or room.members[bot.id] == ChatMember.ADMINISTRATOR:
            return True
        if message.new_chat_members or message.left_chat_member:
            return True
        replied = message.reply_to_message
        if replied is not None and replied.from_user is not None and replied.from_user.id == bot.id:
            return True
        text = message.text or message.caption or ""
        return any(self._is_for_the_bot(text, entity) for entity in message.entities or message.caption_entities)

    def _is_for_the_bot(self, text: str, entity: MessageEntity) -> bool:
        if entity.type != MessageEntity.BOT_COMMAND or entity.offset != 0:
            return False
        _, _, name = utf16_slice(text, 0, entity.length).partition("@")
        return not name or name.lower() == (self.world.bot.username or "").lower()
