"""A database as a value: address -> engine -> transactions. SQLite (WAL) and PostgreSQL alike.

No transaction stays open while something outside the database is awaited: `writing` and `reading` are for a
few statements each.
"""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from bot.storage import sqlite_driver, sqlite_file
from bot.storage.errors import DatabaseDamaged, DatabaseUnreachable, DatabaseUnwritable, StorageError, translated
from bot.storage.write_ahead_log import LONGEST, WriteAheadLog

BUSY_TIMEOUT = 5.0  # seconds to wait for another writer; a write of ours takes a few milliseconds
CONNECT_TIMEOUT = 10  # seconds for a server to answer; psycopg takes whole ones
SCRUB_TIMEOUT = 0.01  # seconds that a scrub waits for others, while nobody can write
SCRUB_PAUSE = 0.1  # seconds in which everybody who waited for it has written
SCRUB_TRIES = 20
OWNER_ALONE = 0o600  # a new file's rights: what people wrote is nobody else's on this machine; SQLite's logs follow
POOL = 4  # connections; SQLite has one writer anyway, and each costs a thread and a page cache
CACHE = 16_384  # kilobytes of it at most: what lies above the leaves of ten million prompts' trees, read but once

_DRIVERS = {  # plain address -> (with asyncio, without)
    "sqlite": ("sqlite+aiosqlite", "sqlite+pysqlite"),
    "postgresql": ("postgresql+psycopg", "postgresql+psycopg"),
    "postgres": ("postgresql+psycopg", "postgresql+psycopg"),
}


def parse_url(text: str, asynchronous: bool = True) -> URL:
    """The address with the driver this program uses.

    Raises StorageError for an address that is none, or of another kind of database.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise StorageError(
            "DATABASE_URL: expected an address such as sqlite:////srv/cotorra.sqlite or postgresql://user@host/cotorra"
        ) from None
    kind = url.drivername.split("+")[0]
    if kind not in _DRIVERS:
        raise StorageError(f"DATABASE_URL: expected sqlite or postgresql, got {kind}")
    if kind == "sqlite" and url.database in (None, "", ":memory:"):
        raise StorageError("DATABASE_URL: expected the path of a SQLite file, as in sqlite:////srv/cotorra.sqlite")
    return url.set(drivername=_DRIVERS[kind][0 if asynchronous else 1])


def shown(url: URL) -> str:
    """The database in a sentence: a path, or an address without its password."""
    return str(url.database) if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)


def refuse_missing(address: str) -> None:
    """For those who only read: opening a SQLite file that is not there would make it. Raises DatabaseUnreachable."""
    url = parse_url(address)
    if url.get_backend_name() == "sqlite" and not Path(str(url.database)).exists():
        raise DatabaseUnreachable(
            f"expected a database at {url.database}, but there is no such file: name the one that is meant with "
            "DATABASE_URL, or its folder with COTORRA_DATA_DIR"
        )


def make_folder(url: URL) -> None:
    """Make the folder of a SQLite file where there is none. Raises DatabaseUnwritable."""
    if url.get_backend_name() != "sqlite":
        return
    folder = Path(str(url.database)).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseUnwritable(f"expected to make the folder {folder}: {error.strerror}") from error


def connect_arguments(url: URL, busy_timeout: float) -> dict[str, Any]:
    """The driver's arguments: for SQLite, transactions begin when we say so; for PostgreSQL, no long wait."""
    if url.get_backend_name() == "sqlite":
        return {"isolation_level": None, "timeout": busy_timeout}
    return {"connect_timeout": CONNECT_TIMEOUT, "tcp_user_timeout": CONNECT_TIMEOUT * 1_000}


def try_sqlite(url: URL, busy_timeout: float) -> None:
    """Open the file once without asyncio, and put it into WAL mode, which it keeps.

    A new one is for its owner alone. A file that cannot be opened is found out here, since aiosqlite leaves a thread
    behind for each.
    Raises StorageError.
    """
    path = Path(str(url.database))
    with contextlib.suppress(OSError):  # it is there, or SQLite itself says what is wrong
        path.touch(OWNER_ALONE, exist_ok=False)
    with translated(shown(url)), closing(sqlite3.connect(path, timeout=busy_timeout)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")


def truncate_log(url: URL) -> bool:
    """Copy the write-ahead log into the file and cut it to nothing; whether nobody was in the way.

    Raises StorageError.
    """
    file = sqlite_file.existing(str(url.database))
    with translated(shown(url)), closing(sqlite3.connect(file, timeout=SCRUB_TIMEOUT, uri=True)) as connection:
        for _ in range(SCRUB_TRIES):
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")  # the work: nobody waits
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return True
            time.sleep(SCRUB_PAUSE)
    return False


def prepare_sqlite(engine: Engine, foreign_keys: bool = True) -> None:
    """Make a SQLite engine behave: foreign keys, and transactions that lock when they begin.

    A transaction that reads first and writes later can fail at once where another one wrote in between; so
    writers begin with BEGIN IMMEDIATE, which waits for its turn, and readers say so by an execution option.
    """

    @event.listens_for(engine, "connect")
    def pragmas(connection: Any, _: object) -> None:
        try:
            cursor = connection.cursor()
            # NORMAL loses nothing when the process dies; only a power cut may take the last transactions.
            cursor.execute("PRAGMA synchronous = NORMAL")
            # What is deleted is overwritten with zeros, so that nobody reads it from the file's free places.
            cursor.execute("PRAGMA secure_delete = ON")
            cursor.execute(f"PRAGMA wal_autocheckpoint = {LONGEST}")
            cursor.execute(f"PRAGMA cache_size = -{CACHE}")
            cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
            cursor.close()
        except BaseException:
            connection.close()  # SQLAlchemy forgets it here, and its thread would outlive the loop
            raise

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


class Database:
    """The bot's database; an async context manager that closes every connection.

    Methods raise StorageError where the database cannot be used.
    """

    def __init__(self, address: str, busy_timeout: float = BUSY_TIMEOUT) -> None:
        self.url = parse_url(address)
        self.name = shown(self.url)
        self.is_ours = True  # whether no other bot may be using it: see bot.storage.sole_use
        self.damage: DatabaseDamaged | None = None  # then it is only read
        self._damaged = asyncio.Event()
        self._busy_timeout = busy_timeout
        # SQLite lets writers in by chance, after naps; those of one process come in order instead.
        is_sqlite = self.url.get_backend_name() == "sqlite"
        self._writer: AbstractAsyncContextManager[object] = asyncio.Lock() if is_sqlite else nullcontext()
        self._log: WriteAheadLog | None = None
        make_folder(self.url)
        try:
            self._engine = create_async_engine(
                self.url,
                **self._connecting(),
                pool_size=POOL,
                max_overflow=0,
                pool_use_lifo=True,  # SQLite empties a connection's page cache once another one has written
                hide_parameters=True,  # an error's text would quote what people wrote
                pool_pre_ping=self.url.get_backend_name() != "sqlite",
            )
        except (ImportError, NoSuchModuleError) as error:
            raise StorageError("expected psycopg for PostgreSQL: pip install 'cotorra[postgresql]'") from error
        if self.url.get_backend_name() == "sqlite":
            prepare_sqlite(self._engine.sync_engine)
            sqlite_file.stay_with(self._engine.sync_engine, str(self.url.database))
            self._log = WriteAheadLog(str(self.url.database), self._writer)

    def _connecting(self) -> dict[str, Any]:
        if self.url.get_backend_name() == "sqlite":
            return {"async_creator": partial(sqlite_driver.connect, str(self.url.database), self._busy_timeout)}
        return {"connect_args": connect_arguments(self.url, self._busy_timeout)}

    async def __aenter__(self) -> "Database":
        if self.url.get_backend_name() == "sqlite":
            await asyncio.to_thread(try_sqlite, self.url, self._busy_timeout)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._log is not None:
            await self._log.at_rest()
        await self._engine.dispose()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed at the end, rolled back by an error."""
        with self.translated():
            if self.damage is not None:  # it would get worse
                raise DatabaseDamaged(str(self.damage))
            if not self.is_ours:
                raise DatabaseUnreachable(
                    f"expected to be the only bot at {self.name}, but lost sight of it: looking if that is still so"
                )
            async with self._writer, self._engine.begin() as connection:
                yield connection
        if self._log is not None:
            self._log.committed()

    async def at_rest(self) -> None:
        """Wait until nothing is being copied out of SQLite's write-ahead log: the disk has much to do meanwhile."""
        if self._log is not None:
            await self._log.at_rest()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A consistent view that keeps no writer waiting; it writes nothing."""
        with self.translated():
            async with self._engine.connect() as connection:
                await connection.execution_options(reading=True)
                async with connection.begin():
                    yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """Like `reading`, for many statements that all see the database as it was for the first, and for streams.

        While it is open, SQLite's write-ahead log grows and keeps what is erased meanwhile.
        """
        with self.translated():
            async with self._streaming_engine() as engine, engine.connect() as connection, connection.begin():
                yield connection

    @asynccontextmanager
    async def _streaming_engine(self) -> AsyncIterator[AsyncEngine]:
        """SQLite's rows as they come need the common driver; ours, which answers quickly, reads all of them at once."""
        if self.url.get_backend_name() != "sqlite":
            yield self._engine.execution_options(isolation_level="REPEATABLE READ")
            return
        arguments = connect_arguments(self.url, self._busy_timeout)
        engine = create_async_engine(self.url, poolclass=NullPool, connect_args=arguments, hide_parameters=True)
        prepare_sqlite(engine.sync_engine)
        try:
            yield engine.execution_options(reading=True)
        finally:
            await engine.dispose()

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Whatever is wrong with the database is a StorageError; that it is damaged stays known.

        A SQLite file that is gone is found out before SQLite says less.
        """
        try:
            with translated(self.name):
                if self.url.get_backend_name() == "sqlite":
                    sqlite_file.which(str(self.url.database))
                yield
        except DatabaseDamaged as damage:
            self.damage = self.damage or damage
            self._damaged.set()
            raise

    async def until_damaged(self) -> DatabaseDamaged:
        """Wait until the database is known to be damaged; how."""
        while self.damage is None:
            await self._damaged.wait()
        return self.damage

    async def scrub(self) -> bool:
        """Move what was erased out of SQLite's write-ahead log too; whether all of it is gone by now.

        Readers and writers may keep it from ending; it waits for nobody, and the next scrub goes on. On PostgreSQL
        there is nothing to do here.
        """
        if self.url.get_backend_name() != "sqlite":
            return True
        return await asyncio.to_thread(truncate_log, self.url)
