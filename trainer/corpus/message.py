"""A message of a chat, whatever program wrote it down."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody said. A row of a table is one too, without time and often without author."""

    text: str
    when: int | None = None  # seconds since 1970; an export that tells no time zone is taken as UTC
    author: str | None = None  # None where the account is gone or the table has no such column
    author_id: str | None = None  # such as user123456789
    chat: str = ""  # tells one chat from another within a corpus
    forwarded: bool = False
    allowed: bool = True  # False: its author did not allow it, and the text is not here; it is counted, never learned


Piece = str | Message  # what readers yield: plain text as it stands, or messages yet to be filtered
