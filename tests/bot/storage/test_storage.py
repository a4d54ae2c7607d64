import asyncio
import datetime as dt
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from bot.storage import schema
from bot.storage.book import Book, Occasion
from bot.storage.chats import Chat, Chats
from bot.storage.database import Database
from bot.storage.errors import (
    DatabaseDamaged,
    DatabaseLocked,
    DatabaseUnwritable,
    SchemaForeign,
    SchemaTooNew,
    StorageError,
)
from bot.storage.prompts import Answer, Prompts
from bot.storage.ratings import Rating
from bot.storage.settings import ChatSettings
from bot.storage.settings_changes import SettingsChanges
from bot.storage.tables import metadata
from bot.storage.users import User, Users
from bot.text import clean

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
ORPHAN = "INSERT INTO games (chat_id, kind, opened_at) VALUES (1, 'quiz', '2026-01-31 12:00:00')"
QUICKLY = 0.1  # seconds that a locked database is waited for


def path_of(address: str) -> Path:
    return Path(address.removeprefix("sqlite:///"))


@pytest.fixture
async def database(address: str) -> AsyncIterator[Database]:
    async with Database(address) as opened:
        await schema.prepare_schema(opened, address)
        yield opened


def occasion(update_id: int = 1, *, chat: int = 5, user: int | None = 7, at: dt.datetime = NOON) -> Occasion:
    return Occasion(1, update_id, Chat(chat, "private", "Ana"), user and User(user, "Ana"), 9, at)  # type: ignore[arg-type]


# --- migrations ---------------------------------------------------------------------------------------


def test_the_tables_are_those_of_the_newest_migration(address: str) -> None:
    with schema.migrating(address) as config:
        from alembic import command

        command.upgrade(config, "head")
        context = MigrationContext.configure(config.attributes["connection"], opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_every_migration_goes_down_again(address: str) -> None:
    schema.upgrade(address)
    schema.downgrade(address, "base")
    with schema.migrating(address) as config:
        assert set(inspect(config.attributes["connection"]).get_table_names()) == {"alembic_version"}
    schema.upgrade(address)


def test_a_files_number_is_its_revision_and_they_form_a_line() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "migrations")
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    line = [revision.revision for revision in script.walk_revisions()][::-1]
    assert line == schema.known_versions()
    assert script.get_current_head() == schema.head()


async def test_tables_are_made_once(address: str) -> None:
    async with Database(address) as database:
        assert await schema.current_version(database) is None
        assert await schema.prepare_schema(database, address)
        assert not await schema.prepare_schema(database, address)
        assert await schema.current_version(database) == schema.head()


def test_a_start_with_current_tables_does_not_import_alembic(address: str) -> None:
    schema.upgrade(address)
    program = (
        "import asyncio, sys\n"
        "from bot.storage.database import Database\n"
        "from bot.storage.schema import prepare_schema\n"
        "async def main(address):\n"
        "    async with Database(address) as database:\n"
        "        await prepare_schema(database, address)\n"
        "asyncio.run(main(sys.argv[1]))\n"
        "print('alembic' in sys.modules)\n"
    )
    run = subprocess.run([sys.executable, "-c", program, address], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


def test_rows_that_lost_their_chat_stop_a_migration_and_nothing_changes(address: str) -> None:
    schema.upgrade(address)
    with sqlite3.connect(path_of(address)) as connection:
        connection.execute(ORPHAN)
    connection.close()
    with pytest.raises(StorageError, match="games"):
        schema.upgrade(address)


async def test_tables_of_a_newer_version_are_refused(database: Database, address: str) -> None:
    async with database.writing() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaTooNew, match=r"got 9999: update Cotorra"):
        await schema.prepare_schema(database, address)


async def test_anothers_tables_are_left_alone(address: str) -> None:
    with sqlite3.connect(path_of(address)) as connection:
        connection.execute("CREATE TABLE chats (x)")
    connection.close()
    async with Database(address) as database:
        with pytest.raises(SchemaForeign, match="chats"):
            await schema.prepare_schema(database, address)


# --- what is written ----------------------------------------------------------------------------------


async def test_a_chat_without_settings_has_the_defaults(database: Database) -> None:
    assert await Book(database).settings(5) == ChatSettings(0.5, 1.0, 300)


async def test_a_change_and_its_log_row_stand_or_fall_together(database: Database) -> None:
    async with database.writing() as connection:
        await connection.execute(
            text("CREATE TRIGGER no BEFORE INSERT ON settings_changes BEGIN SELECT RAISE(ABORT, 'no'); END")
        )
    with pytest.raises(IntegrityError):
        await Book(database).set_temperature(occasion(), 1.0)
    assert (await Book(database).settings(5)).temperature == 0.5


async def test_what_was_offered_and_what_was_chosen_of_it_stand_or_fall_together(database: Database) -> None:
    book, ana = Book(database), User(7, "Ana")
    offered = [await book.open_prompt(occasion(n), "inline", "seed", 1, "f") for n in (1, 2)]
    answers = {prompt.id: Answer("answered", "seed and more") for prompt in offered}
    async with database.writing() as connection:
        await connection.execute(
            text("CREATE TRIGGER no BEFORE INSERT ON ratings BEGIN SELECT RAISE(ABORT, 'no'); END")
        )
    with pytest.raises(IntegrityError):
        await book.choose(answers, Rating(offered[1].id, 7, "chosen", "1", NOON), ana)
    async with database.reading() as connection:
        assert {prompt.answer.outcome for prompt in await Prompts(connection).page()} == {"pending"}


async def test_ids_as_large_as_telegrams_are_kept(database: Database) -> None:
    chat, user = -1_002_147_483_648_000, 2**52 - 1
    await Book(database).set_temperature(occasion(chat=chat, user=user), 1.0)
    async with database.reading() as connection:
        assert await Users(connection).find(user) == User(user, "Ana")
        (change,) = await SettingsChanges(connection).of_chat(chat)
    assert (change.chat_id, change.user_id) == (chat, user)


async def test_a_chat_is_kept_as_it_is_called_now(database: Database) -> None:
    async with database.writing() as connection:
        for title in ("old", "new"):
            await Chats(connection).see(Chat(5, "group", title), NOON)
    async with database.reading() as connection:
        assert await Chats(connection).find(5) == Chat(5, "group", "new")


async def test_times_come_back_aware_and_in_utc(database: Database) -> None:
    madrid = dt.timezone(dt.timedelta(hours=2))
    await Book(database).open_prompt(occasion(at=NOON.astimezone(madrid)), "seed", "x", 1, "fp")
    async with database.reading() as connection:
        (prompt,) = await Prompts(connection).page()
    assert prompt.asked.asked_at == NOON
    assert prompt.asked.asked_at.tzinfo is dt.UTC


async def test_a_prompt_that_was_asked_before_comes_back_as_it_is(database: Database) -> None:
    book = Book(database)
    first = await book.open_prompt(occasion(), "seed", "x", 2**63 - 1, "fp")
    await book.set_temperature(occasion(2), 1.0)
    assert await book.open_prompt(occasion(), "seed", "y", 3, "fp") == first
    await book.close_prompt(first.id, Answer("answered", "xyz", 4, 12, 99.5))
    again = await book.open_prompt(occasion(), "seed", "y", 3, "other")
    assert again.answer == Answer("answered", "xyz", 4, 12, 99.5)


async def test_a_prompt_says_whose_voice_wrote_it_and_not_whose_was_meant_to(database: Database) -> None:
    book = Book(database)
    first = await book.open_prompt(occasion(), "seed", "x", 1, "fp")
    again = await book.open_prompt(occasion(), "seed", "x", 3, "other")
    assert (again.asked.fingerprint, again.asked.rng_seed) == ("other", 1)
    await book.close_prompt(first.id, Answer("pending", "xyz"))
    written = await book.open_prompt(occasion(), "seed", "x", 3, "third")
    assert (written.asked.fingerprint, written.answer.reply_text) == ("other", "xyz")


async def test_foreign_keys_hold(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.writing() as connection:
            await connection.execute(text(ORPHAN))


@pytest.mark.skipif(os.name == "nt", reason="no such rights there")
async def test_a_new_database_is_for_its_owner_alone(address: str) -> None:
    async with Database(address) as database:
        await schema.prepare_schema(database, address)
        files = list(Path(address.removeprefix("sqlite:///")).parent.glob("bot.sqlite*"))
        assert len(files) >= 2
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


async def test_writers_wait_for_each_other(database: Database) -> None:
    book = Book(database)
    await asyncio.gather(*(book.set_temperature(occasion(n), 0.1 + n / 100) for n in range(20)))
    async with database.reading() as connection:
        changes = await SettingsChanges(connection).of_chat(5)
    assert [change.old for change in changes[1:]] == [change.new for change in changes[:-1]]


async def test_writers_of_two_processes_wait_for_each_other_too(database: Database, address: str) -> None:
    async with Database(address) as other:
        books = [Book(database), Book(other)] * 10
        opening = (book.open_prompt(occasion(n), "seed", "x", n, "fp") for n, book in enumerate(books))
        opened = await asyncio.gather(*opening)
    assert len({prompt.id for prompt in opened}) == 20


def test_any_text_can_be_stored(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'texts.sqlite'}"
    schema.upgrade(address)

    @settings(max_examples=25, deadline=None)
    @given(st.text(st.characters()))
    def stored(given_text: str) -> None:
        async def round_trip() -> Chat | None:
            async with Database(address) as database:
                async with database.writing() as connection:
                    await Chats(connection).see(Chat(5, "group", given_text), NOON)
                async with database.reading() as connection:
                    return await Chats(connection).find(5)

        assert asyncio.run(round_trip()) == Chat(5, "group", clean(given_text))

    stored()


# --- what can be wrong --------------------------------------------------------------------------------


async def test_a_locked_database_is_named(database: Database, address: str) -> None:
    holder = sqlite3.connect(path_of(address))
    holder.execute("BEGIN IMMEDIATE")
    async with Database(address, busy_timeout=QUICKLY) as hasty:
        with pytest.raises(DatabaseLocked, match=r"bot\.sqlite to be free, but another program"):
            await Book(hasty).set_temperature(occasion(), 1.0)
    holder.close()
    await Book(database).set_temperature(occasion(), 1.0)


async def test_a_locked_database_still_shows_settings(database: Database, address: str) -> None:
    holder = sqlite3.connect(path_of(address))
    holder.execute("BEGIN IMMEDIATE")
    assert await Book(database).settings(5) == ChatSettings()
    holder.close()


async def test_a_file_that_is_no_database_is_refused(address: str) -> None:
    path_of(address).write_text("Dear diary, " * 100, encoding="utf-8")
    with pytest.raises(DatabaseDamaged, match="another file"):
        await Database(address).__aenter__()


async def test_a_damaged_database_is_refused(address: str) -> None:
    schema.upgrade(address)
    path = path_of(address)
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(DatabaseDamaged, match="restore a backup"):
        async with Database(address) as database:
            await schema.check_soundness(database)


async def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnwritable, match="expected to open"):
        await Database(f"sqlite:///{tmp_path}").__aenter__()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(DatabaseUnwritable, match="file/sub"):
        Database(f"sqlite:///{tmp_path}/file/sub/x.sqlite")


@pytest.mark.parametrize("address", ["sqlite://", "sqlite:///:memory:", "mysql://host/db", "nonsense"])
def test_an_address_that_cannot_be_used_is_refused(address: str) -> None:
    with pytest.raises(StorageError, match=r"^DATABASE_URL: expected"):
        Database(address)


async def test_a_server_that_is_not_there_is_named_without_the_password() -> None:
    pytest.importorskip("psycopg")
    async with Database("postgresql://me:hush@127.0.0.1:9/db") as database:
        with pytest.raises(StorageError, match="expected to talk to postgresql") as caught:
            await schema.current_version(database)
    assert "hush" not in str(caught.value)
