"""WhatsApp's exported .txt, from Android and from iPhones, in the date formats of many countries."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from model import masking
from trainer.corpus import whatsapp_notes as notes
from trainer.corpus.message import Message
from trainer.corpus.options import ReadingOptions
from trainer.corpus.source import LONGEST_LINE, Source
from trainer.errors import CorpusError

_MARKS = "[\u200e\u200f\u202a-\u202e\ufeff]*"
_MORNING = r"a\.?\s?m\.?|ق\.ظ\.?|ص|ÖÖ|π\.?μ\.?|上午|凌晨|清晨|早上|午前|오전|morgens|vorm\.|nachts"
_AFTERNOON = r"p\.?\s?m\.?|ب\.ظ\.?|م|ÖS|μ\.?μ\.?|下午|中午|晚上|午後|오후|mittags|nachm\.|abends"
_HALF = f"(?:{_MORNING}|{_AFTERNOON})"
_HEADER = re.compile(
    rf"{_MARKS}\[?{_MARKS}(\d{{1,4}}){_MARKS}([./-]|년|年) ?{_MARKS}(\d{{1,2}}){_MARKS}(?:[./-]|월|月) ?{_MARKS}"
    rf"(\d{{1,4}}){_MARKS}(?:\.|일|日| ?г\.)?[,،]?{_MARKS}\s{{1,2}}{_MARKS}"
    rf"(?:(?:a las|às|à|um|om|alle|kl\.?|klo|o|la|в)\s)?(?:({_HALF})\s?)?"
    rf"(\d{{1,2}})[:.](\d\d)(?:[:.](\d\d))?(?:\s?({_HALF}))?(?: ?ч\.)?{_MARKS}(?:\]\s?|\s[-–]\s)(.*)",
    re.IGNORECASE,
)
_PM = re.compile(_AFTERNOON, re.IGNORECASE)
_SAID = re.compile(r"((?:[^:\"„“«]|:(?!\s|$)){1,120}?):(?:\s(.*)|$)")  # a name may hold a colon, as in 12:30 Club
_MENTIONED = re.compile("@\u2068[^\u2069\n]{0,200}\u2069")  # by a name of any number of words
_PERSIAN_YEARS = range(1380, 1450)  # of the calendar of Iran: 2001 to 2071
_DAY_FIRST, _MONTH_FIRST = "day first", "month first"


@dataclass(frozen=True)
class _Start:
    """The first line of a message, its date not yet understood."""

    numbers: tuple[int, int, int]  # as they stand
    separator: str
    time: tuple[int, int, int]
    twelve_hours: bool
    rest: str

    def seconds(self, order: str) -> int | None:
        """Since 1970, the local time taken as UTC; None where there is no such day."""
        first, second, third = self.numbers
        if first > 31:
            year, month, day = first, second, third
        else:
            day, month, year = (first, second, third) if order == _DAY_FIRST else (second, first, third)
        year += 2000 if year < 100 else 0
        if year in _PERSIAN_YEARS:
            return _persian_seconds(year, month, day, self.time)
        try:
            return int(dt.datetime(year, month, day, *self.time, tzinfo=dt.UTC).timestamp())
        except (ValueError, OverflowError):
            return None


def _persian_seconds(year: int, month: int, day: int, time: tuple[int, int, int]) -> int | None:
    """Since 1970, to the day or so: a year begins about 21 March with six months of 31 days."""
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    days = (month - 1) * 30 + min(month - 1, 6) + day - 1
    start = dt.datetime(year + 621, 3, 21, tzinfo=dt.UTC)
    hours, minutes, seconds = time
    try:
        return int((start + dt.timedelta(days, seconds, 0, 0, minutes, hours)).timestamp())
    except OverflowError:
        return None


def is_whatsapp(head: str) -> bool:
    """Whether a text that begins so is WhatsApp's: it starts with a date, and soon somebody speaks."""
    lines = [line for line in head.split("\n", 60)[:60] if line.strip()]
    starts = [start for line in lines if (start := _start(line))]
    return bool(lines) and _start(lines[0]) is not None and any(_SAID.match(start.rest) for start in starts)


def read_whatsapp(source: Source, options: ReadingOptions) -> Iterator[Message]:
    """The messages of a chat; system lines and media without caption are none. Raises CorpusError."""
    order = _order(source)
    found = False
    for when, author, lines in _messages(source, order):
        text = notes.without_notes("\n".join(lines))
        if text:
            found = True
            text = _MENTIONED.sub(masking.USER, text) if options.mask else text
            yield Message(text, when, author, chat=source.title)
    if not found:
        raise CorpusError(f"expected messages in {source.title}, got none: export the chat again")


def _messages(source: Source, order: str) -> Iterator[tuple[int, str, list[str]]]:
    """Time, author and lines of everything that somebody said."""
    said: tuple[int, str, list[str]] | None = None
    length = 0
    for number, line in source.lines():
        start = _start(line)
        when = start.seconds(order) if start else None
        if start is None or when is None:
            length += len(line) + 1
            if length > LONGEST_LINE:
                raise CorpusError(
                    f"expected WhatsApp messages in {source.title}, got one without end at line {number:,}: "
                    "--plain reads it as plain text"
                )
            if said:
                said[2].append(line)
            continue
        if said:
            yield said
        match = _SAID.match(start.rest)
        author = notes.author(match.group(1)) if match else ""
        said = (when, author, [match.group(2) or ""]) if match and author else None
        length = len(line)
    if said:
        yield said


def _start(line: str) -> _Start | None:
    match = _HEADER.match(line)
    if not match:
        return None
    first, separator, second, third, before, hour, minute, second_of_time, after, rest = match.groups()
    hours, half = int(hour), before or after
    if half:
        hours = hours % 12 + (12 if _PM.fullmatch(half) else 0)
    time = (hours, int(minute), int(second_of_time or 0))
    return _Start((int(first), int(second), int(third)), separator, time, bool(half), rest)


def _order(source: Source) -> str:
    """Day or month first, told from the whole file: what no month can be, else what runs backwards least."""
    backwards = {_DAY_FIRST: 0, _MONTH_FIRST: 0}
    impossible = {_DAY_FIRST: 0, _MONTH_FIRST: 0}
    last = {_DAY_FIRST: 0, _MONTH_FIRST: 0}
    american = 0
    for _, line in source.lines():
        start = _start(line)
        if start is None:
            continue
        american += 1 if start.separator == "/" and start.twelve_hours else -1
        for order in last:
            when = start.seconds(order)
            if when is None:
                impossible[order] += 1
            else:
                backwards[order] += when < last[order]
                last[order] = when
    for evidence in (impossible, backwards):
        if evidence[_DAY_FIRST] != evidence[_MONTH_FIRST]:
            return min(evidence, key=lambda order: evidence[order])
    return _MONTH_FIRST if american > 0 else _DAY_FIRST
