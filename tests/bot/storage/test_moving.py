"""A large group becomes a supergroup: others write meanwhile, and a move that was cut off is done to its end."""

import asyncio
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from bot.privacy.retention import Retention
from bot.storage import schema
from bot.storage.batches import MOST
from bot.storage.book import Book, Occasion
from bot.storage.chats import Chat
from bot.storage.database import Database
from bot.storage.tables import prompts
from bot.storage.users import User

OLD, NEW, BOT = -5, -1_000_000_000_005, 1
NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
COUNT = 5 * MOST


@pytest.fixture
async def database(address: str) -> AsyncIterator[Database]:
    """With a group of many prompts."""
    async with Database(address) as opened:
        await schema.prepare_schema(opened, address)
        occasion = Occasion(BOT, 0, Chat(OLD, "group", "Basic"), User(7, "Ana"), 1, NOON)
        await Book(opened).change_settings(occasion, temperature=0.9)
        first = await Book(opened).open_prompt(occasion, "seed", "telltale", 1, "f")
        async with opened.writing() as connection:
            row = dict((await connection.execute(select(prompts).where(prompts.c.id == first.id))).one()._mapping)
            more = [row | {"id": first.id + n, "update_id": n} for n in range(1, COUNT)]
            await connection.execute(insert(prompts), more)
        yield opened


async def left(database: Database, chat: int) -> int:
    async with database.reading() as connection:
        return (await connection.execute(select(func.count()).where(prompts.c.chat_id == chat))).scalar_one()


async def test_others_write_while_a_group_moves_and_find_its_settings_moved(database: Database) -> None:
    book = Book(database)
    moving = asyncio.create_task(book.follow(BOT, OLD, NEW))
    while not await left(database, NEW):  # noqa: ASYNC110  rows have no event
        await asyncio.sleep(0)
    async with database.writing():
        assert 0 < await left(database, OLD) < COUNT
    assert (await book.settings(NEW)).temperature == 0.9
    assert await moving == (True, 0)
    assert (await left(database, OLD), await left(database, NEW)) == (0, COUNT)
    assert await book.find_chat(OLD) is None


async def test_a_move_that_was_cut_off_is_done_to_its_end(database: Database) -> None:
    book = Book(database)
    await cut_off(database)
    assert await book.follow(BOT, OLD, NEW) == (True, 0)
    assert (await left(database, OLD), await left(database, NEW)) == (0, COUNT)
    assert (await book.settings(NEW)).temperature == 0.9


async def test_a_supergroup_that_is_forgotten_on_its_way_leaves_nothing_behind(
    database: Database, tmp_path: Path
) -> None:
    await cut_off(database)
    await Retention(database, tmp_path, 30).forget_chat(NEW)
    assert (await left(database, OLD), await left(database, NEW)) == (0, 0)
    assert await Book(database).find_chat(OLD) is None


async def cut_off(database: Database) -> None:
    """A move that the end of the program has broken off."""
    moving = asyncio.create_task(Book(database).follow(BOT, OLD, NEW))
    while not await left(database, NEW):  # noqa: ASYNC110  rows have no event
        await asyncio.sleep(0)
    moving.cancel()
    await asyncio.gather(moving, return_exceptions=True)
    assert 0 < await left(database, OLD) < COUNT
