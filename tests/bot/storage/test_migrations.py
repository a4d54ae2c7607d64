"""From every older version of the tables, with rows in them, to the newest and back."""

import dataclasses
import json
import logging
import sqlite3
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest

from bot.storage import schema
from bot.storage.database import Database
from bot.storage.prompts import Answer, Kind, Outcome, Prompts
from bot.storage.reply_messages import ReplyMessages
from bot.storage.settings import ChatSettings, SettingsOfChats
from bot.storage.settings_changes import SettingsChanges
from bot.storage.users import User, Users

ROWS_OF_0001 = (
    "INSERT INTO chats VALUES (5, 'private', 'Ana', 'ana', '2026-01-31 12:00:00.000000', '2026-01-31 12:00:00.000000')",
    "INSERT INTO users VALUES (7, 'Ana', 'ana', 'es', '2026-01-31 12:00:00.000000', '2026-01-31 12:00:00.000000')",
    "INSERT INTO settings VALUES (5, 0.7, 0.9, 200)",
    "INSERT INTO settings_changes VALUES (1, 5, 7, 'temperature', '0.5', '0.7', '2026-01-31 12:00:00.000000')",
    """INSERT INTO prompts VALUES (1, 1, 100, 5, 7, 9, 'message', '2026-01-31 12:00:00.000000', 'Hola',
        0.7, 0.9, 200, 42, 'abc/litert-int8', 'answered', 'Hola, loro', 10, 120, 5000.5)""",
    """INSERT INTO prompts VALUES (2, 1, 101, 5, NULL, 11, 'seed', '2026-01-31 12:00:00.000000', 'Adiós',
        0.7, 0.9, 200, 43, 'abc/litert-int8', 'pending', NULL, NULL, NULL, NULL)""",
)
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
KINDS: tuple[Kind, ...] = get_args(Kind)
OLDER = schema.known_versions()[:-1]


def path_of(address: str) -> Path:
    return Path(address.removeprefix("sqlite:///"))


@pytest.fixture(params=OLDER)
def older(request: pytest.FixtureRequest, address: str) -> str:
    """A database of an older version, with rows that began their life in the first one."""
    schema.upgrade(address, "0001")
    with closing(sqlite3.connect(path_of(address))) as connection, connection:
        for row in ROWS_OF_0001:
            connection.execute(row)
    schema.upgrade(address, request.param)
    return address


async def test_nothing_is_lost_on_the_way_up(older: str) -> None:
    async with Database(older) as database:
        await schema.prepare_schema(database, older)
        await schema.check_soundness(database)
        async with database.reading() as connection:
            answered, pending = await Prompts(connection).page()
            assert await SettingsOfChats(connection).get(5) == ChatSettings(0.7, 0.9, 200)
            assert await Users(connection).find(7) == User(7, "Ana", "ana", "es")
            (change,) = await SettingsChanges(connection).of_chat(5)
            assert await ReplyMessages(connection).prompt_of(5, 10) == 1
    assert (answered.asked.kind, answered.asked.seed_text, answered.answer.reply_text) == ("seed", "Hola", "Hola, loro")
    assert (answered.asked.temperature, answered.asked.rng_seed, answered.answer.latency_ms) == (0.7, 42, 120)
    assert (answered.answer.characters, answered.asked.part, answered.asked.consent_id) == (6, 0, None)
    assert (pending.asked.seed_text, pending.answer.outcome, pending.answer.characters) == ("Adiós", "pending", None)
    assert (change.old, change.new) == ("0.5", "0.7")


def test_the_rows_of_the_first_version_survive_the_way_up_and_down(older: str) -> None:
    schema.upgrade(older)
    schema.downgrade(older, "0001")
    with closing(sqlite3.connect(path_of(older))) as connection:
        rows = connection.execute("SELECT seed_text, reply_text, outcome FROM prompts ORDER BY id").fetchall()
    assert rows == [("Hola", "Hola, loro", "answered"), ("Adiós", None, "pending")]


STEPS = list(pairwise(schema.known_versions()))


@pytest.mark.parametrize(("before", "after"), STEPS)
def test_a_migration_that_rewrites_the_prompts_says_so(
    address: str, before: str, after: str, caplog: pytest.LogCaptureFixture
) -> None:
    """SQLite gives a table that is copied a new first page."""
    schema.upgrade(address, "0001")
    with closing(sqlite3.connect(path_of(address))) as connection, connection:
        for row in ROWS_OF_0001:
            connection.execute(row)
    schema.upgrade(address, before)
    pages = first_pages(address)
    caplog.clear()
    with caplog.at_level(logging.INFO, logger="migrations"):
        schema.upgrade(address, after)
    rewritten = {table for table, page in first_pages(address).items() if pages.get(table, page) != page}
    assert {"prompts", "prompt_texts"} & rewritten == (
        {"prompts"} if f"version {after} rewrites the table prompts, 2 rows" in caplog.text else set()
    ), json.dumps(pages)


def first_pages(address: str) -> dict[str, int]:
    with closing(sqlite3.connect(path_of(address))) as connection:
        return dict(connection.execute("SELECT name, rootpage FROM sqlite_master WHERE type = 'table'"))


async def test_every_outcome_and_kind_can_be_written_whatever_version_the_tables_began_with(older: str) -> None:
    """No CHECK of an older version is left behind."""
    async with Database(older) as database:
        await schema.prepare_schema(database, older)
        async with database.writing() as connection:
            prompts = Prompts(connection)
            asked = (await prompts.page())[0].asked
            for number, outcome in enumerate(OUTCOMES):
                new = await prompts.add(dataclasses.replace(asked, update_id=900 + number))
                assert await prompts.complete(new.id, Answer(outcome))
            for number, kind in enumerate(KINDS):
                await prompts.add(dataclasses.replace(asked, update_id=950 + number, kind=kind))
    schema.downgrade(older, "0001")
    with closing(sqlite3.connect(path_of(older))) as connection:
        known = {row[0] for row in connection.execute("SELECT DISTINCT outcome FROM prompts")}
    assert known == {"pending", "answered", "failed", "refused"}
