import dataclasses
import datetime as dt
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot import logs
from bot.errors import LogError
from bot.storage import schema
from bot.storage.book import Book, Occasion
from bot.storage.chats import Chat
from bot.storage.database import Database
from bot.storage.prompts import Answer, Prompt, Prompts
from bot.storage.users import User
from model.config import SamplingConfig
from tests.bot.fakes import FakeGenerator, expected_text

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
FINGERPRINT = FakeGenerator().fingerprint
EVERYTHING = logs.Filter()


@pytest.fixture
async def database(address: str) -> AsyncIterator[Database]:
    async with Database(address) as opened:
        await schema.prepare_schema(opened, address)
        yield opened


async def add(database: Database, number: int, chat: int = 5, *, answered: bool = True) -> int:
    """The prompt of hour `number` after noon, answered as FakeGenerator would."""
    occasion = Occasion(1, number, Chat(chat, "group"), User(7, "Ana"), number, NOON + number * HOUR)
    book = Book(database)
    prompt = await book.open_prompt(occasion, "seed", f"seed {number}\n", number, FINGERPRINT)
    if answered:
        text = expected_text(f"seed {number}\n", 300, SamplingConfig(), number)
        await book.close_prompt(prompt.id, Answer("answered", f"seed {number}\n{text}", 1, number, 1.0))
    return prompt.id


async def exported(database: Database, only: logs.Filter = EVERYTHING) -> list[dict[str, object]]:
    stream = io.StringIO()
    count = await logs.export_to(database, only, stream)
    rows = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert len(rows) == count
    return rows


async def test_the_newest_prompts_are_listed_the_oldest_of_them_first(database: Database) -> None:
    for number in range(5):
        await add(database, number)
    assert [p.asked.update_id for p in await logs.latest(database, EVERYTHING, 2)] == [3, 4]


async def test_filters_choose_a_chat_and_a_time(database: Database) -> None:
    for number in range(4):
        await add(database, number, chat=number % 2)
    assert [row["update_id"] for row in await exported(database, logs.Filter(1))] == [1, 3]
    assert [row["update_id"] for row in await exported(database, logs.Filter(since=NOON + 2 * HOUR))] == [2, 3]
    assert (await logs.stats(database, logs.Filter(1, NOON + 2 * HOUR))).prompts == 1


async def test_an_export_has_every_prompt_whole_on_a_line(database: Database) -> None:
    first = await logs.find(database, await add(database, 0))
    async with database.writing() as connection:
        for number in range(1, logs.PAGE + 3):
            await Prompts(connection).add(dataclasses.replace(first.asked, update_id=number))
    rows = await exported(database)
    assert [row["update_id"] for row in rows] == list(range(logs.PAGE + 3))
    assert rows[0]["asked_at"] == NOON.isoformat()
    assert str(rows[0]["reply_text"]).startswith("seed 0\n")


def test_an_export_never_replaces_a_file(tmp_path: Path) -> None:
    path = tmp_path / "there.jsonl"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(LogError, match="exists"), logs.new_file(path):
        pass
    assert path.read_text(encoding="utf-8") == "mine"


def test_an_export_does_not_replace_a_file_made_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"

    def is_overtaken() -> None:
        with logs.new_file(path):
            path.write_text("mine", encoding="utf-8")

    with pytest.raises(LogError, match="expected to write"):
        is_overtaken()
    assert [file.read_text(encoding="utf-8") for file in tmp_path.iterdir()] == ["mine"]


def test_an_export_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    def breaks_off() -> None:
        with logs.new_file(tmp_path / "new.jsonl") as stream:
            stream.write("half")
            raise KeyError

    with pytest.raises(KeyError):
        breaks_off()
    assert list(tmp_path.iterdir()) == []


def test_an_export_into_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="expected to write into"), logs.new_file(tmp_path / "no" / "x"):
        pass


async def test_stats_count_and_tell_latencies(database: Database) -> None:
    for number in range(1, 21):
        await add(database, number, chat=number % 3)
    await add(database, 99, chat=0, answered=False)
    figures = await logs.stats(database, EVERYTHING)
    assert (figures.prompts, figures.chats, figures.people) == (21, 3, 1)
    assert figures.by_outcome == {"answered": 20, "pending": 1}
    assert (figures.latency_median, figures.latency_95) == (10, 19)


async def test_stats_of_an_empty_log_are_zeros(database: Database) -> None:
    assert await logs.stats(database, EVERYTHING) == logs.Stats(0, 0, 0, {}, None, None)


async def test_a_replay_is_the_same_text(database: Database) -> None:
    prompt = await logs.find(database, await add(database, 3))
    text = logs.replay(prompt, FakeGenerator())
    assert text == prompt.answer.reply_text
    assert logs.difference(prompt, FakeGenerator(), text) is None


async def test_a_replay_says_what_differs(database: Database) -> None:
    prompt = await logs.find(database, await add(database, 3))
    other = FakeGenerator()
    other.fingerprint = "other/weights"
    assert "this checkpoint is other/weights" in (logs.difference(prompt, other, "x") or "")
    changed = (prompt.answer.reply_text or "")[:10] + "#"
    assert "character 11 on" in (logs.difference(prompt, FakeGenerator(), changed) or "")
    unanswered = Prompt(prompt.id, prompt.asked, Answer("refused"))
    assert "the prompt is refused" in (logs.difference(unanswered, FakeGenerator(), "x") or "")


async def test_a_replay_takes_the_engine_of_the_reply(database: Database) -> None:
    prompt = await logs.find(database, await add(database, 3))
    for fingerprint, engine in (("abc/litert-int8", "litert"), ("abc/tensorflow", "tensorflow"), ("abc/fake", "auto")):
        asked = dataclasses.replace(prompt.asked, fingerprint=fingerprint)
        assert logs.engine_of(Prompt(prompt.id, asked, prompt.answer)) == engine


async def test_a_prompt_that_is_not_there_is_named(database: Database) -> None:
    with pytest.raises(LogError, match="got 42"):
        await logs.find(database, 42)


async def test_a_purge_deletes_what_is_older_and_nothing_else(database: Database) -> None:
    for number in range(6):
        await add(database, number)
    assert await logs.count_before(database, NOON + 4 * HOUR) == 4
    assert await logs.purge(database, NOON + 4 * HOUR) == 4
    assert [row["update_id"] for row in await exported(database)] == [4, 5]


@pytest.mark.parametrize(
    ("text", "time"),
    [("2026-01-31T12:00", NOON), ("2026-01-31T14:00+02:00", NOON), ("2026-01-31", NOON - 12 * HOUR)],
)
def test_times_are_utc_unless_they_say_otherwise(text: str, time: dt.datetime) -> None:
    assert logs.parse_time(text) == time


@pytest.mark.parametrize("text", ["yesterday", "", "31/01/2026"])
def test_a_malformed_date_is_refused(text: str) -> None:
    with pytest.raises(LogError, match="expected a date such as"):
        logs.parse_time(text)
