"""Soundness: SQLite's file is looked through at the start and now and then, since what nobody reads may be damaged too.

A bot that went on with a damaged file would tell Telegram that it has what a restored backup does not have.
"""

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from functools import partial
from typing import NoReturn

from bot.storage import sqlite_file
from bot.storage.database import Database
from bot.storage.errors import DatabaseDamaged, StorageError

EVERY = 3_600.0  # seconds from one look to the next, at least
RARELY = 200.0  # times as long as a look takes: half a percent of the time, whatever the size
PATIENCE = 3.0  # seconds for which a start waits: a gigabyte or so; a larger file goes on being looked through

_log = logging.getLogger(__name__)


async def look_through(database: Database) -> None:
    """Let SQLite look at every page, in a thread, beside readers and writers; a server does that for itself.

    Raises DatabaseDamaged, or StorageError where the file cannot be read.
    """
    if database.url.get_backend_name() != "sqlite":
        return
    with database.translated():
        connect = partial(sqlite3.connect, uri=True, check_same_thread=False)
        with closing(connect(sqlite_file.existing(str(database.url.database)))) as connection:
            looking = asyncio.create_task(asyncio.to_thread(_first_fault, connection))
            try:
                fault = await asyncio.shield(looking)
            finally:
                while not looking.done():
                    connection.interrupt()  # of no use before the thread has begun
                    await asyncio.wait([looking], timeout=0.1)
        if fault is not None:
            raise DatabaseDamaged(f"expected a sound database in {database.name}, got: {fault}; restore a backup")


def _first_fault(connection: sqlite3.Connection) -> str | None:
    """In SQLite's words, which quote nobody."""
    result: str = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    return None if result == "ok" else " ".join(result.split())


@asynccontextmanager
async def looked_through(database: Database, patience: float = PATIENCE, every: float = EVERY) -> AsyncIterator[None]:
    """The file is looked through again and again within, first of all; the database then takes no writes if damaged."""
    looked = asyncio.Event()
    looking = asyncio.create_task(_look_again(database, looked, every), name="looking through the database")
    waiting = asyncio.create_task(looked.wait())
    try:
        await asyncio.wait([waiting], timeout=patience)
        yield
    finally:
        for task in (looking, waiting):
            task.cancel()
        await asyncio.wait([looking, waiting])


async def _look_again(database: Database, looked: asyncio.Event, every: float) -> NoReturn:
    while True:
        began = time.monotonic()
        try:
            await look_through(database)
        except StorageError as error:  # damage is known by now; of anything else, whoever wants to write says so
            _log.debug("the database was not looked through: %s", type(error).__name__)
        looked.set()
        await asyncio.sleep(max(every, RARELY * (time.monotonic() - began)))
