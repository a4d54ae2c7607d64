"""What Telegram does to a text: cleans it, trims it, finds commands and links, counts in UTF-16.

It knows no chat and no message.
"""

import re

from telegram import MessageEntity

from bot.playground.errors import bad_request

MAX_TEXT = 4096
MAX_CAPTION = 1024

# Control characters become spaces; carriage returns, line separators, direction overrides and the
# combining lines that strike through a whole chat vanish.
_SPACED = dict.fromkeys((*range(10), 11, 12, *range(14, 32)), " ")
_DROPPED = dict.fromkeys((0x0D, *range(0x2028, 0x202F), 0x0333, 0x033F, 0x030A))
_CLEAN: dict[int, str | None] = {**_SPACED, **_DROPPED}
_INVISIBLE = re.compile(r"[\s\u180e\u200b-\u200f\u2060-\u2064\u2800\u3164\ufeff\ufffc]*")

_NAME = "[A-Za-z0-9_]"
_PATTERNS = (
    ("url", re.compile(r"(?<![\w@])https?://[^\s<>\"']+[^\s<>\"'.,:;!?)\]}]", re.IGNORECASE)),
    ("bot_command", re.compile(rf"(?<![\w/<>])/{_NAME}{{1,64}}(?:@{_NAME}{{3,32}})?(?![\w/<>])")),
    ("mention", re.compile(rf"(?<![\w@])@{_NAME}{{3,32}}(?!\w)")),
    ("hashtag", re.compile(r"(?<!\w)#(?=\w*[^\W\d_])\w{1,256}(?!\w)")),
)


def utf16_length(text: str) -> int:
    """The length of a text as Telegram counts it, in UTF-16 code units."""
    return len(text) + sum(character > "\uffff" for character in text)


def utf16_slice(text: str, offset: int, length: int) -> str:
    """A part of a text; offset and length in UTF-16 code units."""
    encoded = text.encode("utf-16-le")
    return encoded[2 * offset : 2 * (offset + length)].decode("utf-16-le", errors="replace")


def clean(text: str) -> str:
    """A text without the characters that Telegram does not carry.

    Raises:
        ApiError: The text holds half a surrogate pair.
    """
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise bad_request("strings must be encoded in UTF-8")
    return text.translate(_CLEAN)


def is_blank(text: str) -> bool:
    """Whether a reader would see nothing."""
    return _INVISIBLE.fullmatch(text) is not None


def formatted(text: str, entities: tuple[MessageEntity, ...] = ()) -> tuple[str, tuple[MessageEntity, ...]]:
    """A text as Telegram stores it, with its entities: those given and those found.

    Spaces and newlines go from both ends; given entities move along, and any that no longer lies inside
    the text is cut or dropped.

    Raises:
        ApiError: The text holds half a surrogate pair.
    """
    cleaned = clean(text)
    if cleaned != text and entities:
        raise bad_request("entities need a text without control characters")
    kept = cleaned.strip(" \n")
    cut = utf16_length(cleaned) - utf16_length(cleaned.lstrip(" \n"))
    moved = [entity for each in entities if (entity := _moved(each, cut, utf16_length(kept))) is not None]
    moved += [found for found in find_entities(kept) if not any(_overlap(found, other) for other in moved)]
    return kept, tuple(sorted(moved, key=lambda entity: (entity.offset, -entity.length)))


def find_entities(text: str) -> list[MessageEntity]:
    """Commands, links, mentions and hashtags in a text, none inside another; offsets in UTF-16 units."""
    found: list[MessageEntity] = []
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            offset = utf16_length(text[: match.start()])
            entity = MessageEntity(kind, offset, utf16_length(match.group()))
            if not any(_overlap(entity, other) for other in found):
                found.append(entity)
    return sorted(found, key=lambda entity: entity.offset)


def _overlap(one: MessageEntity, other: MessageEntity) -> bool:
    return one.offset < other.offset + other.length and other.offset < one.offset + one.length


def _moved(entity: MessageEntity, cut: int, length: int) -> MessageEntity | None:
    start, end = max(entity.offset - cut, 0), min(entity.offset - cut + entity.length, length)
    if start >= end:
        return None
    values = {**entity.to_dict(), "offset": start, "length": end - start}
    return MessageEntity.de_json(values, None)
