"""What people write: texts, edits, forwards, photos and files.

It knows no HTTP; the page and the tests act through it.
"""

from typing import Any

from telegram import (
    Document,
    Message,
    MessageOrigin,
    MessageOriginChannel,
    MessageOriginChat,
    MessageOriginUser,
    PhotoSize,
    TextQuote,
    User,
)

from bot.playground.entities import MAX_CAPTION, MAX_TEXT, formatted, is_blank, utf16_length
from bot.playground.errors import PlaygroundError
from bot.playground.files import StoredFile
from bot.playground.members import Members
from bot.playground.roles import is_administrator
from bot.playground.service import Service
from bot.playground.world import Room

_CARRIED = ("text", "entities", "caption", "caption_entities", "photo", "document")


class People:
    """What everybody in the world writes.

    Args:
        service: Where it all happens.
        members: Who is where; whoever writes to the bot in private unblocks it.
    """

    def __init__(self, service: Service, members: Members) -> None:
        self._service = service
        self._members = members
        self._world = service.world

    def say(
        self,
        chat_id: int,
        user_id: int,
        text: str,
        reply_to: int | None = None,
        *,
        quote: str | None = None,
        topic: int = 0,
    ) -> Message:
        """Write a text of 1 to 4096 UTF-16 units into a chat, perhaps as an answer to a part of a message.

        Raises:
            PlaygroundError: The text is empty or too long, there is no such chat, person, topic or message, or
                the person may not write there.
        """
        room, person = self._members.writer(chat_id, user_id, "messages", topic)
        kept, entities = formatted(text)
        _check_length(kept, MAX_TEXT)
        replied = self._replied(chat_id, reply_to)
        quoted = {} if quote is None or replied is None else {"quote": _quote(replied, quote)}
        self._members.begin(room, person)
        return self._service.post(room, person, reply_to=replied, thread=topic, text=kept, entities=entities, **quoted)

    def edit(self, chat_id: int, message_id: int, user_id: int, text: str) -> Message:
        """Change the text (or the caption) of one's own message."""
        room, person = self._members.present(chat_id, user_id)
        message = self._own(room, message_id, person)
        kept, entities = formatted(text)
        has_caption = message.text is None
        _check_length(kept, MAX_CAPTION if has_caption else MAX_TEXT)
        names = ("caption", "caption_entities") if has_caption else ("text", "entities")
        values: dict[str, Any] = dict(zip(names, (kept, [entity.to_dict() for entity in entities]), strict=True))
        return self._service.change(room, message, by_bot=False, **values)

    def delete(self, chat_id: int, message_id: int, user_id: int) -> None:
        """Take back one's own message, or as an administrator or in private anybody's."""
        room, person = self._members.present(chat_id, user_id)
        if not (room.is_private or is_administrator(room, user_id)):
            self._own(room, message_id, person)
        self._world.message(chat_id, message_id)
        self._service.delete(room, message_id)

    def forward(self, from_chat_id: int, message_id: int, user_id: int, to_chat_id: int, topic: int = 0) -> Message:
        """Pass a message on to a chat, perhaps the same one.

        Raises:
            PlaygroundError: It is a poll or tells only that something happened.
        """
        source, _ = self._members.present(from_chat_id, user_id)
        message = self._world.message(from_chat_id, message_id)
        content = {name: value for name in _CARRIED if (value := getattr(message, name))}
        if not content:
            raise PlaygroundError("only texts, photos and files can be forwarded")
        room, person = self._members.writer(to_chat_id, user_id, _kind(content), topic)
        origin = message.forward_origin or self._origin(source, message)
        self._members.begin(room, person)
        return self._service.post(room, person, thread=topic, forward_origin=origin, **content)

    def send_photo(self, chat_id: int, user_id: int, content: bytes, caption: str = "", topic: int = 0) -> Message:
        """Send a picture with a caption.

        Raises:
            PlaygroundError: The content is no picture.
        """
        room, person = self._members.writer(chat_id, user_id, "photos", topic)
        stored = self._service.files.add("photo", content, as_photo=True)
        if stored is None:
            raise PlaygroundError("expected a PNG, JPEG, GIF or WebP picture")
        return self._send_file(room, person, caption, topic, photo=(photo_size(stored),))

    def send_document(
        self, chat_id: int, user_id: int, content: bytes, name: str = "file.txt", caption: str = "", topic: int = 0
    ) -> Message:
        """Send a file with a caption."""
        room, person = self._members.writer(chat_id, user_id, "documents", topic)
        stored = self._service.files.add(name, content, as_photo=False)
        if stored is None or not content:
            raise PlaygroundError("expected a file that is not empty")
        return self._send_file(room, person, caption, topic, document=document(stored))

    def _send_file(self, room: Room, person: User, caption: str, topic: int, **file: Any) -> Message:
        kept, entities = formatted(caption)
        if kept:
            _check_length(kept, MAX_CAPTION)
        self._members.begin(room, person)
        words: dict[str, Any] = {"caption": kept or None, "caption_entities": entities if kept else ()}
        return self._service.post(room, person, thread=topic, **words, **file)

    def _own(self, room: Room, message_id: int, person: User) -> Message:
        message = self._world.message(room.chat.id, message_id)
        if room.authors.get(message_id) != person.id:
            raise PlaygroundError("only one's own messages can be changed")
        return message

    def _replied(self, chat_id: int, message_id: int | None) -> Message | None:
        return None if message_id is None else self._world.message(chat_id, message_id)

    def _origin(self, room: Room, message: Message) -> MessageOrigin:
        if room.is_channel:
            return MessageOriginChannel(message.date, room.chat, message.message_id)
        if message.sender_chat is not None:
            return MessageOriginChat(message.date, message.sender_chat)
        return MessageOriginUser(message.date, self._world.person(room.authors[message.message_id]))


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


def _kind(content: dict[str, Any]) -> str:
    return "photos" if "photo" in content else "documents" if "document" in content else "messages"


def _quote(replied: Message, quote: str) -> TextQuote:
    text = replied.text or replied.caption or ""
    if (at := text.find(quote)) < 0 or not quote:
        raise PlaygroundError(f"the message to be answered does not hold {quote!r}")
    return TextQuote(quote, utf16_length(text[:at]), is_manual=True)


def _check_length(text: str, most: int) -> None:
    if is_blank(text):
        raise PlaygroundError("the text is empty")
    if (length := utf16_length(text)) > most:
        raise PlaygroundError(f"expected a text of at most {most} UTF-16 units, got {length}")
