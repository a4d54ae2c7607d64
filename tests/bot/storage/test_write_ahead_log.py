"""The write-ahead log is copied beside the writers, and never by them."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.storage.database import Database
from bot.storage.write_ahead_log import LONGEST, WriteAheadLog


def make(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
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
        log = WriteAheadLog(str(path), every=0)
        log.committed()
        await log.close()
        assert b"parrot" in path.read_bytes()


async def test_it_is_not_copied_again_at_once(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    with closing(make(path)) as connection:
        connection.execute("INSERT INTO words VALUES ('parrot')")
        connection.commit()
        log = WriteAheadLog(str(path), every=3_600)
        log.committed()
        await log.close()
        assert b"parrot" not in path.read_bytes()


async def test_a_file_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    log = WriteAheadLog(str(tmp_path / "gone.sqlite"), every=0)
    log.committed()
    await log.close()
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
