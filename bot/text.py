"""Texts as Telegram and databases can hold them: cleaned, counted in UTF-16 units, cut to fit.

Knows no Telegram library and no database.
"""

import re

MESSAGE_UNITS = 4_096  # the longest message, in UTF-16 code units
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# No message shows control characters, PostgreSQL cannot store NUL, and lone surrogates are no UTF-8.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def clean(text: str) -> str:
    """The text with U+FFFD for each character that nobody can store or send.

    The number of characters stays. What is fed, stored and sent is this same text.
    """
    return _UNFIT.sub(REPLACEMENT, text)


def utf16_units(text: str) -> int:
    """The length as Telegram counts it: characters above U+FFFF count twice."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split_message(text: str, limit: int = MESSAGE_UNITS) -> list[str]:
    """The text as messages of at most `limit` UTF-16 units; nothing for a blank text.

    Cut after the last line break or space of the last half of a message, else at the limit. Blank ends
    are left out, since Telegram trims them anyway and refuses what is blank altogether.
    """
    parts = []
    while utf16_units(text) > limit:
        end = _fitting(text, limit)
        cut = max(text.rfind("\n", end // 2, end), text.rfind(" ", end // 2, end)) + 1 or end
        parts.append(text[:cut])
        text = text[cut:]
    return [part.strip() for part in [*parts, text] if part.strip()]


def _fitting(text: str, limit: int) -> int:
    """How many characters fit into so many units."""
    units = 0
    for count, character in enumerate(text):
        units += 1 + (character > "\uffff")
        if units > limit:
            return count
    return len(text)
