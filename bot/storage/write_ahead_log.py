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
from typing import Literal

from bot.storage import sqlite_file

EVERY = 1.0  # seconds between two copies, while there are commits
LONGEST = 16_384  # pages (64 MB) after which SQLite does it by itself, should we have failed to
LONG = 2_048  # pages (8 MB) after which the log is begun anew
PATIENCE = 1.0  # seconds to wait for a lock of somebody else's
NO_PATIENCE = 0.01  # seconds, while nobody can write

_log = logging.getLogger(__name__)


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

    async def close(self) -> None:
        """Wait for a copy that has begun."""
        if self._copying is not None:
            await asyncio.wait([self._copying])

    async def _copy(self) -> None:
        pages = await asyncio.to_thread(self._checkpoint, "PASSIVE", PATIENCE)
        if pages > LONG:
            # What was written meanwhile takes less time, and what is written in that time hardly any.
            await asyncio.to_thread(self._checkpoint, "PASSIVE", PATIENCE)
            async with self._writer:
                await asyncio.to_thread(self._checkpoint, "RESTART", NO_PATIENCE)

    def _checkpoint(self, mode: Literal["PASSIVE", "RESTART"], patience: float) -> int:
        """How many pages the log has, those of them that are in the file by now included; 0 if that is not known.

        PASSIVE waits for nobody; RESTART keeps others from writing, and has the next one of them begin the log anew.
        """
        try:
            file = sqlite_file.existing(self._path)
            with closing(sqlite3.connect(file, timeout=patience, uri=True)) as connection:
                _, pages, _ = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
                return int(pages)
        except sqlite3.Error as error:  # what is wrong with the database, its writers say
            _log.debug("the write-ahead log was not copied: %s", type(error).__name__)
            return 0
