"""Text files and folders of them, in any encoding that can be told."""

import codecs
import io
import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from trainer.errors import CorpusError

_PIECE = 1 << 20  # bytes read at a time; a file is never whole in memory
_MARKS = (  # longest first: the mark of UTF-16 begins that of UTF-32
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_path(path: Path, encoding: str | None = None) -> Iterator[str]:
    """A file's text, or that of every text file below a folder, in order of name.

    In a folder, hidden files and files that are no text are passed over. Yields pieces in NFC, with
    newlines as they are in Python. Raises CorpusError naming the file, the place and the remedy.
    """
    if not path.is_dir():
        yield from read_text(path, encoding)
        return
    found = False
    for file in _files_below(path):
        if not _is_binary(_head(file)):
            found = True
            yield from read_text(file, encoding)
            yield "\n"  # the end of one text is not the middle of the next
    if not found:
        raise CorpusError(f"expected text files in the folder {path}, found none: name another")


def read_text(path: Path, encoding: str | None = None) -> Iterator[str]:
    """The pieces of one file. Raises CorpusError."""
    head = _head(path)
    if encoding is None:
        encoding = next((name for mark, name in _MARKS if head.startswith(mark)), "utf-8")
        if encoding == "utf-8" and _is_binary(head):
            raise CorpusError(f"expected text, got NUL bytes in {path}: name a text file, or its --encoding")
    return _normalised(_decoded(path, encoding))


def _decoded(path: Path, encoding: str) -> Iterator[str]:
    try:
        decoder = codecs.getincrementaldecoder(encoding)("strict")
    except LookupError:
        raise CorpusError(f"expected an encoding such as latin-1, got {encoding!r}") from None
    newlines = io.IncrementalNewlineDecoder(None, translate=True)
    position, waiting = 0, 0  # bytes handed to the decoder, and how many of them it still holds
    try:
        with path.open("rb") as file:
            while data := file.read(_PIECE):
                waiting = len(decoder.getstate()[0])
                yield newlines.decode(decoder.decode(data))
                position += len(data)
            waiting = len(decoder.getstate()[0])
            yield newlines.decode(decoder.decode(b"", final=True), final=True)
    except OSError as error:
        raise _unreadable(path, error) from error
    except UnicodeDecodeError as error:
        place = position - waiting + error.start
        raise CorpusError(
            f"expected {encoding} in {path}, got byte 0x{error.object[error.start]:02X} at byte {place:,}: "
            "name the file's encoding with --encoding, such as latin-1"
        ) from error
    except UnicodeError as error:
        raise CorpusError(f"expected {encoding} in {path}: {error}; name its encoding with --encoding") from error


def _normalised(pieces: Iterator[str]) -> Iterator[str]:
    """NFC over the seams of the pieces: a letter waits until the marks that may follow it are here."""
    held = ""
    for piece in pieces:
        text = held + piece
        cut = len(text) - 1
        while cut > 0 and unicodedata.combining(text[cut]):
            cut -= 1
        held = text[max(cut, 0) :]
        yield unicodedata.normalize("NFC", text[: max(cut, 0)])
    yield unicodedata.normalize("NFC", held)


def _files_below(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):  # does not follow links to folders, so no loop is endless
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(parent, name) for name in sorted(files) if not name.startswith("."))


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(8192)
    except OSError as error:
        raise _unreadable(path, error) from error


def _is_binary(head: bytes) -> bool:
    return b"\0" in head and not any(head.startswith(mark) for mark, _ in _MARKS)


def _unreadable(path: Path, error: OSError) -> CorpusError:
    return CorpusError(f"cannot read {path} ({error.strerror}): check its name and permissions")
