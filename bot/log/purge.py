"""Purging by the operator: all that the terms promise, now, and whole prompts where they are older than a date."""

import datetime as dt
from pathlib import Path

from sqlalchemy import func, select

from bot.errors import LogError
from bot.garbage import settle
from bot.privacy.retention import Purged, Retention
from bot.storage.database import Database
from bot.storage.erasure import Erasure
from bot.storage.tables import prompts


async def purge_all(database: Database, folder: Path, days: int) -> Purged:
    """Erase what is due, and again whom a tombstone in the data folder or the database names."""
    settle()
    return await Retention(database, folder, days).purge(whole=True)


async def check_purged(database: Database, folder: Path) -> None:
    """Raises LogError where a restored backup has brought back what people took away, until it is purged."""
    if found := await Retention(database, folder, 0).back_again():
        raise LogError(
            f"expected a database without what people took away, got one with {found} of them back, as from a restored "
            "backup: run cotorra logs purge first"
        )


async def count_before(database: Database, time: dt.datetime) -> int:
    """How many prompts were asked before this time."""
    async with database.reading() as connection:
        counted: int = (await connection.execute(select(func.count()).where(prompts.c.asked_at < time))).scalar_one()
    return counted


async def delete_before(database: Database, time: dt.datetime) -> int:
    """Delete the prompts asked before this time, some at a time; how many they were."""
    deleted = await Erasure(database).delete_before(time)
    await database.scrub()
    return deleted
