"""A page of a PostgreSQL server's table overwritten: the bot tells of it, waits, and comes back with a sound one."""

import asyncio
import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from bot.operators import DAMAGED
from bot.rules.access import Access
from bot.storage.chats import Chat, Chats
from bot.storage.database import Database
from bot.storage.recovery import sound_again
from bot.storage.schema import prepare_schema
from tests.bot.fakes import FakeGenerator
from tests.bot.faults.test_damage import GOES_ON, QUICKLY, WAITS, YOU, Living
from tests.bot.faults.test_database_gone import said
from tests.bot.postgresql import Server, needs_postgresql

pytestmark = needs_postgresql
GARBAGE = b"\xde\xad" * 4_096  # a page of PostgreSQL's


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    pytest.importorskip("psycopg")
    with Server() as running:
        yield running


async def damage(server: Server, database: Database, table: str) -> bytes:
    """Overwrite the first page of a table, as a failing disk does it; what was there."""
    async with database.reading() as connection:
        name = (await connection.execute(text("SELECT pg_relation_filepath(:table)"), {"table": table})).scalar_one()
        await connection.execute(text("CHECKPOINT"))  # or the server would write the page again as it starts
    return await asyncio.to_thread(replace, server, name, GARBAGE)


def replace(server: Server, name: str, page: bytes) -> bytes:
    """The first page of a file of the server's, while it does not run; what was there."""
    server.stop()
    with server.file(name).open("r+b") as file:
        before = file.read(len(page))
        file.seek(0)
        file.write(page)
    server.start()
    return before


async def test_a_bot_whose_server_says_that_it_is_damaged_waits_and_goes_on_once_it_is_mended(
    server: Server, caplog: pytest.LogCaptureFixture, tmp_path_factory: pytest.TempPathFactory
) -> None:
    caplog.set_level("INFO")
    access = Access(admins=frozenset({YOU}))
    async with Living(server.address, FakeGenerator(), access, tmp_path_factory.mktemp("data")) as stage:
        await stage.ask("/seed before")
        await stage.settled()
        database = stage.application.bot_data.database
        async with database.reading() as connection:
            name = (await connection.execute(text("SELECT pg_relation_filepath('prompt_texts')"))).scalar_one()
        before = await damage(server, database, "prompt_texts")
        await stage.playground.say(stage.you, stage.you, "/seed after")
        await asyncio.wait_for(said(stage, caplog, WAITS), 60)
        ill = await stage.health()
        assert (ill.status_code, set(ill.json()["checks"])) == (503, {"database"})
        await asyncio.to_thread(replace, server, name, before)
        await stage.next_life()
        await stage.playground.until(stage.you, lambda m: (m.text or "").startswith("after"), timeout=60)
        await stage.settled()
        assert [len(stage.answers(stage.you, seed)) for seed in ("before", "after")] == [1, 1]
        assert [call.text for call in stage.sent(YOU)].count(DAMAGED) == 1
        assert GOES_ON in caplog.text


async def test_nothing_but_a_sound_database_that_has_stopped_changing_is_waited_for(server: Server) -> None:
    async with Database(server.address) as database:
        await prepare_schema(database, server.address)
        await add_chat(database, 1)
        async with database.reading() as connection:
            name = (await connection.execute(text("SELECT pg_relation_filepath('chats')"))).scalar_one()
        before = await damage(server, database, "chats")
        waiting = asyncio.create_task(sound_again(server.address, QUICKLY))
        assert not (await asyncio.wait([waiting], timeout=30 * QUICKLY))[0]
        await asyncio.to_thread(replace, server, name, before)
        assert database.damage is None  # nobody but the one who waits has read it
        for number in range(2, 50):  # a restore is at work, which is quicker than a look
            await add_chat(database, number)
            assert not waiting.done()
        await asyncio.wait_for(waiting, 30)


async def add_chat(database: Database, number: int) -> None:
    async with database.writing() as connection:
        await Chats(connection).see(Chat(number, "group", "Group"), dt.datetime.now(dt.UTC))
