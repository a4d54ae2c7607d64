"""Telegram Desktop's result.json: one chat, or the export of a whole account."""

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

from model import masking
from trainer.corpus.jsonstream import JsonStream
from trainer.corpus.message import Message
from trainer.corpus.options import ReadingOptions
from trainer.corpus.source import Source
from trainer.errors import CorpusError

_SIGNS = re.compile(r'"(?:messages|chats|left_chats)"\s*:\s*[\[{]')
_KIND = re.compile(r'"(?:type|about)"\s*:')
_NOTICES = ("user777000", 777000)  # Telegram itself: login codes; exports before 2021 have bare numbers
_ROBOTS = ("bot_chat", "verify_codes_chat", "verification_codes")  # passed over within a whole account
_ENTITIES = {
    "mention": masking.USER,
    "mention_name": masking.USER,
    "email": masking.EMAIL,
    "phone": masking.PHONE,
    "phone_number": masking.PHONE,
    "link": masking.LINK,
    "bank_card": masking.CARD,
}


def is_telegram_json(head: str) -> bool:
    """Whether a file that begins so is Telegram's."""
    if not head.lstrip().startswith("{"):
        return False
    return '"personal_information":' in head or bool(_SIGNS.search(head) and _KIND.search(head))


def read_telegram_json(source: Source, options: ReadingOptions) -> Iterator[Message]:
    """The messages of one chat, or of chat after chat; service messages are none. Raises CorpusError."""
    stream = JsonStream(source)
    found = False
    for message in _walk(stream, options):
        found = True
        yield message
    if stream.peek():
        raise stream.malformed("more after the end")
    if not found:
        raise CorpusError(
            f"expected messages as Telegram exports them in {source.title}, got none: export the chat again, "
            "or if another program wrote this, as a table with a column text"
        )


def _walk(stream: JsonStream, options: ReadingOptions, within: str = "") -> Iterator[Message]:
    """The messages of the object that begins here: a chat, or what holds chats."""
    chat, kind = "", ""
    for key in stream.fields():
        opening = stream.peek()
        if key == "messages" and opening == "[":
            yield from _chat(stream, options, chat or stream.title, skipped=bool(within) and kind in _ROBOTS)
        elif key in ("chats", "left_chats") and opening == "{" and not within:
            yield from _walk(stream, options, key)
        elif key == "list" and opening == "[" and within:
            for _ in stream.elements():
                if stream.peek() != "{":
                    raise stream.malformed("something else where a chat belongs")
                yield from _walk(stream, options, "list")
        elif key in ("name", "id", "type") and opening not in ("{", "["):
            value = str(stream.value())
            kind = value if key == "type" else kind
            chat = f"{chat} {value}" if key != "type" else chat
        else:
            stream.skip()


def _chat(stream: JsonStream, options: ReadingOptions, chat: str, skipped: bool) -> Iterator[Message]:
    when = 0
    for number, _ in enumerate(stream.elements(), 1):
        row = stream.value()
        if not isinstance(row, dict):
            raise stream.malformed(f"no object where message {number:,} belongs")
        if skipped or row.get("type", "message") != "message" or row.get("from_id") in _NOTICES:
            continue
        when = _when(row) or when
        text = rich_text(row.get("text") or row.get("text_entities"), options.mask)
        if text:
            author = row.get("from")
            yield Message(
                text,
                when,
                author if isinstance(author, str) else None,
                str(row.get("from_id") or "") or None,
                chat,
                _is_forward(row, author),
            )


def _is_forward(row: dict[str, Any], author: object) -> bool:
    """Whether it came from somebody else, a bot in between too; saved messages are full of forwards of one's own."""
    origin = "forwarded_from" in row or "forwarded_from_id" in row
    own = author is not None and row.get("forwarded_from") == author
    return (
        "via_bot" in row
        or (origin and not own)
        or ("saved_from" in row and row.get("saved_from") not in (None, author))
    )


def rich_text(text: object, mask: bool) -> str:
    """A string, or a list of strings and of objects with type and text."""
    if isinstance(text, str):
        return text
    if not isinstance(text, list):
        return ""
    return "".join(part if isinstance(part, str) else _entity(part, mask) for part in text)


def _entity(part: object, mask: bool) -> str:
    if not isinstance(part, dict):
        return ""
    placeholder = _ENTITIES.get(str(part.get("type"))) if mask else None
    text = part.get("text")
    return placeholder or (text if isinstance(text, str) else "")


def _when(row: dict[str, Any]) -> int | None:
    """Seconds since 1970; older exports have the local date alone."""
    try:
        if "date_unixtime" in row:
            when = int(row["date_unixtime"])
        else:
            date = dt.datetime.fromisoformat(str(row.get("date")))
            when = int((date if date.tzinfo else date.replace(tzinfo=dt.UTC)).timestamp())
    except (ValueError, TypeError, OverflowError):
        return None  # a message without a date stands where the one before it stands
    return when if 0 < when < 1 << 40 else None
