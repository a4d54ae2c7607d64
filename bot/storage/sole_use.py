"""Sole use: one bot to a SQLite file; a second one, as during an update, waits until the first has ended.

Two of them would both answer what waits in the inbox. The system gives the lock back whatever a process dies of.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

from sqlalchemy import URL

from bot.observability.trouble import Trouble

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

LOOK_EVERY = 0.5  # seconds

_log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def sole_use(url: URL) -> AsyncIterator[None]:
    """No other bot uses this database within; on PostgreSQL, the operator sees to that."""
    if url.get_backend_name() != "sqlite" or fcntl is None:
        yield
        return
    async with contextlib.AsyncExitStack() as stack:
        # A file of its own: closing a second handle of SQLite's own file would break SQLite's locks.
        path = Path(f"{url.database}-bot")
        try:
            file = stack.enter_context(await asyncio.to_thread(path.open, "a"))
        except OSError as error:  # the database itself will say what is wrong there
            _log.debug("no lock beside the database: %s", error.strerror)
        else:
            await _turn(file, url)
        yield


async def _turn(file: IO[str], url: URL) -> None:
    trouble = Trouble("the database", _log)
    while not _lock(file):
        trouble.begins("taken", f"another bot uses {url.database}: this one begins when that one has ended")
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
