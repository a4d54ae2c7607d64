"""SQLite's write-ahead log, copied into the file beside the writers: none of them waits for the disk to have it.

SQLite itself lets the writer do it whose commit makes the log long; in a large database that takes a tenth of a second
and more, and everybody else waits for that writer. A log that is written to all the time would become so long in spite
of the copies, each of which leaves what was written meanwhile. So a long log is begun anew now and then: the little
that the copies left is copied while nobody writes.
"""

import asyncio
import logging
import sqlite3
import time
from contextlib import AbstractAsyncContextManager, closing
from typing import Literal, NamedTuple

from bot.storage import sqlite_file

EVERY = 1.0  # seconds between two copies, while there are commits
LONGEST = 131_072  # pages (512 MB) after which SQLite does it by itself, should we have failed to
LONG = 2_048  # pages (8 MB) after which the log is begun anew
FEW = 512  # pages (2 MB) that are copied while nobody writes, at most
PATIENCE = 1.0  # seconds to wait for a lock of somebody else's
NO_PATIENCE = 0.01  # seconds, while nobody can write

_log = logging.getLogger(__name__)


class _Copied(NamedTuple):
    """How many pages the log has, and how many of them are not in the file yet."""

    pages: int
    left: int


class WriteAheadLog:
    """The log of one database file, for one event loop.

    writer: whoever writes in this process holds it, waiting in order.
    """

    def __init__(self, path: str, writer: AbstractAsyncContextManager[object], every: float = EVERY) -> None:
        self._path = path
        self._writer = writer
        self._every = every
        self._last = time.monotonic()
        self._copying: asyncio.Task[None] | None = None

    def committed(self) -> None:
        """After each commit: begin to copy, in a thread, unless that was done a moment ago."""
        now = time.monotonic()
        is_busy = self._copying is not None and not self._copying.done()
        if not is_busy and now - self._last >= self._every:
            self._last = now
            self._copying = asyncio.create_task(self._copy())

    async def at_rest(self) -> None:
        """Wait for a copy that has begun."""
        if self._copying is not None:
            await asyncio.wait([self._copying])

    async def _copy(self) -> None:
        copied = await asyncio.to_thread(self._checkpoint, "PASSIVE", PATIENCE)
        if copied.pages > LONG:
            # What was written meanwhile takes less time, and what is written in that time hardly any.
            copied = await asyncio.to_thread(self._checkpoint, "PASSIVE", PATIENCE)
            if copied.left < FEW:  # or somebody still reads what was there before it
                async with self._writer:
                    await asyncio.to_thread(self._checkpoint, "RESTART", NO_PATIENCE)

    def _checkpoint(self, mode: Literal["PASSIVE", "RESTART"], patience: float) -> _Copied:
        """What was copied; nothing if that is not known.

        PASSIVE waits for nobody; RESTART keeps others from writing, and has the next one of them begin the log anew.
        """
        try:
            file = sqlite_file.existing(self._path)
            with closing(sqlite3.connect(file, timeout=patience, uri=True)) as connection:
                _, pages, copied = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
                return _Copied(pages, pages - copied)
        except sqlite3.Error as error:  # what is wrong with the database, its writers say
            _log.debug("the write-ahead log was not copied: %s", type(error).__name__)
            return _Copied(0, 0)
