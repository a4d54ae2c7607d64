"""Manners: what the network writes, so that it pings nobody and nothing in it can be pressed.

An invisible word joiner (U+2060, no width, no line break) goes where Telegram would find a name, a link, a command, a
tag, a card or a phone number. Taken out again, the text is what it was: the log never sees one. Knows no Telegram
library; what is found where is Telegram's own, see https://core.telegram.org/bots/api#messageentity.
"""

import itertools
import re

JOINER = "\N{WORD JOINER}"

_LONG_NUMBER = 5  # digits: the shortest that phones offer to call
_PLACES = (
    r"(?<=[@#$/＠＃])(?=\w)",  # @name, #tag, $TAG, /command; and the end of an address that follows a slash
    r"(?<=[^\s.])\.(?=[^\s.])",  # example.org, 127.0.0.1
    r":(?=//)",  # https://localhost, tg://user
)
_JOINED = re.compile("|".join(_PLACES))
_NUMBER = re.compile(r"\+?\d(?:[\s().\-/\u00a0\u2010-\u2015\u2060]*\d)+")
_JOINTS = (JOINER, "")  # before an even digit, counted from 0, and before an odd one
_DIGIT = re.compile(r"\d")


def defuse(text: str) -> str:
    """The text with nothing in it that Telegram, or a phone, would make into something to press."""
    return _NUMBER.sub(_cut_number, _JOINED.sub(lambda match: match.group() + JOINER, plain(text)))


def plain(text: str) -> str:
    """The text without the joiners: what was defused, as it was."""
    return text.replace(JOINER, "")


def _cut_number(match: re.Match[str]) -> str:
    """A joiner between every second and third digit of what is long enough to be called."""
    number = match.group()
    if len(_DIGIT.findall(number)) < _LONG_NUMBER:
        return number
    before = itertools.count()  # digits
    return _DIGIT.sub(lambda digit: _JOINTS[(next(before) or 1) % 2] + digit.group(), number)
