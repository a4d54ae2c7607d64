"""What the operator chose about reading: column, authors, speakers, masking, forwards."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ReadingOptions:
    """How sources are read; a plain text is only ever read as it stands."""

    column: str | None = None  # of a table; None looks for text, message or content
    authors: tuple[str, ...] = ()  # whose messages are learned; everybody's where none is named
    speakers: bool = False  # "Ana: hello" instead of "hello"; off, as a name is personal data too
    mask: bool = True  # a bot repeats what it has learned, to anybody
    forwards: bool = False  # what was forwarded is nobody's own voice, and mostly spam
    plain: bool = False  # every file is plain text, whatever it looks like
