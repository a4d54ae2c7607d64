"""The connections of a SQLite database: each keeps the pages that questions need, and the last one used is the next."""

from contextlib import AsyncExitStack
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.database import Database


async def test_each_connection_keeps_sixteen_megabytes_of_pages(address: str) -> None:
    """SQLite's two hold the inner pages of no large database, and each question would read them again."""
    async with Database(address) as database:
        for way in (database.reading, database.writing, database.snapshot):
            async with way() as connection:
                assert (await connection.exec_driver_sql("PRAGMA cache_size")).scalar() == -16 * 1024


async def file_handle(connection: AsyncConnection) -> Any:
    return (await connection.get_raw_connection()).driver_connection


async def test_the_connection_used_last_is_used_next_since_its_pages_are_the_newest(address: str) -> None:
    async with Database(address) as database, AsyncExitStack() as last:
        async with database.reading() as first:
            before = await file_handle(first)
            newest = await file_handle(await last.enter_async_context(database.reading()))
        await last.aclose()
        for _ in range(3):
            async with database.writing() as connection:
                assert await file_handle(connection) is newest is not before
