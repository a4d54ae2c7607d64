"""The file of a SQLite database: opened only where it is, and used only while it has its name.

SQLite itself does not notice that an open file was moved, deleted or replaced. What went into a file without a
name would be lost without a word; another one in its place, such as a restored backup, is opened instead.
"""

from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

from bot.storage.errors import DatabaseUnreachable


def existing(path: str) -> str:
    """The file as an address for `sqlite3.connect(..., uri=True)` that never makes it anew."""
    return f"file:{quote(path)}?mode=rw"


def which(path: str) -> tuple[int, int]:
    """The file that has the name now, by its device and its number there.

    Raises DatabaseUnreachable where there is none.
    """
    try:
        found = Path(path).stat()
    except OSError as error:
        raise DatabaseUnreachable(f"expected the database at {path}, but it is gone: put it back there") from error
    return found.st_dev, found.st_ino


def stay_with(engine: Engine, path: str) -> None:
    """Have an engine look, before each transaction, whether its connection's file still has the name."""

    @event.listens_for(engine, "connect")
    def remember(_: object, record: Any) -> None:
        record.info["file"] = which(path)

    @event.listens_for(engine, "checkout")
    def compare(_: object, record: Any, __: object) -> None:
        if record.info["file"] != which(path):
            raise DisconnectionError("another file has the name")  # so SQLAlchemy opens that one
