"""Recovery: after damage, a sound SQLite file is waited for under the name of the damaged one.

Whether it is another file, or the same one mended, does not matter. It is looked through once it has stopped changing,
so that a copy under way is not taken for the whole; an empty one is none, and none is made.
"""

import asyncio
import logging
import time
from contextlib import AsyncExitStack
from pathlib import Path

from bot.observability.trouble import Trouble
from bot.storage.database import Database, parse_url
from bot.storage.errors import StorageError
from bot.storage.schema import current_version
from bot.storage.soundness import RARELY, look_through

EVERY = 2.0  # seconds between two looks at the file's name, size and time

_log = logging.getLogger(__name__)


def is_file(address: str) -> bool:
    """Whether the database is a file that somebody can put another one in the place of. Raises StorageError."""
    return parse_url(address).get_backend_name() == "sqlite"


async def sound_again(address: str, every: float = EVERY) -> None:
    """Return as soon as a sound database lies at the address of a SQLite file.

    every: seconds between two looks; a file that stays as it was is looked through more rarely, if that takes long.
    """
    path = Path(str(parse_url(address).database))
    trouble = Trouble("the database", _log)
    seen: tuple[int, ...] | None = None
    due = 0.0
    while True:
        await asyncio.sleep(every)
        before, seen = seen, _looks(path)
        if seen is None or seen != before:  # gone, or still being written
            due = 0.0
            continue
        began = time.monotonic()
        if began < due:
            continue
        try:
            await _look(address)
        except StorageError as error:
            trouble.begins(str(error), str(error))
            due = time.monotonic() + RARELY * (time.monotonic() - began)
        else:
            return


def _looks(path: Path) -> tuple[int, ...] | None:
    """What tells a file from another one that had its name; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


async def _look(address: str) -> None:
    """Raises StorageError where the file is no sound database of ours, or somebody is at work on it."""
    async with AsyncExitStack() as stack:
        database = Database(address)
        stack.push_async_exit(database)  # not entered: that would make a file where there is none
        await look_through(database)
        if await current_version(database) is None:
            raise StorageError(f"expected Cotorra's tables in {database.name}, got none: restore a backup")
