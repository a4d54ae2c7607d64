"""What to learn from: one reader per source, each a stream of pieces of text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from trainer.corpus.named import NAMED as NAMED
from trainer.corpus.named import read_named
from trainer.corpus.text import read_path
from trainer.errors import CorpusError


@dataclass(frozen=True)
class Corpus:
    """A name for the model card, and the pieces of text in reading order."""

    name: str
    pieces: Iterator[str]


def open_corpus(sources: Sequence[str], encoding: str | None = None) -> Corpus:
    """The corpus of files, folders and well-known names, read as it is consumed.

    A path is taken before a name. The encoding is that of files that do not tell theirs.
    Raises CorpusError at once for a source that does not exist, later for one that cannot be read.
    """
    for source in sources:
        if not Path(source).exists() and source not in NAMED:
            raise CorpusError(
                f"expected a file, a folder or one of {', '.join(NAMED)}, got {source!r}: there is no such thing"
            )
    names = [Path(source).name if Path(source).exists() else source for source in sources]
    return Corpus(" + ".join(names), _read_all(sources, encoding))


def _read_all(sources: Sequence[str], encoding: str | None) -> Iterator[str]:
    for source in sources:
        yield from read_path(Path(source), encoding) if Path(source).exists() else read_named(source)
