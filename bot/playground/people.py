"""What people do: they write, edit, press buttons, come and go.

It knows no HTTP; the page and the tests act through it.
"""

import asyncio
import secrets
from dataclasses import dataclass
from typing import Any

from telegram import (
    CallbackQuery,
    ChatMember,
    ChatMemberBanned,
    ChatMemberLeft,
    ChatMemberMember,
    ChatMemberUpdated,
    Document,
    Message,
    MessageReactionUpdated,
    PhotoSize,
    ReactionTypeEmoji,
    User,
)

from bot.playground.entities import MAX_CAPTION, MAX_TEXT, formatted, is_blank, utf16_length
from bot.playground.errors import NotInTheWorld, PlaygroundError
from bot.playground.files import StoredFile
from bot.playground.service import CallbackAnswer, Service
from bot.playground.world import PRESENT, Room, as_json, now


@dataclass(frozen=True)
class Press:
    """A button pressed: the query's id, and the bot's answer once it comes."""

    id: str
    answer: asyncio.Future[CallbackAnswer]


class People:
    """The hands of everybody in the world.

    Args:
        service: Where it all happens.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._world = service.world

    def say(self, chat_id: int, user_id: int, text: str, reply_to: int | None = None) -> Message:
        """Write a text of 1 to 4096 UTF-16 units into a chat.

        Raises:
            PlaygroundError: The text is empty or too long, or there is no such chat, person or message.
        """
        room, person = self._who(chat_id, user_id)
        kept, entities = formatted(text)
        _check_length(kept, MAX_TEXT)
        self._unblock(room, person)
        return self._service.post(room, person, reply_to=self._replied(chat_id, reply_to), text=kept, entities=entities)

    def edit(self, chat_id: int, message_id: int, user_id: int, text: str) -> Message:
        """Change the text (or the caption) of one's own message."""
        room, person = self._who(chat_id, user_id)
        message = self._own(chat_id, message_id, person)
        kept, entities = formatted(text)
        has_caption = message.text is None
        _check_length(kept, MAX_CAPTION if has_caption else MAX_TEXT)
        names = ("caption", "caption_entities") if has_caption else ("text", "entities")
        values = dict(zip(names, (kept, [entity.to_dict() for entity in entities]), strict=True))
        return self._service.change(room, message, by_bot=False, **values)

    def delete(self, chat_id: int, message_id: int, user_id: int) -> None:
        """Take back one's own message."""
        room, person = self._who(chat_id, user_id)
        self._own(chat_id, message_id, person)
        self._service.delete(room, message_id)

    def press(self, chat_id: int, message_id: int, data: str, user_id: int) -> Press:
        """Press the button with this callback data below a message of the bot.

        Raises:
            NotInTheWorld: There is no such button.
        """
        _, person = self._who(chat_id, user_id)
        message = self._world.message(chat_id, message_id)
        rows = () if message.reply_markup is None else message.reply_markup.inline_keyboard
        if not any(button.callback_data == data for row in rows for button in row):
            raise NotInTheWorld(f"no button {data!r} below message {message_id}")
        press = Press(str(secrets.randbits(62)), asyncio.get_running_loop().create_future())
        self._service.presses[press.id] = press.answer
        query = CallbackQuery(press.id, person, str(-chat_id), message=message, data=data)
        self._service.updates.add("callback_query", {**query.to_dict(), "message": as_json(message)})
        return press

    def react(self, chat_id: int, message_id: int, user_id: int, emoji: str | None) -> None:
        """React to a message; the bot learns of it if it asked and is an administrator, or in private."""
        room, person = self._who(chat_id, user_id)
        message = self._world.message(chat_id, message_id)
        reaction = [] if emoji is None else [ReactionTypeEmoji(emoji)]
        bot_id = self._world.bot.id
        if room.is_private or room.members.get(bot_id) == ChatMember.ADMINISTRATOR:
            update = MessageReactionUpdated(room.chat, message.message_id, now(), [], reaction, user=person)
            self._service.updates.add("message_reaction", update.to_dict())

    def send_photo(self, chat_id: int, user_id: int, content: bytes, caption: str = "") -> Message:
        """Send a picture with a caption.

        Raises:
            PlaygroundError: The content is no picture.
        """
        stored = self._service.files.add("photo", content, as_photo=True)
        if stored is None:
            raise PlaygroundError("expected a PNG, JPEG, GIF or WebP picture")
        return self._send_file(chat_id, user_id, caption, photo=(photo_size(stored),))

    def send_document(
        self, chat_id: int, user_id: int, content: bytes, name: str = "file.txt", caption: str = ""
    ) -> Message:
        """Send a file with a caption."""
        stored = self._service.files.add(name, content, as_photo=False)
        if stored is None or not content:
            raise PlaygroundError("expected a file that is not empty")
        return self._send_file(chat_id, user_id, caption, document=document(stored))

    def join(self, chat_id: int, user_id: int, by: int | None = None) -> Message:
        """Come into a group, or be added by somebody; the bot too can be added."""
        room, newcomer = self._world.room(chat_id), self._world.person(user_id)
        author = newcomer if by is None else self._world.person(by)
        self._move(room, newcomer, author, ChatMember.MEMBER)
        return self._service.post(room, author, new_chat_members=(newcomer,))

    def leave(self, chat_id: int, user_id: int, by: int | None = None) -> Message:
        """Leave a group, or be removed by somebody; the bot too can be removed."""
        room, goer = self._world.room(chat_id), self._world.person(user_id)
        author = goer if by is None else self._world.person(by)
        message = self._service.post(room, author, left_chat_member=goer)
        self._move(room, goer, author, ChatMember.LEFT if by is None else ChatMember.BANNED)
        return message

    def block(self, user_id: int) -> None:
        """Block the bot in the private chat; whatever the person writes next unblocks it."""
        room = self._world.private(user_id)
        self._move(room, self._world.bot, self._world.person(user_id), ChatMember.BANNED)

    def _unblock(self, room: Room, person: User) -> None:
        room.started = True
        if room.is_private and not room.has(self._world.bot.id):
            self._move(room, self._world.bot, person, ChatMember.MEMBER)

    def _move(self, room: Room, user: User, author: User, status: str) -> None:
        old = room.members.get(user.id, ChatMember.LEFT)
        room.members[user.id] = status
        is_bot = user.id == self._world.bot.id
        admin = room.members.get(self._world.bot.id) == ChatMember.ADMINISTRATOR
        if is_bot or admin:
            moved = ChatMemberUpdated(room.chat, author, now(), _membership(user, old), _membership(user, status))
            self._service.updates.add("my_chat_member" if is_bot else "chat_member", moved.to_dict())
        self._service.feed.publish("members", chat_id=room.chat.id, members=dict(room.members))

    def _send_file(self, chat_id: int, user_id: int, caption: str, **file: Any) -> Message:
        room, person = self._who(chat_id, user_id)
        kept, entities = formatted(caption)
        if kept:
            _check_length(kept, MAX_CAPTION)
        self._unblock(room, person)
        return self._service.post(room, person, caption=kept or None, caption_entities=entities if kept else (), **file)

    def _who(self, chat_id: int, user_id: int) -> tuple[Room, User]:
        room, person = self._world.room(chat_id), self._world.person(user_id)
        if not room.has(user_id):
            raise NotInTheWorld(f"{person.first_name} is not in chat {chat_id}")
        return room, person

    def _own(self, chat_id: int, message_id: int, person: User) -> Message:
        message = self._world.message(chat_id, message_id)
        if message.from_user is None or message.from_user.id != person.id:
            raise PlaygroundError("only one's own messages can be changed")
        return message

    def _replied(self, chat_id: int, message_id: int | None) -> Message | None:
        return None if message_id is None else self._world.message(chat_id, message_id)


def photo_size(stored: StoredFile) -> PhotoSize:
    """A stored picture as a message names it."""
    width, height = stored.size or (0, 0)
    return PhotoSize(stored.file_id, stored.unique_id, width, height, file_size=len(stored.content))


def document(stored: StoredFile) -> Document:
    """A stored file as a message names it."""
    return Document(
        stored.file_id,
        stored.unique_id,
        file_name=stored.name,
        mime_type=stored.mime_type,
        file_size=len(stored.content),
    )


def _check_length(text: str, most: int) -> None:
    if is_blank(text):
        raise PlaygroundError("the text is empty")
    if (length := utf16_length(text)) > most:
        raise PlaygroundError(f"expected a text of at most {most} UTF-16 units, got {length}")


def _membership(user: User, status: str) -> ChatMember:
    if status in PRESENT:
        return ChatMemberMember(user)
    return ChatMemberLeft(user) if status == ChatMember.LEFT else ChatMemberBanned(user, 0)  # type: ignore[arg-type]
