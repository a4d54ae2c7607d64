"""Plain text, read as it stands."""

from collections.abc import Iterator

from trainer.corpus.foreign import foreign_kind
from trainer.corpus.options import ReadingOptions
from trainer.corpus.source import Source
from trainer.errors import CorpusError


def read_text(source: Source, options: ReadingOptions) -> Iterator[str]:
    """The pieces of one file. Raises CorpusError."""
    if options.authors:
        raise CorpusError(
            f"expected a chat to choose authors from, got plain text in {source.title}: leave out it or --author"
        )
    if kind := foreign_kind(source.head()):
        remedy = "unpack it and name what was in it" if kind.endswith("archive") else "save it as text and name that"
        raise CorpusError(f"expected text, got {kind}, {source.title}: {remedy}")
    if source.is_binary():
        raise CorpusError(
            f"expected text, got NUL bytes in {source.title}: name a text file, or its --encoding, such as utf-16-le"
        )
    yield from source.pieces()
