"""Reading ahead: whole rows and each index entry, sought by all that it is kept by."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Table, UniqueConstraint

from bot.storage import schema
from bot.storage.database import Database
from bot.storage.read_ahead import read_entries
from bot.storage.tables import prompt_texts, prompts, states
from tests.bot.log.test_size import plan, statements


@pytest.fixture
async def database(address: str) -> AsyncIterator[Database]:
    async with Database(address) as opened:
        await schema.prepare_schema(opened, address)
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
