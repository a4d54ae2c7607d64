"""Sole use: one bot to a database; a second one, as during an update, waits until the first has ended.

Two of them would both answer what waits in the inbox. A SQLite file has a lock beside it, which the system gives back
whatever a process dies of; a PostgreSQL server has a lock of its own, which ends with the connection that took it.
Who loses that connection writes nothing until the lock is his again, and ends where another bot has it by then.
"""

import asyncio
import contextlib
import datetime as dt
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import IO, Any, NoReturn

from sqlalchemy import URL, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from bot.observability.trouble import Trouble
from bot.storage.database import CONNECT_TIMEOUT, Database, connect_arguments
from bot.storage.errors import DatabaseLocked, DatabaseUnreachable, StorageError, translated

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

LOOK_EVERY = 0.5  # seconds
CHECK_EVERY = 5.0  # seconds between two looks whether the connection with the server's lock is still there
# Seconds: a server that says nothing for so long is gone, its machine or the road there, and nobody has closed
# the connection. Where packets are lost, the system gives up as soon (see `connect_arguments`); but a proxy on the road
# acknowledges them all the same.
ANSWER = float(CONNECT_TIMEOUT)
# Seconds: where a server was away, whoever had the lock takes it again before those who wait for it, even if it has
# only just looked, and begun to connect right before the server came back.
PRECEDENCE = CHECK_EVERY + CONNECT_TIMEOUT + 5.0
KEY = 0x436F746F727261  # of the server's lock, in its own database; any number that nobody else there would think of

# The server gives the lock of a machine that is gone without a word to who waits for it after half a minute, not two
# hours.
_NOTICE = text(
    "SELECT set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '10', false), "
    "set_config('tcp_keepalives_count', '2', false)"
)
# The lock may still be with our own connection that broke, which the server does not know yet.
_SELF = text("SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()")
_END_FORMER = text(
    "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid) "
    "WHERE locktype = 'advisory' AND pid = :pid AND backend_start = :since"
)

_log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def sole_use(
    database: Database, lost: Callable[[StorageError], None], check_every: float = CHECK_EVERY, answer: float = ANSWER
) -> AsyncIterator[None]:
    """No other bot uses this database within; `lost` is called once if one does all the same.

    check_every, answer: seconds between two questions whether a server is still there, and that it has to answer one.
    Raises StorageError where a server can be reached and not be used.
    """
    if database.url.get_backend_name() == "sqlite":
        async with contextlib.AsyncExitStack() as stack:
            await _take_file(database.url, database.name, stack)
            yield
        return
    lock = _ServersLock(database, lost, check_every, answer)
    keeping = asyncio.create_task(lock.keep(), name="the database's lock")
    taking = asyncio.create_task(lock.taken.wait())
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


async def _take_file(url: URL, name: str, stack: contextlib.AsyncExitStack) -> None:
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
        trouble.begins("taken", _taken(name))
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


class _ServersLock:
    """The lock in a server, on a connection of its own; taken again where that breaks."""

    def __init__(
        self, database: Database, lost: Callable[[StorageError], None], check_every: float, answer: float
    ) -> None:
        self.taken = asyncio.Event()
        self._database = database
        self._lost = lost
        self._check_every = check_every
        self._answer = answer
        self._trouble = Trouble("the database", _log)
        self._is_second = False
        # The server's end of the connection that has the lock, or had it last: numbers are used again.
        self._backend: tuple[int, dt.datetime] | None = None

    async def keep(self) -> None:
        """Have the lock until cancelled, or until another bot has taken it."""
        arguments = connect_arguments(self._database.url, 0)
        engine = create_async_engine(
            self._database.url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=arguments
        )
        while True:
            try:
                with translated(self._database.name):
                    async with engine.connect() as connection:
                        if not await self._take(connection):
                            self._lost(DatabaseLocked(_taken_meanwhile(self._database.name)))
                            return
                        await self._hold(connection)
            except StorageError as error:
                await self._pause(error)

    async def _take(self, connection: AsyncConnection) -> bool:
        """Take the lock as soon as it is free; again, only where no other bot has it."""
        await connection.execute(_NOTICE)
        if self._backend is not None:
            return await self._take_again(connection, *self._backend)
        if self._is_second:
            await asyncio.sleep(PRECEDENCE)
        while not await _lock_server(connection):
            self._is_second = True
            self._trouble.begins("taken", _taken(self._database.name))
            await asyncio.sleep(LOOK_EVERY)
        return True

    async def _take_again(self, connection: AsyncConnection, pid: int, since: dt.datetime) -> bool:
        former = {"pid": pid, "since": since}
        while (await connection.execute(_END_FORMER, former)).first() is not None:  # noqa: ASYNC110  it says nothing
            await asyncio.sleep(LOOK_EVERY)
        return await _lock_server(connection)

    async def _hold(self, connection: AsyncConnection) -> NoReturn:
        """Be the one who uses the database for as long as the connection lasts. Raises StorageError."""
        pid, since = (await connection.execute(_SELF)).one()
        self._backend = pid, since
        self._trouble.ends()
        self.taken.set()
        self._database.is_ours = True
        try:
            await _until_it_breaks(connection, self._check_every, self._answer)
        finally:
            self._database.is_ours = False

    async def _pause(self, error: StorageError) -> None:
        if self._backend is not None:  # whoever wants to write says so
            await asyncio.sleep(LOOK_EVERY)
            return
        if not isinstance(error, DatabaseUnreachable):
            raise error
        self._trouble.begins("away", f"{error}; trying again")
        await asyncio.sleep(LOOK_EVERY)


async def _lock_server(connection: AsyncConnection) -> bool:
    """Whether nobody else has the lock."""
    return bool((await connection.execute(select(func.pg_try_advisory_lock(KEY)))).scalar())


async def _until_it_breaks(connection: AsyncConnection, check_every: float, answer: float) -> NoReturn:
    """Ask whenever the server says something by itself, as it does when it ends the connection, and now and then."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    loop, heard = asyncio.get_running_loop(), asyncio.Event()
    while True:
        descriptor = driver.fileno()
        loop.add_reader(descriptor, heard.set)
        try:
            async with asyncio.timeout(check_every):
                await heard.wait()
        except TimeoutError:
            pass
        finally:
            loop.remove_reader(descriptor)
        heard.clear()
        with _hung_up_after(answer, descriptor):
            await connection.execute(select(1))


@contextlib.contextmanager
def _hung_up_after(seconds: float, descriptor: int) -> Iterator[None]:
    """A connection whose server does not answer within so many seconds ends from this side.

    So whoever waits for the answer gets an error. To cancel would not do: the driver asks the server first.
    """
    with socket.socket(fileno=socket.dup(descriptor)) as line:
        timer = asyncio.get_running_loop().call_later(seconds, _hang_up, line)
        try:
            yield
        finally:
            timer.cancel()


def _hang_up(line: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it has just ended by itself
        line.shutdown(socket.SHUT_RDWR)


def _taken(name: str) -> str:
    return f"another bot uses {name}: this one begins when that one has ended"


def _taken_meanwhile(name: str) -> str:
    return f"another bot has begun to use {name} while this one could not reach it, so this one ends: run only one"
