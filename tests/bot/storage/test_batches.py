"""Batches: every row once, in transactions that are as short as they are meant to be, with room for others between."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Sequence

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage import schema
from bot.storage.batches import AIM, FIRST, MOST, TOGETHER, in_batches, next_size
from bot.storage.database import Database
from bot.storage.tables import users

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
ROWS = 1_000


@pytest.fixture
async def database(address: str) -> AsyncIterator[Database]:
    async with Database(address) as opened:
        await schema.prepare_schema(opened, address)
        row = {"name": "Ana", "first_seen_at": NOON, "last_seen_at": NOON}
        async with opened.writing() as connection:
            await connection.execute(insert(users), [row | {"id": number} for number in range(1, ROWS + 1)])
        yield opened


class Slow:
    """Work that takes so long for a row, by a clock of its own."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.now = 0.0
        self.batches: list[list[int]] = []  # a transaction's each
        self._connection: AsyncConnection | None = None

    async def __call__(self, connection: AsyncConnection, ids: Sequence[int]) -> None:
        if connection is not self._connection:  # each transaction has one of its own
            self._connection = connection
            self.batches.append([])
        self.batches[-1] += ids
        self.now += self.seconds * len(ids)


class Copying(Database):
    """Its write-ahead log is being copied until it is let go."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.copied = asyncio.Event()
        self.asked = asyncio.Event()

    async def at_rest(self) -> None:
        self.asked.set()
        await self.copied.wait()


async def done(database: Database, work: Slow) -> int:
    found = select(users.c.id).order_by(users.c.id)
    return await in_batches(database, lambda last: found.where(users.c.id > last), work, clock=lambda: work.now)


@pytest.mark.parametrize("row", [AIM / MOST / 10, AIM / 30, AIM / 5, AIM * 2])
async def test_a_transaction_takes_as_many_rows_as_fit_into_its_time(database: Database, row: float) -> None:
    async with database.writing() as connection:
        await connection.execute(text("DELETE FROM users WHERE id > 300"))
    work = Slow(row)
    assert await done(database, work) == 300
    assert [number for batch in work.batches for number in batch] == list(range(1, 301))
    fitting = max(1, min(AIM / row, MOST))
    assert len(work.batches[0]) == (FIRST if fitting > FIRST else TOGETHER)
    assert all(len(batch) <= max(fitting, 1) * 1.05 for batch in work.batches[1:])
    assert max(map(len, work.batches[1:])) >= fitting * 0.9


async def test_rows_that_suddenly_take_long_end_a_transaction_early(database: Database) -> None:
    quick = FIRST + 2 * FIRST + 4 * MOST  # five transactions and no part of another
    work = Slow(0)

    async def do(connection: AsyncConnection, ids: Sequence[int]) -> None:
        work.seconds = AIM if ids[0] > quick else 0.0
        await work(connection, ids)

    found = select(users.c.id).where(users.c.id <= quick + 100).order_by(users.c.id)
    total = await in_batches(database, lambda last: found.where(users.c.id > last), do, clock=lambda: work.now)
    assert total == quick + 100
    assert sorted(number for batch in work.batches for number in batch) == list(range(1, total + 1))
    sizes = [len(batch) for batch in work.batches]
    assert (sizes[5], sizes[6]) == (MOST, TOGETHER)


async def test_everything_is_done_once_however_much_it_is(database: Database) -> None:
    work = Slow(0)
    assert await done(database, work) == ROWS
    assert sorted(number for batch in work.batches for number in batch) == list(range(1, ROWS + 1))
    assert max(map(len, work.batches)) == MOST


async def test_others_write_between_two_transactions(database: Database) -> None:
    """What is still to be done is found without holding anybody up."""
    seen: dict[AsyncConnection, str] = {}  # at the end of each transaction
    others: list[asyncio.Task[None]] = []

    async def write() -> None:
        async with database.writing() as connection:
            await connection.execute(text("UPDATE users SET name = 'Eva'"))

    async def look(connection: AsyncConnection, ids: Sequence[int]) -> None:
        seen[connection] = (await connection.execute(select(users.c.name).where(users.c.id == ROWS))).scalar_one()
        others.append(asyncio.create_task(write()))

    found = select(users.c.id).order_by(users.c.id)
    await in_batches(database, lambda last: found.where(users.c.id > last), look)
    await asyncio.gather(*others)
    assert list(seen.values())[:2] == ["Ana", "Eva"]


def test_the_size_grows_slowly_and_shrinks_at_once() -> None:
    assert next_size(10, 0.0) == 20
    assert next_size(MOST, 0.0) == MOST
    assert next_size(MOST, 10 * AIM) == MOST // 10
    assert next_size(1, 1_000 * AIM) == 1


async def test_no_transaction_begins_while_the_disk_is_busy_with_the_log(database: Database, address: str) -> None:
    work = Slow(AIM / 30)
    async with Copying(address) as busy:
        batches = asyncio.create_task(done(busy, work))
        asked = asyncio.create_task(busy.asked.wait())
        await asyncio.wait([batches, asked], return_when=asyncio.FIRST_COMPLETED)
        async with database.writing():  # nobody holds the lock
            assert work.batches == []
        busy.copied.set()
        assert await batches == ROWS


async def test_a_batch_is_read_before_it_is_done_while_others_write(database: Database) -> None:
    read_ids: list[int] = []
    written: list[int] = []

    async def read(_: AsyncConnection, ids: Sequence[int]) -> None:
        read_ids.extend(ids)
        async with database.writing() as other:  # would wait for a transaction of the batch for ever
            await other.execute(text("UPDATE users SET name = 'Eva' WHERE id = 1"))

    async def do(_: AsyncConnection, ids: Sequence[int]) -> None:
        written.extend(ids)
        assert set(ids) <= set(read_ids)

    found = select(users.c.id).order_by(users.c.id)
    assert await in_batches(database, lambda last: found.where(users.c.id > last), do, read) == ROWS
    assert written == list(range(1, ROWS + 1))
