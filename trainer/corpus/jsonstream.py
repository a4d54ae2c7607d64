"""A JSON file of any size, walked value by value, with a megabyte or so in memory."""

import json
import re
from collections.abc import Iterator
from typing import Any

from trainer.corpus.source import PIECE, Source
from trainer.errors import CorpusError

LARGEST = 4 << 20  # characters of one value; a message has 4,096 and what is said about it
_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")
_AFTER = ("", ",", "]", "}", ":")  # what may follow a whole value


class JsonStream:
    """A place in a JSON text that only moves forward. Every method raises CorpusError naming the line."""

    def __init__(self, source: Source) -> None:
        self.title = source.title
        self._pieces = source.pieces()
        self._buffer = ""
        self._at = 0
        self._line = 1  # of the buffer's start

    def peek(self) -> str:
        """The next character that is no space, or nothing at the end."""
        while True:
            self._at = _match_end(_SPACE, self._buffer, self._at)
            if self._at < len(self._buffer):
                return self._buffer[self._at]
            if not self._more():
                return ""

    def take(self, expected: str) -> str:
        """Step over one character, which must be among these."""
        character = self.peek()
        if not character:
            raise self.cut_short()
        if character not in expected:
            raise self.malformed(f"{character!r} where {' or '.join(expected)} belongs")
        self._at += 1
        return character

    def fields(self) -> Iterator[str]:
        """The keys of the object that begins here; who asks takes each value before the next key."""
        self.take("{")
        if self.peek() == "}":
            self.take("}")
            return
        while True:
            if self.peek() not in ('"', ""):
                raise self.malformed("a key without quotation marks")
            key = str(self.value())
            self.take(":")
            yield key
            if self.take(",}") == "}":
                return

    def elements(self) -> Iterator[None]:
        """Stand before each element of the list that begins here; who asks takes it before the next."""
        self.take("[")
        if self.peek() == "]":
            self.take("]")
            return
        while True:
            yield
            if self.take(",]") == "]":
                return

    def value(self) -> Any:
        """The value that begins here, whole."""
        if not self.peek():
            raise self.cut_short()
        failed_at = -1
        while True:
            try:
                value, end = _DECODER.raw_decode(self._buffer, self._at)
            except RecursionError as error:
                raise self.malformed("lists within lists without end") from error
            except json.JSONDecodeError as error:
                place = error.pos - self._at
                open_ended = error.msg.startswith("Unterminated string") or error.pos >= len(self._buffer) - 16
                if place == failed_at and not open_ended:
                    raise self.malformed(error.msg, error.pos) from error
                failed_at = place
            except ValueError as error:
                raise self.malformed(str(error)) from error
            else:
                following = _match_end(_SPACE, self._buffer, end)
                if self._buffer[following : following + 1] in _AFTER[1:]:
                    self._at = end
                    return value
                if following < len(self._buffer) and self._buffer[following] not in ".eE0123456789":
                    raise self.malformed(f"{self._buffer[following]!r} after a value", following)
            if not self._more():
                return self._last(failed_at)
            if len(self._buffer) - self._at > LARGEST + PIECE:
                raise self.malformed(f"a value of more than {LARGEST >> 20} Mi characters")

    def skip(self, levels: int = 3) -> None:
        """Step over the value that begins here; what is long at its upper levels is passed bit by bit."""
        opening = self.peek()
        if levels and opening == "[":
            for _ in self.elements():
                self.skip(levels - 1)
        elif levels and opening == "{":
            for _ in self.fields():
                self.skip(levels - 1)
        else:
            self.value()

    def malformed(self, what: str, at: int | None = None) -> CorpusError:
        """The error for something that is not as it should be, here or at another place of the buffer."""
        line = self._line + self._buffer.count("\n", 0, self._at if at is None else at)
        return CorpusError(f"expected JSON in {self.title}, got {what} at line {line:,}: export or copy it again")

    def cut_short(self) -> CorpusError:
        """The error for a text that ends before its end."""
        line = self._line + self._buffer.count("\n")
        return CorpusError(
            f"expected the rest of the JSON in {self.title}, but it ends at line {line:,}: export or copy it again"
        )

    def _last(self, failed_at: int) -> Any:
        """What stands at the very end of the text, where nothing follows a value."""
        try:
            value, end = _DECODER.raw_decode(self._buffer, self._at)
        except ValueError as error:
            raise self.cut_short() from error
        if self._buffer[end:].strip():
            raise self.malformed("more after a value", end)
        self._at = end
        return value

    def _more(self) -> bool:
        """Read on, dropping what was taken."""
        piece = next(self._pieces, None)
        if piece is None:
            return False
        self._line += self._buffer.count("\n", 0, self._at)
        self._buffer = self._buffer[self._at :] + piece
        self._at = 0
        return True


def _match_end(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start
