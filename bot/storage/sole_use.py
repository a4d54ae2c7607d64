"""Sole use: one bot to a database; a second one, as during an update, waits until the first has ended.

Two of them would both answer what waits in the inbox. A SQLite file has a lock beside it, which the system gives back
whatever a process dies of; a PostgreSQL server has a lock of its own, which ends with the connection that took it.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO, NoReturn

from sqlalchemy import URL, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from bot.observability.trouble import Trouble
from bot.storage.database import CONNECT_TIMEOUT, connect_arguments, shown
from bot.storage.errors import DatabaseUnreachable, translated

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

LOOK_EVERY = 0.5  # seconds
CHECK_EVERY = 5.0  # seconds between two looks whether the connection with the server's lock is still there
# Seconds: where a server was away, whoever had the lock takes it again before those who wait for it, even if it has
# only just looked, and begun to connect right before the server came back.
PRECEDENCE = CHECK_EVERY + CONNECT_TIMEOUT + 5.0
KEY = 0x436F746F727261  # of the server's lock, in its own database; any number that nobody else there would think of

_log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def sole_use(url: URL, check_every: float = CHECK_EVERY) -> AsyncIterator[None]:
    """No other bot uses this database within. Raises StorageError where a server can be reached and not be used."""
    if url.get_backend_name() == "sqlite":
        async with contextlib.AsyncExitStack() as stack:
            await _take_file(url, stack)
            yield
        return
    taken = asyncio.Event()
    keeping = asyncio.create_task(_keep(url, taken, check_every), name="the database's lock")
    taking = asyncio.create_task(taken.wait())
    try:
        await asyncio.wait([keeping, taking], return_when=asyncio.FIRST_COMPLETED)
        if keeping.done():
            keeping.result()
        yield
    finally:
        for task in (keeping, taking):
            task.cancel()
        await asyncio.wait([keeping, taking])


# --- the lock beside a file -------------------------------------------------------------------------------


async def _take_file(url: URL, stack: contextlib.AsyncExitStack) -> None:
    if fcntl is None:
        return
    # A file of its own: closing a second handle of SQLite's own file would break SQLite's locks.
    path = Path(f"{url.database}-bot")
    try:
        file = stack.enter_context(await asyncio.to_thread(path.open, "a"))
    except OSError as error:  # the database itself will say what is wrong there
        _log.debug("no lock beside the database: %s", error.strerror)
        return
    trouble = Trouble("the database", _log)
    while not _lock(file):
        trouble.begins("taken", _taken(url))
        await asyncio.sleep(LOOK_EVERY)
    trouble.ends()


def _lock(file: IO[str]) -> bool:
    """Whether nobody else has the lock; true too where the file system knows no locks."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        _log.debug("no lock beside the database: %s", error.strerror)
    return True


# --- the lock in a server ---------------------------------------------------------------------------------


async def _keep(url: URL, taken: asyncio.Event, check_every: float) -> NoReturn:
    """Have the server's lock until cancelled, on a connection of its own; taken again where that breaks."""
    arguments = connect_arguments(url, 0)
    engine = create_async_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=arguments)
    trouble = Trouble("the database", _log)
    is_second = False
    while True:
        try:
            with translated(shown(url)):
                async with engine.connect() as connection:
                    if is_second and not taken.is_set():
                        await asyncio.sleep(PRECEDENCE)
                    while not await _lock_server(connection):
                        is_second = True
                        trouble.begins("taken", _taken_meanwhile(url) if taken.is_set() else _taken(url))
                        await asyncio.sleep(LOOK_EVERY)
                    trouble.ends()
                    taken.set()
                    await _until_it_breaks(connection, check_every)
        except DatabaseUnreachable as error:
            if not taken.is_set():  # else whoever wants to write says so
                trouble.begins("away", f"{error}; trying again")
            await asyncio.sleep(LOOK_EVERY)


async def _lock_server(connection: AsyncConnection) -> bool:
    """Whether nobody else has the lock."""
    return bool((await connection.execute(select(func.pg_try_advisory_lock(KEY)))).scalar())


async def _until_it_breaks(connection: AsyncConnection, check_every: float) -> NoReturn:
    while True:
        await asyncio.sleep(check_every)
        await connection.execute(select(1))


def _taken(url: URL) -> str:
    return f"another bot uses {shown(url)}: this one begins when that one has ended"


def _taken_meanwhile(url: URL) -> str:
    return f"another bot has begun to use {shown(url)} while the server was away: stop one of the two"
