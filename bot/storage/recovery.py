"""Recovery: after damage, a sound database is waited for at the address of the damaged one.

Whether it is another one, or the same one mended, does not matter. It is taken once it has stopped changing, so that a
copy under way is not taken for the whole; an empty one is none, and none is made.
"""

import asyncio
import logging
import time
from contextlib import AsyncExitStack
from pathlib import Path

from sqlalchemy import Table, Text, cast, func, select

from bot.observability.trouble import Trouble
from bot.storage.database import Database, parse_url
from bot.storage.errors import StorageError
from bot.storage.schema import current_version
from bot.storage.soundness import RARELY, look_through
from bot.storage.tables import metadata

EVERY = 2.0  # seconds between two looks at a file's name, size and time, or at a server
SELDOM = 4.0  # times as long as a look at a server took: a fifth of the time, as nothing tells when it was mended

_log = logging.getLogger(__name__)


async def sound_again(address: str, every: float = EVERY) -> None:
    """Return as soon as a sound database lies at the address.

    every: seconds between two looks; what stays as it was is looked through more rarely, if that takes long.
    """
    is_file = parse_url(address).get_backend_name() == "sqlite"
    await (_file_sound_again if is_file else _server_sound_again)(address, every)


async def _file_sound_again(address: str, every: float) -> None:
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
        await _expect_tables(database)


async def _expect_tables(database: Database) -> None:
    if await current_version(database) is None:
        raise StorageError(f"expected Cotorra's tables in {database.name}, got none: restore a backup")


async def _server_sound_again(address: str, every: float) -> None:
    """A server's is sound when every row could be read twice, and there were no more of them the second time."""
    tables = list(metadata.sorted_tables)
    trouble = Trouble("the database", _log)
    seen: dict[str, int] | None = None
    while True:
        began = time.monotonic()
        before, seen = seen, None
        try:
            seen = await _read_all(address, tables)
        except StorageError as error:
            trouble.begins(str(error), str(error))
        if seen is not None and seen == before:
            return
        await asyncio.sleep(max(every, SELDOM * (time.monotonic() - began)))


async def _read_all(address: str, tables: list[Table]) -> dict[str, int]:
    """How many rows each table has, each read whole; a table that fails is the first of them next time.

    Raises StorageError where a row cannot be read, or there are no tables of ours.
    """
    rows = {}
    async with AsyncExitStack() as stack:
        database = Database(address)
        stack.push_async_exit(database)
        await _expect_tables(database)
        async with database.reading() as connection:
            for place, table in enumerate(tables):
                tables.insert(0, tables.pop(place))
                # PostgreSQL: the row as text, so that what lies apart from it, as long texts do, is read as well.
                row = cast(table.table_valued(), Text)
                found = await connection.execute(select(func.count(), func.max(func.octet_length(row))))
                rows[table.name] = found.one()[0]
    return rows
