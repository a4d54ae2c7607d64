"""The error tree of `bot.storage`, drawn; and the one place where drivers' errors become ours.

StorageError               below CotorraError: the database cannot be used; the sentence says what to do
├── DatabaseLocked         another program holds it
├── DatabaseUnwritable     no such place, no right to write there
├── DatabaseFull           the disk is full
├── DatabaseDamaged        not a database, or a corrupted one
├── DatabaseUnreachable    the server does not answer, or does not let us in
├── SchemaTooNew           written by a newer version of this program
└── SchemaForeign          somebody else's tables
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from model.errors import CotorraError


class StorageError(CotorraError):
    """The database cannot be used."""


class DatabaseLocked(StorageError):
    """Another program holds the database."""


class DatabaseUnwritable(StorageError):
    """There is no such place, or no right to write there."""


class DatabaseFull(StorageError):
    """The disk is full."""


class DatabaseDamaged(StorageError):
    """The file is no database, or a corrupted one."""


class DatabaseUnreachable(StorageError):
    """The server does not answer, or does not let us in."""


class SchemaTooNew(StorageError):
    """The tables were made by a newer version of this program."""


class SchemaForeign(StorageError):
    """The tables are somebody else's."""


# SQLite's own words, https://www.sqlite.org/rescode.html: the primary code alone does not tell all apart.
_SQLITE: tuple[tuple[str, type[StorageError], str], ...] = (
    (
        "locked",
        DatabaseLocked,
        "expected {name} to be free, but another program holds it: stop that one, or try again",
    ),
    (
        "busy",
        DatabaseLocked,
        "expected {name} to be free, but another program holds it: stop that one, or try again",
    ),
    (
        "readonly",
        DatabaseUnwritable,
        "expected to write to {name}, but it is read-only: check its owner and its rights",
    ),
    (
        "unable to open",
        DatabaseUnwritable,
        "expected to open {name}: check that its folder exists and can be written to",
    ),
    ("disk is full", DatabaseFull, "expected room on the disk of {name}, but it is full: free some space"),
    (
        "disk i/o",
        DatabaseUnwritable,
        "expected to read and write {name}, but the disk failed: check the disk",
    ),
    (
        "malformed",
        DatabaseDamaged,
        "expected a sound database in {name}, but it is damaged: restore a backup",
    ),
    (
        "not a database",
        DatabaseDamaged,
        "expected a SQLite database in {name}, got another file: choose another path",
    ),
)
# Of https://www.postgresql.org/docs/current/errcodes-appendix.html, what lasts until somebody acts.
_POSTGRESQL: dict[str, tuple[type[StorageError], str]] = {
    "25006": (
        DatabaseUnwritable,
        "expected to write to {name}, but it is read-only: name its primary server, or let this user write there",
    ),
    "42501": (DatabaseUnwritable, "expected the right to write to {name}: grant it to this user"),
    "XX001": (DatabaseDamaged, "expected sound data in {name}, but the server says it is damaged: restore a backup"),
    "XX002": (DatabaseDamaged, "expected sound indexes in {name}, but the server says they are damaged: REINDEX"),
    "53100": (DatabaseFull, "expected room on the disk of {name}, but it is full: free some space"),
}


def read_only(name: str) -> StorageError:
    """The error for a PostgreSQL server that takes no writes."""
    kind, sentence = _POSTGRESQL["25006"]
    return kind(sentence.format(name=name))


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Turn a driver's errors about the database `name` (never with its password) into a StorageError.

    Mistakes of ours, such as wrong SQL, pass as they are.
    """
    try:
        yield
    except DBAPIError as error:
        if (ours := _translate(error, name)) is None:
            raise
        raise ours from error
    except sqlite3.Error as error:
        if (ours := _translate_sqlite(error, name)) is None:
            raise
        raise ours from error


def _translate(error: DBAPIError, name: str) -> StorageError | None:
    if isinstance(error.orig, sqlite3.Error):
        return _translate_sqlite(error.orig, name)
    if (known := _POSTGRESQL.get(getattr(error.orig, "sqlstate", None) or "")) is not None:
        kind, sentence = known
        return kind(sentence.format(name=name))
    if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
        reason = " ".join(str(error.orig).split())[:200]
        return DatabaseUnreachable(f"expected to talk to {name}: {reason}")
    return None


def _translate_sqlite(error: sqlite3.Error, name: str) -> StorageError | None:
    words = str(error).lower()
    for part, kind, sentence in _SQLITE:
        if part in words:
            return kind(sentence.format(name=name))
    return None
