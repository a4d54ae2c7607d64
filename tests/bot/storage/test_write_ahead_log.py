"""The write-ahead log is copied beside the writers, and never by them."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Literal

import pytest
from sqlalchemy import text

from bot.storage.database import Database
from bot.storage.write_ahead_log import LONG, LONGEST, WriteAheadLog


def make(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("CREATE TABLE words (word TEXT)")
    connection.commit()
    return connection


async def test_after_a_commit_the_log_is_copied_into_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    with closing(make(path)) as connection:
        connection.execute("INSERT INTO words VALUES ('parrot')")
        connection.commit()
        assert b"parrot" not in path.read_bytes()
        log = WriteAheadLog(str(path), asyncio.Lock(), every=0)
        log.committed()
        await log.at_rest()
        assert b"parrot" in path.read_bytes()


async def test_it_is_not_copied_again_at_once(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    with closing(make(path)) as connection:
        connection.execute("INSERT INTO words VALUES ('parrot')")
        connection.commit()
        log = WriteAheadLog(str(path), asyncio.Lock(), every=3_600)
        log.committed()
        await log.at_rest()
        assert b"parrot" not in path.read_bytes()


async def test_a_log_that_is_written_to_all_the_time_is_begun_anew(tmp_path: Path) -> None:
    path, pages = tmp_path / "x.sqlite", 0
    with closing(make(path)) as connection:

        def write() -> None:
            connection.execute("INSERT INTO words VALUES (zeroblob(400000))")
            connection.commit()

        writer = asyncio.Lock()
        log = WriteAheadLog(str(path), writer, every=0)
        while pages < 8 * LONG:
            async with writer:
                await asyncio.to_thread(write)
            log.committed()
            pages += 100
        await log.at_rest()
        assert (tmp_path / "x.sqlite-wal").stat().st_size < 4 * LONG * 4_096


class Turns(asyncio.Lock):
    """Counts how often it was taken."""

    taken = 0

    async def acquire(self) -> Literal[True]:
        self.taken += 1
        return await super().acquire()


async def test_a_long_log_is_begun_anew_while_nobody_writes_and_a_short_one_is_not(tmp_path: Path) -> None:
    path, writer = tmp_path / "x.sqlite", Turns()
    with closing(make(path)) as connection:
        for pages in (1, LONG):
            assert writer.taken == 0
            connection.execute("INSERT INTO words VALUES (zeroblob(?))", [pages * 4_096])
            connection.commit()
            log = WriteAheadLog(str(path), writer, every=0)
            log.committed()
            await log.at_rest()
    assert writer.taken == 1


async def test_nobody_waits_while_much_is_left_that_somebody_still_reads_around(tmp_path: Path) -> None:
    path, writer = tmp_path / "x.sqlite", Turns()
    with closing(make(path)) as connection, closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM words").fetchone()
        connection.execute("INSERT INTO words VALUES (zeroblob(?))", [LONG * 4_096])
        connection.commit()
        log = WriteAheadLog(str(path), writer, every=0)
        log.committed()
        await log.at_rest()
    assert writer.taken == 0


async def test_a_file_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    log = WriteAheadLog(str(tmp_path / "gone.sqlite"), asyncio.Lock(), every=0)
    log.committed()
    await log.at_rest()
    assert not any(tmp_path.glob("*"))  # noqa: ASYNC240  one look at an empty folder


async def test_no_writer_copies_it_unless_it_is_very_long(address: str) -> None:
    async with Database(address) as database, database.writing() as connection:
        found = (await connection.execute(text("PRAGMA wal_autocheckpoint"))).scalar()
    assert found == LONGEST


@pytest.mark.parametrize("address", ["sqlite:///{}/y.sqlite"])
async def test_a_database_closes_with_its_copy(address: str, tmp_path: Path) -> None:
    async with Database(address.format(tmp_path)) as database, database.writing() as connection:
        await connection.execute(text("CREATE TABLE words (word TEXT)"))
    assert not (tmp_path / "y.sqlite-wal").exists()
