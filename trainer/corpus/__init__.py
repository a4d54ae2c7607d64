"""What to learn from: one reader per source, each a stream of pieces of text."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from trainer.corpus.download import address_name, downloaded, is_address
from trainer.corpus.filters import Filters
from trainer.corpus.message import Piece
from trainer.corpus.named import NAMED as NAMED
from trainer.corpus.named import read_named
from trainer.corpus.options import ReadingOptions as ReadingOptions
from trainer.corpus.order import Conversations
from trainer.corpus.source import printable
from trainer.corpus.together import read_file, read_path
from trainer.errors import CorpusError

_GATHERED = 1 << 18  # characters handed on at once, where messages are short


@dataclass(frozen=True)
class Corpus:
    """A name for the model card, and the pieces of text in reading order."""

    name: str
    pieces: Iterator[str]


def open_corpus(
    sources: Sequence[str],
    encoding: str | None = None,
    options: ReadingOptions | None = None,
    scratch: Path | None = None,
) -> Corpus:
    """The corpus of files, folders, addresses and well-known names, read as it is consumed.

    Plain texts and undated rows come first, in the order named; then all chats together, in order of time.
    A path is taken before a name. The encoding is that of files that do not tell theirs. scratch: the folder for
    what must wait on disk.
    Raises CorpusError at once for a source that does not exist, later for one that cannot be read.
    """
    names = [_name(source) for source in sources]
    return Corpus(" + ".join(names), _gathered(_read_all(sources, encoding, options or ReadingOptions(), scratch)))


def _name(source: str) -> str:
    if is_address(source):
        return address_name(source)
    if _exists(source):
        return printable(Path(source).name or Path(source).resolve().name)
    if source in NAMED:
        return source
    raise CorpusError(
        f"expected a file, a folder, an http address or one of {', '.join(NAMED)}, "
        f"got {printable(source)!r}: there is no such thing"
    )


def _exists(source: str) -> bool:
    try:
        return bool(source) and Path(source).exists()
    except (OSError, ValueError):  # a link to itself, a NUL, a name longer than names can be
        return False


def _read_all(
    sources: Sequence[str], encoding: str | None, options: ReadingOptions, scratch: Path | None
) -> Iterator[str]:
    filters, has_text = Filters(options), False
    with closing(Conversations(scratch)) as conversations:
        for source in sources:
            for piece in _read(source, encoding, options, scratch):
                if isinstance(piece, str):
                    has_text = True
                    yield piece
                elif message := filters.apply(piece):
                    if message.when is None:
                        yield filters.line(message)
                    else:
                        conversations.add(message, message.when, filters.line(message))
        filters.check(" + ".join(map(_name, sources)), has_text)
        yield from conversations.pieces()


def _read(source: str, encoding: str | None, options: ReadingOptions, scratch: Path | None) -> Iterator[Piece]:
    if _exists(source):
        yield from read_path(Path(source), encoding, options)
    elif is_address(source):
        with downloaded(source, encoding, scratch=scratch) as file:
            yield from read_file(file, options)
    elif options.authors:
        raise CorpusError(f"expected a chat to choose authors from, got {source}: leave out it or --author")
    else:
        yield from read_named(source)


def _gathered(pieces: Iterator[str]) -> Iterator[str]:
    """The same text in fewer pieces: each costs who reads them some microseconds."""
    held: list[str] = []
    length = 0
    for piece in pieces:
        held.append(piece)
        length += len(piece)
        if length >= _GATHERED:
            yield "".join(held)
            held, length = [], 0
    if held:
        yield "".join(held)
