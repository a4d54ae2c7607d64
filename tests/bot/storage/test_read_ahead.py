"""Reading ahead: in the reading transaction, whole rows and each index entry, sought by all that it is kept by."""

import datetime as dt
from collections.abc import AsyncIterator, Sequence

import pytest
from sqlalchemy import Table, UniqueConstraint, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage import schema
from bot.storage.batches import in_batches
from bot.storage.database import Database
from bot.storage.read_ahead import read_entries
from bot.storage.tables import prompt_texts, prompts, states, users
from tests.bot.log.test_size import plan, statements

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
ROWS = 100


@pytest.fixture
async def database(address: str) -> AsyncIterator[Database]:
    async with Database(address) as opened:
        await schema.prepare_schema(opened, address)
        row = {"name": "Ana", "first_seen_at": NOON, "last_seen_at": NOON}
        async with opened.writing() as connection:
            await connection.execute(insert(users), [row | {"id": number} for number in range(1, ROWS + 1)])
        yield opened


def indexes_of(table: Table) -> int:
    """How many indexes have all of a table's rows, besides the one of its key."""
    partial = [index for index in table.indexes if index.dialect_options["sqlite"]["where"] is not None]
    unique = [each for each in table.constraints if isinstance(each, UniqueConstraint)]
    return len(table.indexes) - len(partial) + len(unique)


@pytest.mark.parametrize("table", [prompts, prompt_texts, states], ids=str)
async def test_each_entry_is_sought_where_it_is(database: Database, table: Table) -> None:
    with statements() as seen:
        async with database.reading() as connection:
            await read_entries(connection, table, range(1, 6))
    (row, *entries) = [step for step in await plan(database, *seen[-1]) if step.startswith("SEARCH")]
    assert row == f"SEARCH {table.name} USING INTEGER PRIMARY KEY (rowid=?)"
    assert len(entries) == indexes_of(table) > 0
    assert all("USING COVERING INDEX" in entry for entry in entries)
    unique = [entry for entry in entries if "autoindex" in entry]  # no two rows have the same columns there
    assert all(entry.endswith("=?)" if entry in unique else "=? AND rowid>?)") for entry in entries)


async def test_a_batch_is_read_before_it_is_done_while_others_write(database: Database) -> None:
    read_ids: list[int] = []
    written: list[int] = []

    async def read(_: AsyncConnection, ids: Sequence[int]) -> None:
        read_ids.extend(ids)
        async with database.writing() as other:  # would wait for a transaction of the batch for ever
            await other.execute(update(users).where(users.c.id == 1).values(name="Eva"))

    async def do(_: AsyncConnection, ids: Sequence[int]) -> None:
        written.extend(ids)
        assert set(ids) <= set(read_ids)

    found = select(users.c.id).order_by(users.c.id)
    assert await in_batches(database, lambda last: found.where(users.c.id > last), do, read) == ROWS
    assert written == list(range(1, ROWS + 1))
