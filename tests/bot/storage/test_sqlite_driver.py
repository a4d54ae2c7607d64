"""The SQLite driver: one trip to its thread a statement, and no transaction that somebody forgot."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot.storage.database import Database
from bot.storage.sqlite_driver import OneTripConnection, connect


class Counted(OneTripConnection):
    """Counts its trips."""

    trips = 0

    async def trip(self, function: Callable[[], Any]) -> Any:
        self.trips += 1
        return await super().trip(function)


async def test_a_statement_takes_one_trip_with_all_its_rows(tmp_path: Path) -> None:
    connector = partial(sqlite3.connect, tmp_path / "a.sqlite", check_same_thread=False)
    async with Counted(connector, iter_chunk_size=64) as connection:
        cursor = await connection.cursor().__aenter__()  # as SQLAlchemy does
        await cursor.execute("SELECT 1 AS one UNION SELECT ?", (2,))
        assert await cursor.fetchall() == [(1,), (2,)]
        assert [column[0] for column in cursor.description] == ["one"]
        await cursor.close()
        await connection.rollback()
        assert connection.trips == 1


async def test_a_transaction_begins_on_the_trip_of_its_first_statement(tmp_path: Path) -> None:
    connector = partial(sqlite3.connect, tmp_path / "a.sqlite", isolation_level=None, check_same_thread=False)
    async with Counted(connector, iter_chunk_size=64) as connection:
        await connection.cursor().execute("BEGIN IMMEDIATE")
        assert connection.trips == 0
        await connection.cursor().execute("CREATE TABLE t (n)")
        assert (connection.trips, connection.in_transaction) == (1, True)
        await connection.rollback()
        await connection.cursor().execute("SELECT name FROM sqlite_schema")
        assert not connection.in_transaction


async def test_the_end_of_a_transaction_that_only_read_comes_before_whatever_is_next(tmp_path: Path) -> None:
    connector = partial(sqlite3.connect, tmp_path / "a.sqlite", isolation_level=None, check_same_thread=False)
    async with Counted(connector, iter_chunk_size=64) as connection:
        for _ in range(3):
            for begin in ("BEGIN", "BEGIN IMMEDIATE"):
                await connection.cursor().execute(begin)
                await connection.cursor().execute("SELECT 1")
                await connection.commit()
        await connection.trip(lambda: None)
        assert not connection.in_transaction


async def test_a_transaction_that_began_although_nobody_waited_for_it_is_rolled_back(tmp_path: Path) -> None:
    """As when a task is cancelled while another program holds the file."""
    path = tmp_path / "a.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("CREATE TABLE t (n)")
        other.execute("BEGIN IMMEDIATE")
        connection = await connect(str(path), busy_timeout=10)
        await connection.cursor().execute("BEGIN IMMEDIATE")
        read = asyncio.create_task(connection.cursor().execute("SELECT * FROM t"))
        await asyncio.sleep(0)
        read.cancel()
        with pytest.raises(asyncio.CancelledError):
            await read
        other.execute("COMMIT")
        await connection.rollback()
        await connection.trip(lambda: None)  # whatever was asked of the thread is done now
        assert not connection.in_transaction
        await connection.close()


async def test_a_connection_that_a_cancelled_writer_had_writes_again(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    async with Database(f"sqlite:///{path}") as database:
        async with database.writing() as connection:
            await connection.exec_driver_sql("CREATE TABLE t (n)")

        async def write() -> None:
            async with database.writing() as connection:
                await connection.exec_driver_sql("INSERT INTO t VALUES (1)")

        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            writer = asyncio.create_task(write())
            await asyncio.sleep(0.05)
            writer.cancel()
            other.execute("COMMIT")
            with pytest.raises(asyncio.CancelledError):
                await writer
        await write()
        async with database.reading() as connection:
            assert (await connection.exec_driver_sql("SELECT count(*) FROM t")).scalar() == 1
