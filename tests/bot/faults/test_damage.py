"""Pages of the database's file overwritten under a running bot: found although nobody reads them, and the bot ends."""

import asyncio
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest

from bot.operators import DAMAGED
from bot.playground import Playground
from bot.rules.access import Access
from bot.storage.database import Database
from bot.storage.errors import DatabaseDamaged
from bot.storage.schema import prepare_schema
from bot.storage.soundness import look_through, looked_through
from tests.bot.fakes import FakeGenerator
from tests.bot.faults.test_database_gone import file_of
from tests.bot.stage import Stage

YOU = Playground().world.you.id  # the same in every new world


def overwrite(file: Path, table: str) -> None:
    """The first page of a table, as a failing disk does it."""
    with closing(sqlite3.connect(file)) as connection:
        while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            pass  # somebody reads: what is in the log would hide the damage, and mend it
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as pages:
        pages.seek((page - 1) * size)
        pages.write(b"\xde\xad" * (size // 2))


async def test_damage_that_nobody_reads_is_found_by_the_next_look(address: str) -> None:
    async with Database(address) as database:
        await prepare_schema(database, address)
        async with looked_through(database, every=0):
            assert not database.damaged.is_set()
            await asyncio.to_thread(overwrite, file_of(address), "ratings")
            await asyncio.wait_for(database.damaged.wait(), 30)
        with pytest.raises(DatabaseDamaged, match="restore a backup"):
            async with database.writing():
                pytest.fail("it is written to")


async def test_a_file_that_is_damaged_already_is_refused_before_anything_is_taken(stage: Stage) -> None:
    await stage.stop()
    await asyncio.to_thread(overwrite, file_of(stage.address), "ratings")
    await stage.playground.say(stage.you, stage.you, "/seed after")
    with pytest.raises(DatabaseDamaged, match="restore a backup"):
        await stage.start()
    assert len(stage.playground.updates) == 1


async def test_a_look_that_takes_long_keeps_no_start_waiting_and_ends_with_it(address: str) -> None:
    async with Database(address) as database:
        await prepare_schema(database, address)
        with closing(sqlite3.connect(file_of(address))) as other:
            other.execute("PRAGMA ignore_check_constraints = ON")  # they are checked by a look, row by row
            other.execute("CREATE TABLE slow (n CHECK (length(hex(zeroblob(20000000 + n))) > 0))")
            other.executemany("INSERT INTO slow VALUES (?)", [(n,) for n in range(10_000)])
            other.commit()
        async with asyncio.timeout(30), looked_through(database, patience=0):
            assert database.damage is None


async def test_a_running_bot_whose_database_is_damaged_tells_its_operator_and_ends_and_takes_nothing(
    address: str,
) -> None:
    async with Stage(address, FakeGenerator(), Access(admins=frozenset({YOU}))) as stage:
        await stage.ask("/seed before")
        await stage.settled()
        services = stage.application.bot_data
        await asyncio.to_thread(overwrite, file_of(address), "ratings")
        with suppress(DatabaseDamaged):
            await look_through(services.database)
        await stage.playground.say(stage.group, stage.you, "/seed@cotorra_bot after")
        with pytest.raises(DatabaseDamaged, match="restore a backup"):
            await asyncio.wait_for(services.life, 30)
        await stage.stop()
        assert [call.text for call in stage.sent(YOU)].count(DAMAGED) == 1
        assert len(stage.playground.updates) == 1


async def test_a_page_that_is_read_and_damaged_ends_a_bot_too(stage: Stage) -> None:
    services = stage.application.bot_data
    await asyncio.to_thread(overwrite, file_of(stage.address), "ratings")
    with pytest.raises(DatabaseDamaged):
        async with services.database.reading() as connection:
            await connection.exec_driver_sql("SELECT * FROM ratings")
    with pytest.raises(DatabaseDamaged):
        await asyncio.wait_for(services.life, 30)
