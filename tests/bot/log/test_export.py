"""The export: only what people allowed, people as codes, personal data masked, files that programs can read."""

import asyncio
import csv
import dataclasses
import datetime as dt
import io
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.errors import LogError
from bot.log.export import card_path, export_file, write_records
from bot.log.files import new_file
from bot.log.filters import Filter
from bot.log.pseudonyms import DIGITS
from bot.log.record import FIELDS, SCHEMA, SCHEMA_VERSION
from bot.log.tally import Tally
from bot.log.writers import Format, Records, writer
from bot.storage.book import Book, Origin
from bot.storage.database import Database
from bot.storage.prompts import Prompts
from bot.storage.ratings import Rating, Ratings
from bot.storage.users import Users
from tests.bot.log.rows import ANA, EVA, HOUR, LUIS, NOON, add, ask, decide

CONSENTED = Filter(consented=True)
EVERYBODY = Filter()


async def records(database: Database, folder: Path, only: Filter = CONSENTED) -> list[dict[str, Any]]:
    stream = io.BytesIO()
    with writer("jsonl", stream) as lines:
        await write_records(database, only, lines, folder, Tally(NOON), page=3)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


# --- whose words ----------------------------------------------------------------------------------------


async def test_only_what_people_allowed_is_exported(database: Database, tmp_path: Path) -> None:
    await decide(database, ANA, "allowed")
    await decide(database, LUIS, "refused")
    for number, user in enumerate((ANA, LUIS, EVA, None)):
        await add(database, number, user=user)
    (only,) = await records(database, tmp_path)
    assert (only["seed_text"], only["consent"]) == ("seed 0\n", "allowed")
    everything = await records(database, tmp_path, EVERYBODY)
    assert [row["consent"] for row in everything] == ["allowed", "none", "none", "none"]


async def test_a_withdrawal_counts_before_its_rows_are_done(database: Database, tmp_path: Path) -> None:
    await decide(database, ANA, "allowed")
    await add(database, 0)
    await decide(database, ANA, "refused", NOON + HOUR)
    assert await records(database, tmp_path) == []


async def test_a_copy_goes_with_the_words_it_copies(database: Database, tmp_path: Path) -> None:
    await decide(database, ANA, "allowed")
    await decide(database, LUIS, "allowed")
    first = await add(database, 0, user=ANA)
    await add(database, 1, first.asked.seed_text, user=LUIS, kind="again", origin=Origin(first))
    assert len(await records(database, tmp_path)) == 2
    await decide(database, ANA, "refused", NOON + 2 * HOUR)
    assert await records(database, tmp_path) == []


async def test_erased_words_are_not_there_and_the_facts_are_for_the_operator_alone(
    database: Database, tmp_path: Path
) -> None:
    await decide(database, ANA, "allowed")
    first = await add(database, 0)
    async with database.writing() as connection:
        await connection.execute(text("DELETE FROM prompt_texts"))
    assert await records(database, tmp_path) == []
    (row,) = await records(database, tmp_path, EVERYBODY)
    assert (row["id"], row["seed_text"], row["reply_text"]) == (first.id, None, None)


# --- a record -------------------------------------------------------------------------------------------


async def test_a_record_has_all_that_was_measured_and_nobodys_number(database: Database, tmp_path: Path) -> None:
    await decide(database, ANA, "allowed")
    prompt = await add(database, 3, chat=-42)
    async with database.writing() as connection:
        await Users(connection).see(LUIS, NOON)
        for kind, value, user in (("reaction", "👍", 8), ("reaction", "🔥", None), ("again", "1", None)):
            await Ratings(connection).add(Rating(prompt.id, user, kind, value, NOON))  # type: ignore[arg-type]
    (row,) = await records(database, tmp_path)
    assert tuple(row) == SCHEMA.names
    asked, done = prompt.asked, prompt.answer
    same = ("kind", "temperature", "top_p", "repetition_brake", "length", "ending", "rng_seed", "fingerprint", "part")
    assert {name: row[name] for name in same} == {name: getattr(asked, name) for name in same}
    measured = ("outcome", "characters", "latency_ms", "waiting_ms", "generating_ms", "characters_per_second")
    assert {name: row[name] for name in measured} == {name: getattr(done, name) for name in measured}
    assert (row["asked_at"], row["chat_kind"], row["language"]) == (asked.asked_at.isoformat(), "group", "es")
    assert (row["reactions"], row["again"], row["warmer"], row["schema_version"]) == ("👍 🔥", 1, 0, SCHEMA_VERSION)
    assert row["reply_text"] == done.reply_text
    assert not {"7", "-42", "Ana", "ana"} & {str(value) for value in row.values()}


async def test_the_same_person_and_chat_have_the_same_code_and_only_this_key_gives_it(
    database: Database, tmp_path: Path
) -> None:
    for number, user in enumerate((ANA, ANA, LUIS)):
        await add(database, number, user=user, chat=5 + number % 2)
    one = await records(database, tmp_path, EVERYBODY)
    people, chats = [row["person"] for row in one], [row["chat"] for row in one]
    assert people[0] == people[1] != people[2]
    assert chats[0] == chats[2] != chats[1]
    assert all(len(code) == DIGITS for code in (*people, *chats))
    assert [row["person"] for row in await records(database, tmp_path, EVERYBODY)] == people
    other = await records(database, tmp_path / "other", EVERYBODY)
    assert not {row["person"] for row in other} & set(people)
    key = tmp_path / "pseudonyms.key"
    assert key.stat().st_mode & 0o777 == 0o600


async def test_personal_data_in_free_text_is_masked_and_counted(database: Database, tmp_path: Path) -> None:
    await decide(database, ANA, "allowed")
    await add(database, 0, "write to ana@example.com or @ana_lopez, 612 34 56 78: ")
    (row,) = await records(database, tmp_path)
    assert row["seed_text"] == "write to [email] or [user], [phone]: "
    assert str(row["reply_text"]).startswith(row["seed_text"])
    assert row["masked"] == 6


async def test_filters_choose(database: Database, tmp_path: Path) -> None:
    for number in range(4):
        await add(database, number, chat=5 + number % 2, user=(ANA, LUIS)[number // 2])
    await ask(database, 4, chat=None, user=EVA, kind="inline")
    await Book(database).set_temperature(_occasion(database), 1.2)
    await add(database, 9)
    chosen = {
        Filter(since=NOON + 3 * HOUR): [3, 4, 9],
        Filter(until=NOON + HOUR): [0],
        Filter(chats=(6,)): [1, 3],
        Filter(chats=(5, 6), people=(8,)): [2, 3],
        Filter(kinds=("inline", "quiz")): [4],
        Filter(outcomes=("pending",)): [4],
        Filter(min_temperature=1): [9],
        Filter(max_temperature=1): [0, 1, 2, 3, 4],
    }
    for only, numbers in chosen.items():
        assert [row["rng_seed"] for row in await records(database, tmp_path, only)] == numbers, only


def _occasion(database: Database) -> Any:
    from bot.storage.book import Occasion
    from bot.storage.chats import Chat

    return Occasion(1, 77, Chat(5, "private"), ANA, 1, NOON)


# --- formats --------------------------------------------------------------------------------------------

NASTY = (
    '=HYPERLINK("http://x.y","z")',
    "+1",
    "-1",
    "@ SUM(A1)",
    "\t=1",
    "\r=1",
    'a,"b"\nc\r\nd',
    "nul\x00 \ud800 \u2028",
    "\n=1",  # as an answer to a reply begins
    " \u00a0-1",
    "\nno formula",
)


async def test_a_spreadsheet_finds_no_formula_and_csv_readers_find_every_field(
    database: Database, tmp_path: Path
) -> None:
    for number, seed in enumerate(NASTY):
        await add(database, number, seed)
    stream = io.BytesIO()
    with writer("csv", stream) as rows:
        await write_records(database, EVERYBODY, rows, tmp_path, Tally(NOON), page=3)
    found = list(csv.DictReader(io.StringIO(stream.getvalue().decode("utf-8"), newline="")))
    assert tuple(found[0]) == SCHEMA.names
    assert [row["seed_text"][0] for row in found[:6]] == ["'"] * 6
    assert [row["seed_text"] for row in found[1:3]] == ["'+1", "'-1"]
    assert found[6]["seed_text"] == NASTY[6]
    assert found[7]["seed_text"] == "nul\ufffd \ufffd \u2028"
    assert [row["seed_text"] for row in found[8:]] == ["'\n=1", "' \u00a0-1", "\nno formula"]
    for row in found:
        assert not any(str(value).startswith(("=", "+", "-", "@", "\t", "\r")) for value in row.values())


async def test_json_lines_are_one_object_a_line_whatever_is_in_them(database: Database, tmp_path: Path) -> None:
    for number, seed in enumerate(NASTY):
        await add(database, number, seed)
    rows = await records(database, tmp_path, EVERYBODY)
    assert [row["seed_text"] for row in rows][1:7] == list(NASTY[1:7])


async def test_parquet_has_typed_columns(database: Database, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    for number in range(4):
        await add(database, number)
    path = tmp_path / "log.parquet"
    await export_file(database, EVERYBODY, "parquet", path, tmp_path)
    table = parquet.read_table(path)
    assert table.column_names == list(SCHEMA.names)
    assert table.schema.metadata[b"schema"] == b"cotorra-prompts-1"
    assert table["asked_at"].to_pylist() == [NOON + number * HOUR for number in range(4)]
    assert table["rng_seed"].to_pylist() == [0, 1, 2, 3]
    rows = await records(database, tmp_path, EVERYBODY)
    plain = [row | {"asked_at": dt.datetime.fromisoformat(row["asked_at"])} for row in rows]
    assert table.to_pylist() == plain


async def test_an_empty_log_is_an_empty_data_set(database: Database, tmp_path: Path) -> None:
    formats: tuple[Format, ...] = ("jsonl", "csv", "parquet")
    for format_ in formats:
        tally = await export_file(database, CONSENTED, format_, tmp_path / f"log.{format_}", tmp_path)
        assert tally.records == 0
    assert (tmp_path / "log.jsonl").read_bytes() == b""
    assert (tmp_path / "log.csv").read_text("utf-8").strip() == ",".join(SCHEMA.names)


# --- the data card --------------------------------------------------------------------------------------


async def test_the_data_card_tells_what_is_in_the_file(database: Database, tmp_path: Path) -> None:
    await decide(database, ANA, "allowed")
    await add(database, 0, "hello @luis | pipe")
    await add(database, 5, chat=-6)
    path = tmp_path / "log.jsonl"
    await export_file(database, dataclasses.replace(CONSENTED, kinds=("seed",)), "jsonl", path, tmp_path)
    card = card_path(path).read_text("utf-8")
    for part in (
        "| prompts | 2 |",
        "| period | 2026-01-31 12:00:00 UTC to 2026-01-31 17:00:00 UTC |",
        "| people | 1 |",
        "| chats | 2 |",
        "| languages | es 2 |",
        "all prompts whose authors allowed it; kind seed",
        "2 of 2 prompts are covered",
        f"Terms {_terms().version}, shown in `en`, 2 prompts",
        _terms().sentence,
        "| `[user]` | 2 |",
        *(f"| `{field.name}` | {field.type} |" for field in FIELDS),
    ):
        assert part in card, part
    assert "operator's own eyes" not in card


def _terms() -> Any:
    from tests.bot.log.rows import TERMS

    return TERMS.question()


async def test_the_card_of_everybodys_words_says_so(database: Database, tmp_path: Path) -> None:
    await add(database, 0)
    path = tmp_path / "log.csv"
    await export_file(database, EVERYBODY, "csv", path, tmp_path)
    card = card_path(path).read_text("utf-8")
    assert "**For the operator's own eyes.**" in card
    assert "0 of 1 prompts are covered" in card


# --- while the bot writes -------------------------------------------------------------------------------


async def test_what_is_written_meanwhile_is_not_in_the_export(database: Database, tmp_path: Path) -> None:
    first = await add(database, 0)
    async with database.writing() as connection:
        for number in range(1, 10):
            await Prompts(connection).add(dataclasses.replace(first.asked, update_id=number))
    found: list[tuple[Any, ...]] = []

    class WhileTheBotWrites:
        def write(self, records: Records) -> None:
            found.extend(records)
            with _other_connection(database) as connection:
                connection.execute("DELETE FROM prompts WHERE id = 10")
                connection.execute("UPDATE prompts SET kind = 'again'")

    await write_records(database, EVERYBODY, WhileTheBotWrites(), tmp_path, Tally(NOON), page=3)
    assert [(record[1], record[3]) for record in found] == [(number, "seed") for number in range(1, 11)]


def _other_connection(database: Database) -> Any:
    import sqlite3

    return sqlite3.connect(str(database.url.database))


# --- files ----------------------------------------------------------------------------------------------


async def test_a_file_that_exists_is_refused_and_so_is_its_card(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    for there in (path, card_path(path)):
        there.write_text("mine", encoding="utf-8")
        with pytest.raises(LogError, match=f"{there.name} exists"):
            await export_file(database, EVERYBODY, "jsonl", path, tmp_path)
        assert there.read_text(encoding="utf-8") == "mine"
        there.unlink()


def test_a_file_made_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"

    def is_overtaken() -> None:
        with new_file(path):
            path.write_text("mine", encoding="utf-8")

    with pytest.raises(LogError, match="expected to write"):
        is_overtaken()
    assert [file.read_text(encoding="utf-8") for file in tmp_path.iterdir()] == ["mine"]


def test_an_export_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def breaks_off() -> None:
        with new_file(tmp_path / "new.jsonl") as stream:
            stream.write(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        breaks_off()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_export_left_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "new.jsonl"
    write_and_die = (
        "import os, pathlib, sys; from bot.log.files import new_file\n"
        "with new_file(pathlib.Path(sys.argv[1])) as stream:\n"
        "    stream.write(b'half of it' * 100); stream.flush(); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", write_and_die, path], check=False).returncode == -signal.SIGKILL
    assert [file.name for file in tmp_path.iterdir()] == [".new.jsonl.part"]
    with new_file(path) as stream:
        stream.write(b"all")
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("new.jsonl", b"all")]
    assert path.stat().st_mode & 0o777 == 0o600


def test_two_exports_do_not_write_into_one_file(tmp_path: Path) -> None:
    path = tmp_path / "new.jsonl"
    with new_file(path) as stream:
        with pytest.raises(LogError, match="another process is at it"), new_file(path):
            pass
        stream.write(b"all")
    assert path.read_bytes() == b"all"


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
async def test_an_export_that_is_told_to_end_leaves_nothing(
    database: Database, address: str, tmp_path: Path, end: signal.Signals
) -> None:
    await add(database, 0)
    folder = tmp_path / "out"
    folder.mkdir()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _ENDLESS, "logs", "export", "--all", "--out", str(folder / "log.jsonl")),
        env={"DATABASE_URL": address, "COTORRA_DATA_DIR": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"writing\n"
    assert sorted(file.name for file in folder.iterdir()) == [".log.jsonl.card.md.part", ".log.jsonl.part"]
    process.send_signal(end)
    _, stderr = await process.communicate()
    assert (process.returncode, stderr.splitlines()[-1]) == (1, b"cotorra: stopped")
    assert list(folder.iterdir()) == []


_ENDLESS = """
import signal

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs start without
from bot.log import record
from bot.log.export import DATA_SETS, DataSet
import cotorra

async def endless(connection, rows, pseudonyms, found):
    import asyncio
    print("writing", flush=True)
    await asyncio.Event().wait()

DATA_SETS["prompts"] = DataSet(record.SCHEMA, record.select_records, endless)
cotorra.main()
"""


def test_an_export_into_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="expected to write into"), new_file(tmp_path / "no" / "x"):
        pass


@pytest.mark.parametrize("format_", ["jsonl", "csv", "parquet"])
async def test_a_disk_that_fills_leaves_nothing_and_is_one_sentence(
    database: Database, address: str, tmp_path: Path, format_: str
) -> None:
    first = await add(database, 0)
    async with database.writing() as connection:
        for number in range(1, 600):
            new = await Prompts(connection).add(dataclasses.replace(first.asked, update_id=number))
            await Prompts(connection).complete(new.id, dataclasses.replace(first.answer, reply_text=f"{number:0300}"))
    folder = tmp_path / "out"
    folder.mkdir()
    (tmp_path / "pseudonyms.key").write_bytes(bytes(32))
    # ulimit counts blocks of 1,024 bytes.
    export = f"ulimit -f 8; exec {sys.executable} -m cotorra logs export --all --format {format_} --out {folder}/log"
    stderr = await failing(export, address, tmp_path)
    assert stderr.splitlines()[-1].startswith(f"cotorra: expected to write {folder / 'log'}: File too large")
    assert "Traceback" not in stderr
    assert list(folder.iterdir()) == []


async def test_a_full_stdout_is_one_sentence(database: Database, address: str, tmp_path: Path) -> None:
    await add(database, 0)
    stderr = await failing(f"{sys.executable} -m cotorra logs export --all > /dev/full", address, tmp_path)
    assert stderr.splitlines()[-1] == "cotorra: expected to write to stdout: No space left on device"


async def failing(command: str, address: str, folder: Path) -> str:
    """What a command that exits with 1 says."""
    env = {"DATABASE_URL": address, "COTORRA_DATA_DIR": str(folder)}
    env |= {"PYTHONDONTWRITEBYTECODE": "1"}  # a small disk would cut that too
    process = await asyncio.create_subprocess_exec("bash", "-c", command, env=env, stderr=asyncio.subprocess.PIPE)
    _, stderr = await process.communicate()
    assert process.returncode == 1, stderr
    return stderr.decode()
