"""StopRule: when a text is at its end: a length, a sentence or line near it, a stop string.

Knows no network: it looks at the text alone, one character after another, so the same text ends at the same
place in whatever steps it was written.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

from model.config import check_length
from model.errors import ConfigError

Ending = Literal["length", "sentence", "line"]
Reason = Literal["length", "sentence", "line", "stop string", "stopped"]

ENDINGS: tuple[Ending, ...] = get_args(Ending)
MOST_STOPS = 8
LONGEST_STOP = 64  # characters

_CLOSERS = "\"'»”’)]*_"  # what may stand between a sentence's last mark and the space after it
_MARKS = ".!?…"
_WIDE_MARKS = "。！？"  # no space follows these
_NARROWEST, _WIDEST = 20, 200  # characters


@dataclass(frozen=True)
class StopRule:
    """When to stop writing.

    length: characters wanted.
    ending: `length` stops after exactly so many, in mid-word if need be. `sentence` stops at the first end of a
        sentence or a line from a quarter before the wanted length on (200 characters at most); where none has come
        a quarter after it, at the next end of a word; and another quarter later wherever it is. `line` does the same
        and takes no sentence for an end.
    stops: the text also ends before any of these, which are left out of it.

    Raises ConfigError for a length out of range, an ending that does not exist, and too many or too long stops.
    """

    length: int
    ending: Ending = "length"
    stops: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_length(self.length)
        if self.ending not in ENDINGS:
            raise ConfigError(f"expected an ending out of {', '.join(ENDINGS)}, got {self.ending!r}")
        if len(self.stops) > MOST_STOPS or not all(0 < len(stop) <= LONGEST_STOP for stop in self.stops):
            raise ConfigError(f"expected at most {MOST_STOPS} stop strings of 1 to {LONGEST_STOP} characters")

    def reason(self, text: str) -> Reason | None:
        """Why a text that has just got its last character ends here; None while it goes on."""
        if self.stops and text.endswith(self.stops):
            return "stop string"
        written = len(text)
        if self.ending == "length":
            return "length" if written >= self.length else None
        if written < self.least:
            return None
        if text.endswith("\n"):
            return "line"
        if self.ending == "sentence" and _ends_a_sentence(text):
            return "sentence"
        is_over = written >= self.most or (written >= self.length + self.margin and text[-1:].isspace())
        return "length" if is_over else None

    def end(self, text: str, after: int = 0) -> tuple[int, Reason] | None:
        """After how many characters a text ends, and why, if none of the first `after` was its end; None: not yet."""
        first = after + 1 if self.stops else max(after + 1, self.least)
        for written in range(first, len(text) + 1):
            reason = self.reason(text[:written])
            if reason is not None:
                return written, reason
        return None

    def shown(self, text: str) -> str:
        """The text without a stop string at its end, nor the beginning of one that may yet become whole."""
        for stop in self.stops:
            if text.endswith(stop):
                return text[: -len(stop)]
        held = max((_overlap(text, stop) for stop in self.stops), default=0)
        return text[: len(text) - held]

    @cached_property
    def least(self) -> int:
        """How long a text becomes at least that no stop string ends, in characters."""
        return self.length if self.ending == "length" else max(1, self.length - self.margin)

    @cached_property
    def most(self) -> int:
        """How long a text becomes at most, in characters."""
        return self.length if self.ending == "length" else self.length + 2 * self.margin

    @cached_property
    def margin(self) -> int:
        """How far from the wanted length a text may end, in characters."""
        return min(max(self.length // 4, _NARROWEST), _WIDEST)


def _ends_a_sentence(text: str) -> bool:
    if text.endswith(tuple(_WIDE_MARKS)):
        return True
    return text[-1:].isspace() and text[:-1].rstrip(_CLOSERS).endswith(tuple(_MARKS))


def _overlap(text: str, stop: str) -> int:
    """How many characters at the end of the text begin the stop string."""
    return next((n for n in range(min(len(stop) - 1, len(text)), 0, -1) if text.endswith(stop[:n])), 0)
