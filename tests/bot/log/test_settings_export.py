"""Settings changes as a data set: who, what, from, to, when; of those who allowed it, by the same codes as prompts."""

import asyncio
import csv
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from bot.errors import LogError
from bot.log.changes import SCHEMA
from bot.log.cli import logs
from bot.log.export import SETTINGS, card_path, export_file
from bot.log.filters import Filter
from bot.log.writers import Format
from bot.privacy.retention import Retention
from bot.storage.book import Book, Occasion
from bot.storage.chats import Chat
from bot.storage.database import Database
from bot.storage.users import User
from tests.bot.log.rows import ANA, EVA, HOUR, LUIS, NOON, TERMS, add, decide

CONSENTED, EVERYBODY = Filter(consented=True), Filter()


async def change(database: Database, number: int, user: User | None = ANA, chat: int = -42, **changes: Any) -> None:
    occasion = Occasion(1, 1_000 + number, Chat(chat, "group", "Aviary"), user, 1, NOON + number * HOUR)
    await Book(database, TERMS.version).change_settings(occasion, **changes)


async def rows(database: Database, folder: Path, only: Filter = CONSENTED) -> list[dict[str, Any]]:
    path = folder / "settings.jsonl"
    for old in (path, card_path(path)):
        old.unlink(missing_ok=True)
    await export_file(database, only, "jsonl", path, folder, SETTINGS)
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


async def test_a_change_says_who_changed_what_from_what_to_what_and_when(database: Database, tmp_path: Path) -> None:
    await decide(database, ANA, "allowed")
    await change(database, 1, temperature=0.9)
    await change(database, 2, ending="line", voice="Ana's")
    await change(database, 3, voice=None)
    found = await rows(database, tmp_path)
    assert [(row["setting"], row["old"], row["new"]) for row in found] == [
        ("temperature", "0.5", "0.9"),
        ("ending", '"length"', '"line"'),
        ("voice", "null", '"Ana\'s"'),
        ("voice", '"Ana\'s"', "null"),
    ]
    assert all(tuple(row) == SCHEMA.names for row in found)
    first = found[0]
    assert (first["changed_at"], first["chat_kind"], first["language"]) == ((NOON + HOUR).isoformat(), "group", "es")
    assert (first["consent"], first["consent_version"], first["consent_language"]) == ("allowed", TERMS.version, "en")
    assert not {"7", "-42", "Ana", "ana", "Aviary"} & {str(value) for value in first.values()}


async def test_people_and_chats_have_the_codes_that_prompts_give_them(database: Database, tmp_path: Path) -> None:
    await decide(database, ANA, "allowed")
    await change(database, 1, temperature=0.9)
    await add(database, 2, chat=-42)
    await export_file(database, CONSENTED, "jsonl", tmp_path / "prompts.jsonl", tmp_path)
    prompt = json.loads((tmp_path / "prompts.jsonl").read_text("utf-8"))
    (row,) = await rows(database, tmp_path)
    assert (row["person"], row["chat"]) == (prompt["person"], prompt["chat"])


async def test_only_changes_of_those_who_had_allowed_it_and_still_do_are_there(
    database: Database, tmp_path: Path
) -> None:
    await decide(database, LUIS, "refused")
    await change(database, 0, temperature=0.1)  # before she was asked
    await decide(database, ANA, "allowed", NOON + HOUR)
    for number, user in enumerate((ANA, LUIS, EVA, None), start=2):
        await change(database, number, user, temperature=number / 10)
    assert [row["new"] for row in await rows(database, tmp_path)] == ["0.2"]
    everything = await rows(database, tmp_path, EVERYBODY)
    assert [row["consent"] for row in everything] == ["none", "allowed", "none", "none", "none"]
    assert [row["person"] is None for row in everything] == [False, False, False, False, True]
    await decide(database, ANA, "refused", NOON + 20 * HOUR)
    assert await rows(database, tmp_path) == []
    await decide(database, ANA, "allowed", NOON + 21 * HOUR)  # what was taken back stays so
    assert await rows(database, tmp_path) == []
    await change(database, 22, temperature=1.5)
    assert [row["new"] for row in await rows(database, tmp_path)] == ["1.5"]


async def test_whoever_is_forgotten_is_in_no_row(database: Database, tmp_path: Path) -> None:
    await decide(database, ANA, "allowed", dt.datetime.now(dt.UTC) - HOUR)
    await change(database, 1, temperature=0.9)
    await Retention(database, tmp_path, 30).forget_person(ANA.id)
    assert await rows(database, tmp_path) == []
    assert {row["person"] for row in await rows(database, tmp_path, EVERYBODY)} <= {None}


async def test_filters_choose_and_those_of_prompts_are_refused(database: Database, tmp_path: Path) -> None:
    for number, (user, chat) in enumerate(((ANA, -1), (LUIS, -1), (ANA, -2))):
        await change(database, number, user, chat, temperature=0.1 + number / 10)

    async def new(only: Filter) -> list[str]:
        return [row["new"] for row in await rows(database, tmp_path, only)]

    assert await new(Filter(chats=(-1,))) == ["0.1", "0.2"]
    assert await new(Filter(people=(ANA.id,))) == ["0.1", "0.30000000000000004"]
    assert await new(Filter(since=NOON + HOUR, until=NOON + 2 * HOUR)) == ["0.2"]
    for only in (Filter(kinds=("seed",)), Filter(outcomes=("answered",)), Filter(min_temperature=1.0)):
        with pytest.raises(LogError, match="what only prompts have"):
            await export_file(database, only, "jsonl", tmp_path / "none", tmp_path, SETTINGS)
    assert not card_path(tmp_path / "none").exists()


async def test_every_format_and_the_card_tell_the_schema(database: Database, tmp_path: Path) -> None:
    await decide(database, ANA, "allowed")
    await change(database, 1, temperature=0.9)
    formats: tuple[Format, ...] = ("csv", "parquet")
    for format_ in formats:
        await export_file(database, CONSENTED, format_, tmp_path / f"x.{format_}", tmp_path, SETTINGS)
    (row,) = csv.DictReader((tmp_path / "x.csv").read_text("utf-8").splitlines())
    assert (tuple(row), row["new"]) == (SCHEMA.names, "0.9")
    table = pytest.importorskip("pyarrow.parquet").read_table(tmp_path / "x.parquet")
    assert table.schema.metadata[b"schema"] == b"cotorra-settings-changes-1"
    assert table["changed_at"].to_pylist() == [NOON + HOUR]
    card = card_path(tmp_path / "x.csv").read_text("utf-8")
    for part in (
        "| settings changes | 1 |",
        "| settings | temperature 1 |",
        "all settings changes whose authors allowed it",
        "1 of 1 settings changes are covered",
        TERMS.question().sentence,
        *(f"| `{field.name}` | {field.type} |" for field in SCHEMA.fields),
    ):
        assert part in card, part
    assert "placeholder" not in card


async def test_one_command_exports_them(database: Database, address: str, tmp_path: Path) -> None:
    await decide(database, ANA, "allowed")
    await change(database, 1, temperature=0.9)
    env = {"DATABASE_URL": address, "COTORRA_DATA_DIR": str(tmp_path)}
    run = CliRunner(env=env).invoke
    done = await asyncio.to_thread(run, logs, ["export", "--what", "settings"])
    assert json.loads(done.stdout)["setting"] == "temperature"
    path = tmp_path / "changes.csv"
    done = await asyncio.to_thread(run, logs, ["export", "--what", "settings", "--out", str(path)])
    assert "1 settings changes in" in done.stderr
    assert path.read_text("utf-8").startswith("schema_version,id,changed_at")
