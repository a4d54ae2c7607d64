"""The same code and the same migrations on PostgreSQL, where the machine has a server's programs."""

import asyncio
import datetime as dt
import io
import json
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from bot.log.export import write_records
from bot.log.filters import Filter
from bot.log.purge import delete_before
from bot.log.reading import latest
from bot.log.stats import stats
from bot.log.tally import Tally
from bot.log.writers import writer
from bot.privacy.my_data import collect
from bot.privacy.retention import Retention
from bot.storage import schema
from bot.storage.book import Book, Occasion, Origin
from bot.storage.chats import Chat
from bot.storage.database import Database
from bot.storage.errors import DatabaseDamaged, DatabaseUnwritable
from bot.storage.prompts import Answer
from bot.storage.ratings import Rating
from bot.storage.tables import metadata
from bot.storage.users import User
from tests.bot.postgresql import needs_postgresql

pytestmark = needs_postgresql


def occasion(update_id: int) -> Occasion:
    chat, user = Chat(-1_002_147_483_648, "supergroup", "nul\0"), User(2**52 - 1, "Ana \ud800")
    return Occasion(1, update_id, chat, user, 9, dt.datetime.now(dt.UTC))


def test_the_tables_are_those_of_the_newest_migration(server: str) -> None:
    schema.upgrade(server)
    with schema.migrating(server) as config:
        command.upgrade(config, "head")
        context = MigrationContext.configure(config.attributes["connection"], opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    schema.downgrade(server, "base")


async def test_a_conversation_is_written_and_read(server: str, tmp_path: Path) -> None:
    async with Database(server) as database:
        await schema.prepare_schema(database, server)
        assert not await schema.prepare_schema(database, server)
        book = Book(database)
        await asyncio.gather(*(book.set_temperature(occasion(n), 0.1 + n / 100) for n in range(8)))
        prompts = [await book.open_prompt(occasion(n), "seed", "hi\0", 2**63 - 1, "fp") for n in range(3)]
        assert prompts[0].asked.rng_seed == 2**63 - 1
        await book.close_prompt(prompts[0].id, Answer("answered", "hi there", 4, 12, 99.5))
        again = await book.open_prompt(occasion(0), "seed", "other", 1, "fp")
        assert again.answer.reply_text == "hi there"
        assert await book.last_prompt(-1_002_147_483_648) == again
        await _read_the_log(database, tmp_path)


async def test_what_is_due_is_purged(server: str, tmp_path: Path) -> None:
    async with Database(server) as database:
        await schema.prepare_schema(database, server)
        private = Chat(7, "private", "Ana", "ana")
        then = dt.datetime.now(dt.UTC) - dt.timedelta(days=40)
        there = Occasion(1, 70, private, User(7, "Ana", "ana"), 9, then)
        prompt = await Book(database).open_prompt(there, "seed", "hi", 1, "fp")
        await Book(database).close_prompt(prompt.id, Answer("answered", "hi there"))
        purged = await Retention(database, tmp_path, 30).purge()
        assert (purged.words, purged.names) == (1, 1)
        assert await Book(database).find_chat(7) == Chat(7, "private")


async def test_what_somebody_chose_and_what_others_asked_with_their_words_is_told_and_forgotten(
    server: str, tmp_path: Path
) -> None:
    async with Database(server) as database:
        await schema.prepare_schema(database, server)
        book, ana, now = Book(database), User(71, "Ana"), dt.datetime.now(dt.UTC)
        offered = [
            await book.open_prompt(Occasion(1, 710, None, ana, None, now), "inline", "hi", 1, "fp", Origin(part=part))
            for part in range(2)
        ]
        answers = {prompt.id: Answer("answered", "hi there") for prompt in offered}
        await book.choose(answers, Rating(offered[1].id, 71, "chosen", "1", now), ana)
        brought = Occasion(1, 711, None, User(72, "Luis"), None, now, author_id=71)
        quoted = await book.open_prompt(brought, "guest", "what ana said", 1, "fp")
        data = json.loads((await collect(database, 71))[1])
        assert [row["outcome"] for row in data["prompts"]] == ["answered", "answered"]
        assert [rating["kind"] for rating in data["ratings"]] == ["chosen"]
        assert [row["seed_text"] for row in data["in_prompts_of_others"]] == ["what ana said"]
        await Retention(database, tmp_path, 30).forget_person(71)
        kept = await book.find_prompt(quoted.id)
        assert kept is not None
        assert (kept.asked.user_id, kept.asked.seed_text, kept.erased_at is None) == (72, "", False)
        assert json.loads((await collect(database, 71))[1])["in_prompts_of_others"] == []
        assert await book.find_prompt(offered[0].id) is None
        await delete_before(database, dt.datetime.now(dt.UTC))


async def _read_the_log(database: Database, folder: Path) -> None:
    figures = await stats(database, Filter())
    assert (figures.prompts, figures.people, figures.chats) == (3, 1, 1)
    assert list(figures.by_day.values()) == [3]
    assert figures.latency_ms == {"50": 12, "90": 12, "95": 12, "99": 12}
    assert [(seed.text, seed.prompts) for seed in figures.top_seeds] == [(None, 3)]
    assert [seen.prompt.answer.outcome for seen in await latest(database, Filter(), 2)] == ["pending", "pending"]
    stream = io.BytesIO()
    with writer("jsonl", stream) as lines:
        await write_records(database, Filter(kinds=("seed",)), lines, folder, Tally(dt.datetime.now(dt.UTC)), page=2)
    assert len(stream.getvalue().splitlines()) == 3
    assert await delete_before(database, dt.datetime.now(dt.UTC)) == 3


@pytest.mark.parametrize("is_new", [True, False])
async def test_a_database_that_takes_no_writes_is_one_sentence_at_the_start(server: str, is_new: bool) -> None:
    if not is_new:
        schema.upgrade(server)
    copy = f"{server}?options=-c%20default_transaction_read_only%3Don"
    async with Database(copy) as database:
        with pytest.raises(DatabaseUnwritable, match="it is read-only: name its primary server"):
            await schema.prepare_schema(database, copy)


async def test_a_database_that_takes_no_writes_any_more_is_trouble_and_no_bug(server: str) -> None:
    schema.upgrade(server)
    copy = f"{server}?options=-c%20default_transaction_read_only%3Don"
    async with Database(copy) as database:
        with pytest.raises(DatabaseUnwritable, match="read-only"):
            await Book(database).set_temperature(occasion(1), 0.7)


@pytest.mark.parametrize(("code", "words"), [("XX001", "restore a backup"), ("XX002", "REINDEX")])
async def test_damage_that_the_server_finds_is_known_and_nothing_more_is_written(
    server: str, code: str, words: str
) -> None:
    async with Database(server) as database:
        with pytest.raises(DatabaseDamaged, match=words):
            async with database.reading() as connection:
                await connection.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{code}'; END $$"))
        assert database.damage is await asyncio.wait_for(database.until_damaged(), 10)
        with pytest.raises(DatabaseDamaged, match=words):
            async with database.writing():
                pytest.fail("it is written to")
