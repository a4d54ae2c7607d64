"""WhatsApp's exported .txt, from Android and from iPhones, in the date formats of many countries."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from trainer.corpus import whatsapp_notes as notes
from trainer.corpus.message import Message
from trainer.corpus.options import ReadingOptions
from trainer.corpus.source import LONGEST_LINE, Source
from trainer.errors import CorpusError

_MARKS = "[\u200e\u200f\u202a-\u202e\ufeff]*"
_HEADER = re.compile(
    rf"{_MARKS}\[?{_MARKS}(\d{{1,4}}){_MARKS}([./-]) ?{_MARKS}(\d{{1,2}}){_MARKS}[./-] ?{_MARKS}(\d{{1,4}}){_MARKS}"
    rf"\.?,?\s{{1,2}}{_MARKS}(?:(?:a las|às|à|um|om|alle|kl\.?)\s)?"
    rf"(\d{{1,2}})[:.](\d\d)(?:[:.](\d\d))?(?:\s?([ap])\.?\s?m\.?)?{_MARKS}(?:\]\s?|\s[-–]\s)(.*)",
    re.IGNORECASE,
)
_SAID = re.compile(r"([^:\"“«]{1,120}?):(?:\s(.*)|$)")
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
        try:
            return int(dt.datetime(year, month, day, *self.time, tzinfo=dt.UTC).timestamp())
        except (ValueError, OverflowError):
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
    first, separator, second, third, hour, minute, second_of_time, half, rest = match.groups()
    hours = int(hour)
    if half:
        hours = hours % 12 + (12 if half in "pP" else 0)
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
