"""Looking at the log: the newest prompts, those that come, and words only where people allowed them to be kept."""

import asyncio
import io
import json

import pytest
from rich.console import Console
from sqlalchemy import text

from bot.errors import LogError
from bot.log.filters import Filter, parse_time
from bot.log.listing import ERASED, HIDDEN, show_table
from bot.log.purge import count_before, delete_before
from bot.log.reading import Seen, follow, latest, where_it_stands
from bot.storage.database import Database
from tests.bot.log.rows import ANA, HOUR, LUIS, NOON, add, answer, ask, decide

EVERYTHING = Filter()


async def test_the_newest_prompts_are_listed_the_oldest_of_them_first(database: Database) -> None:
    for number in range(5):
        await add(database, number)
    assert [seen.prompt.asked.update_id for seen in await latest(database, EVERYTHING, 2)] == [3, 4]


async def test_words_that_nobody_allowed_to_be_kept_are_shown_on_request_alone(database: Database) -> None:
    await decide(database, ANA, "allowed")
    await add(database, 1, user=ANA)
    await add(database, 2, user=LUIS)
    ours, theirs = await latest(database, EVERYTHING, 2)
    assert (ours.seed, theirs.seed, theirs.reply) == ("seed 1\n", None, None)
    assert json.loads(theirs.as_json())["seed_text"] is None
    assert json.loads(theirs.as_json())["consent"] == "none"
    shown = (await latest(database, EVERYTHING, 2, everybodys=True))[1]
    assert shown.seed == "seed 2\n"


def table(found: list[Seen], width: int = 120) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    show_table(found, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


async def test_a_table_has_a_line_for_each_prompt_at_any_width(database: Database) -> None:
    await decide(database, ANA, "allowed")
    await add(database, 1, "[red]a\nb[/]\n")
    await add(database, 2, user=LUIS)
    await add(database, 3)
    async with database.writing() as connection:
        await connection.execute(text("DELETE FROM prompt_texts WHERE prompt_id = 3"))
        await connection.execute(text("UPDATE prompts SET erased_at = asked_at WHERE id = 3"))
    found = await latest(database, EVERYTHING, 9)
    for width in (60, 80, 120, 200):
        assert len(table(found, width).splitlines()) == 4
    lines = table(found, 200).splitlines()
    assert "[red]a b[/]" in lines[1]
    assert HIDDEN in lines[2]
    assert ERASED in lines[3]


async def test_who_follows_sees_each_prompt_once_something_has_come_of_it(database: Database) -> None:
    await add(database, 0)
    begun = await ask(database, 9)
    last, pending = await where_it_stands(database)
    assert (last, pending) == (begun.id, {begun.id})
    coming = follow(database, EVERYTHING, last, True, 0, pending)
    slow, quick = await ask(database, 1), await ask(database, 2)
    await answer(database, quick)
    assert (await anext(coming)).prompt.id == quick.id
    await answer(database, slow)
    assert (await anext(coming)).prompt.id == slow.id
    await answer(database, begun)
    assert (await anext(coming)).prompt.id == begun.id
    waiting = asyncio.create_task(anext(coming))  # type: ignore[arg-type]
    third = await add(database, 3)
    assert (await waiting).prompt.id == third.id
    await coming.aclose()  # type: ignore[attr-defined]


async def test_who_follows_one_outcome_sees_no_other(database: Database) -> None:
    coming = follow(database, Filter(outcomes=("answered",)), 0, pause=0)
    await ask(database, 1)
    second = await add(database, 2)
    assert (await anext(coming)).prompt.id == second.id
    await coming.aclose()  # type: ignore[attr-defined]


async def test_a_purge_deletes_what_is_older_and_nothing_else(database: Database) -> None:
    for number in range(6):
        await add(database, number)
    assert await count_before(database, NOON + 4 * HOUR) == 4
    assert await delete_before(database, NOON + 4 * HOUR) == 4
    assert [seen.prompt.asked.update_id for seen in await latest(database, EVERYTHING, 9)] == [4, 5]


@pytest.mark.parametrize(
    ("text", "time"),
    [("2026-01-31T12:00", NOON), ("2026-01-31T14:00+02:00", NOON), ("2026-01-31", NOON - 12 * HOUR)],
)
def test_times_are_utc_unless_they_say_otherwise(text: str, time: object) -> None:
    assert parse_time(text) == time


@pytest.mark.parametrize("text", ["yesterday", "", "31/01/2026", "2026-13-01", "0001-01-01T00:00+14:00"])
def test_a_malformed_date_is_refused(text: str) -> None:
    with pytest.raises(LogError, match="expected a date such as"):
        parse_time(text)
