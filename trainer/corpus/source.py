"""A source: bytes that can be read again from the start, as text in any encoding that can be told."""

import codecs
import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from trainer.corpus.characters import normalised
from trainer.corpus.foreign import foreign_kind
from trainer.errors import CorpusError

PIECE = 1 << 20  # bytes read at a time; a file is never whole in memory
LONGEST_LINE = 16 << 20  # characters; what is longer is no line of a chat or a table
HEAD = 1 << 16  # bytes by which a file is told
_MARKS = (  # longest first: the mark of UTF-16 begins that of UTF-32
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class ByteStream(Protocol):
    """What a source is read through."""

    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class Source:
    """A file on disk, in an archive or from the web."""

    title: str  # as messages to people call it
    path: PurePosixPath  # its place among others; the name may tell what it is
    open: Callable[[], AbstractContextManager[ByteStream]]
    encoding: str | None = None  # None: it tells its own, or is UTF-8
    file: Path | None = None  # where it lies on disk by itself; None within an archive

    @classmethod
    def of_file(cls, path: Path, encoding: str | None = None, below: Path | None = None) -> "Source":
        """A file on disk; its place is told from a folder above it, where one is given."""
        place = path.relative_to(below) if below else Path(path.name)
        return cls(printable(path), PurePosixPath(place), lambda: path.open("rb"), encoding, path)

    def head(self) -> bytes:
        """The first bytes. Raises CorpusError."""
        data = b""
        for chunk in self._chunks(HEAD):
            data += chunk
            if len(data) >= HEAD:
                break
        return data

    def told_encoding(self) -> str:
        """The encoding that the file tells, or that was named, or UTF-8."""
        head = self.head()
        told = next((name for mark, name in _MARKS if head.startswith(mark)), None)
        return told or self.encoding or "utf-8"

    def is_binary(self) -> bool:
        """Whether the head holds what no text does."""
        return foreign_kind(self.head()) is not None or "\0" in self.beginning()

    def beginning(self) -> str:
        """The head as text, what cannot be decoded left out; an encoding that is none is for the reader to say."""
        try:
            text = self.head().decode(self.told_encoding(), "ignore")
        except (LookupError, ValueError):
            return ""
        return text.removeprefix("\ufeff").replace("\r\n", "\n")

    def pieces(self) -> Iterator[str]:
        """Its text in NFC, with newlines as they are in Python. Raises CorpusError."""
        return normalised(self._decoded())

    def lines(self) -> Iterator[tuple[int, str]]:
        """Its lines without their ends, counted from 1. Raises CorpusError."""
        number, held = 1, ""
        for piece in self.pieces():
            first, *rest = piece.split("\n")
            held += first
            if len(held) > LONGEST_LINE:
                raise CorpusError(
                    f"expected lines under {LONGEST_LINE >> 20} Mi characters in {self.title}, got a longer one "
                    f"at line {number:,}: --plain reads it as plain text"
                )
            for line in rest:
                yield number, held
                number, held = number + 1, line
        if held:
            yield number, held

    def _chunks(self, size: int = PIECE) -> Iterator[bytes]:
        try:
            with self.open() as stream:
                while data := stream.read(size):
                    yield data
        except OSError as error:
            raise unreadable(self.title, error) from error

    def _decoded(self) -> Iterator[str]:
        encoding = self.told_encoding()
        decoder, newlines = _decoder(encoding), io.IncrementalNewlineDecoder(None, translate=True)
        position, waiting = 0, 0  # bytes handed to the decoder, and how many of them it still holds
        try:
            for data in self._chunks():
                waiting = len(decoder.getstate()[0])
                yield self._without_nul(newlines.decode(decoder.decode(data)), position)
                position += len(data)
            waiting = len(decoder.getstate()[0])
            yield newlines.decode(decoder.decode(b"", final=True), final=True)
        except UnicodeDecodeError as error:
            place = position - waiting + error.start
            raise CorpusError(
                f"expected {encoding} in {self.title}, got byte 0x{error.object[error.start]:02X} at byte {place:,}: "
                "name the file's encoding with --encoding, such as latin-1"
            ) from error
        except UnicodeError as error:
            raise CorpusError(
                f"expected {encoding} in {self.title}: {error}; name its encoding with --encoding"
            ) from error

    def _without_nul(self, text: str, position: int) -> str:
        if "\0" in text:
            raise CorpusError(
                f"expected text, got NUL bytes in {self.title} after byte {position:,}: "
                "name a text file, or its --encoding, such as utf-16-le"
            )
        return text


def printable(name: object) -> str:
    """A file's name for a sentence: no line breaks, no terminal codes, not endless."""
    text = "".join(character if character.isprintable() else "?" for character in str(name))
    return text if len(text) <= 200 else f"{text[:100]}...{text[-80:]}"


def unreadable(title: str, error: OSError) -> CorpusError:
    """For a file that the system does not give."""
    return CorpusError(f"cannot read {title} ({error.strerror or error}): check its name and permissions")


def _decoder(encoding: str) -> codecs.IncrementalDecoder:
    try:
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        if isinstance(decoder.decode(b""), str):  # unlike zlib and base64
            return decoder
    except (LookupError, ValueError, TypeError):  # TypeError is rot13's word
        pass
    raise CorpusError(f"expected an encoding such as latin-1, got {printable(encoding)!r}")
