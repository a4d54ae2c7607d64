"""SQLite's write-ahead log, copied into the file beside the writers: none of them waits for the disk to have it.

SQLite itself lets the writer do it whose commit makes the log long; in a large database that takes a tenth of a second
and more, and everybody else waits for that writer.
"""

import asyncio
import logging
import sqlite3
import time
from contextlib import closing

from bot.storage import sqlite_file

EVERY = 1.0  # seconds between two copies, while there are commits
LONGEST = 16_384  # pages (64 MB) after which SQLite does it by itself, should we have failed to
PATIENCE = 1.0  # seconds to wait for a lock of somebody else's

_log = logging.getLogger(__name__)


class WriteAheadLog:
    """The log of one database file, for one event loop."""

    def __init__(self, path: str, every: float = EVERY) -> None:
        self._path = path
        self._every = every
        self._last = time.monotonic()
        self._copying: asyncio.Task[None] | None = None

    def committed(self) -> None:
        """After each commit: begin to copy, in a thread, unless that was done a moment ago."""
        now = time.monotonic()
        is_busy = self._copying is not None and not self._copying.done()
        if not is_busy and now - self._last >= self._every:
            self._last = now
            self._copying = asyncio.create_task(asyncio.to_thread(self._copy))

    async def close(self) -> None:
        """Wait for a copy that has begun."""
        if self._copying is not None:
            await asyncio.wait([self._copying])

    def _copy(self) -> None:
        try:
            file = sqlite_file.existing(self._path)
            with closing(sqlite3.connect(file, timeout=PATIENCE, uri=True)) as connection:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except sqlite3.Error as error:  # what is wrong with the database, its writers say
            _log.debug("the write-ahead log was not copied: %s", type(error).__name__)
