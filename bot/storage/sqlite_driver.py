"""aiosqlite with one trip to its thread for each statement: SQLAlchemy's way of asking takes five.

Each trip wakes a thread and then the event loop, which costs more than what SQLite itself has to do. Here a
statement is executed, its rows are read and its cursor is closed in one go; SQLAlchemy reads all rows at once anyway.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Self

import aiosqlite

from bot.storage.sqlite_file import existing


async def connect(path: str, busy_timeout: float) -> "OneTripConnection":
    """A connection to a file that is there, in which transactions begin when we say so. Raises sqlite3.Error."""
    connector = partial(
        sqlite3.connect,
        existing(path),
        timeout=busy_timeout,
        isolation_level=None,
        check_same_thread=False,
        uri=True,
    )
    connection = OneTripConnection(connector, iter_chunk_size=64)
    # Its thread must not keep a program alive that has forgotten a connection; as SQLAlchemy does it itself.
    connection._thread.daemon = True
    await connection
    return connection


class OneTripConnection(aiosqlite.Connection):
    """A connection whose cursors make one trip per statement.

    A transaction begins on the trip of its first statement, and the end of one that only read is waited for by
    nobody: the thread does everything in the order in which it was asked.
    """

    _begin: str | None = None  # what is to begin on the next trip
    _is_reading = False
    _is_open = False  # a transaction may have begun in the thread

    def cursor(self) -> "OneTripCursor":  # type: ignore[override]
        """A cursor, made by its first statement."""
        return OneTripCursor(self)

    def begin_later(self, statement: str) -> None:
        """Begin a transaction with the next statement: BEGIN to read, or one that locks to write."""
        self._begin = statement
        self._is_reading = statement == "BEGIN"

    async def commit(self) -> None:
        """Raises sqlite3.Error where something was written."""
        self._begin = None
        if self._is_open and self._is_reading:
            self._tx.put_nowait((None, self._conn.commit))
        elif self._is_open:
            await super().commit()
        self._is_open = False

    async def rollback(self) -> None:
        """Roll back, unless nothing was begun: a pool asks for it each time that a connection comes back."""
        self._begin = None
        if self._is_open:
            await super().rollback()
            self._is_open = False

    async def trip(self, function: Callable[[], Any]) -> Any:
        """What the function returns, called in the connection's thread, after what is to begin."""
        begin, self._begin = self._begin, None
        if begin is None:
            return await self._execute(function)  # type: ignore[no-untyped-call]
        self._is_open = True  # even if nobody waits any more: the thread goes on with it

        def both() -> Any:
            self._conn.execute(begin).close()
            return function()

        return await self._execute(both)  # type: ignore[no-untyped-call]


class OneTripCursor:
    """As much of a cursor as SQLAlchemy asks for."""

    arraysize = 1

    def __init__(self, connection: OneTripConnection) -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, operation: str, parameters: Sequence[Any] = ()) -> None:
        """Raises sqlite3.Error."""
        if operation.startswith("BEGIN"):
            self._connection.begin_later(operation)
        else:
            await self._connection.trip(lambda: self._run(lambda cursor: cursor.execute(operation, parameters)))

    async def executemany(self, operation: str, parameters: Iterable[Sequence[Any]]) -> None:
        """Raises sqlite3.Error."""
        await self._connection.trip(lambda: self._run(lambda cursor: cursor.executemany(operation, parameters)))

    async def fetchall(self) -> list[Any]:
        """The rows that are left."""
        rows, self._rows = self._rows, []
        return rows

    async def close(self) -> None:
        """It is closed already."""

    def _run(self, execute: Callable[[sqlite3.Cursor], object]) -> None:
        """In the connection's thread."""
        cursor = self._connection._conn.cursor()
        try:
            execute(cursor)
            self._rows = cursor.fetchall()
            self.description, self.rowcount, self.lastrowid = cursor.description, cursor.rowcount, cursor.lastrowid
        finally:
            cursor.close()
