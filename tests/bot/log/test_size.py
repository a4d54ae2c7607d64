"""What keeps the log quick however large it is: every statement of the bot finds its rows through an index."""

import datetime as dt
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from benchmarks.large_log import World, generate
from benchmarks.log import Replier, measure_purges, measure_queries
from bot.log.export import export_file
from bot.log.filters import Filter
from bot.log.reading import follow, latest
from bot.log.stats import stats
from bot.privacy.my_data import collect
from bot.privacy.retention import Retention
from bot.storage.batches import MOST
from bot.storage.book import Book, Origin
from bot.storage.consent_book import ConsentBook
from bot.storage.database import Database
from bot.storage.erasure import Erasure
from bot.storage.game_book import GameBook
from bot.storage.games import Option
from bot.storage.inbox import Arrival
from bot.storage.mail import Mail
from bot.storage.prompts import Answer
from bot.storage.ratings import Rating
from tests.bot.log.rows import ANA, LUIS, NOON, TERMS, add, ask, path_of

LARGE = (
    "prompts",
    "prompt_texts",
    "reply_messages",
    "ratings",
    "states",
    "inbox",
    "deliveries",
    "settings_changes",
    "quotations",
)
LARGE += ("consents", "users", "chats", "votes", "scores", "games", "game_options")

Statement = tuple[str, Any]


@contextmanager
def statements() -> Iterator[list[Statement]]:
    """Everything that is executed meanwhile."""
    seen: list[Statement] = []

    def note(connection: Connection, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        seen.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def scans(database: Database, seen: list[Statement]) -> list[str]:
    """The statements that go through a whole large table."""
    found = []
    for statement, parameters in seen:
        if statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE", "INSERT", "WITH")):
            steps = await plan(database, statement, parameters)
            found += [f"{step}: {statement}" for step in steps if is_long(step)]
    return found


def is_long(step: str) -> bool:
    """Whether a step of a plan reads a large part of a table: by a kind, all prompts of that kind."""
    return step.split()[:2] in [["SCAN", name] for name in LARGE] or step.endswith("ix_prompts_figures (kind=?)")


async def a_day_of_the_bot(database: Database) -> None:
    """Every question that handlers put to the database while people talk."""
    book, consents, mail = Book(database, TERMS.version), ConsentBook(database), Mail(database, 1)
    (place,) = await mail.accept([Arrival(1, 50, 5, 9, NOON, "{}")])
    await mail.open(place.id)
    await mail.excuse(place.id)
    for delivery in await mail.plan(place.id, 0, 5, ["one", "two"]):
        await mail.sent(await mail.begin(delivery), 60 + delivery.part)
    await consents.is_due(7, TERMS.version, 1, 50)
    await consents.is_due(7, TERMS.version, 1, None)
    await consents.decision(7)
    await consents.decide(ANA, TERMS.question(), "allowed", NOON)
    await consents.asked(7, TERMS.question(), NOON)
    await book.settings(5)
    first = await ask(database, 1)
    await book.set_temperature(occasion_of(first.asked.update_id), 0.9)
    await book.close_prompt(first.id, Answer("answered", "seed 1\nx", 61, 1, 1.0, 1), [61, 62], b"state")
    await ask(database, 1)
    again = await add(database, 2, kind="again", origin=Origin(first))
    await book.find_prompt(again.id)
    await book.prompt_of_message(5, 61)
    await book.state_after(first.id)
    await book.last_prompt(5)
    await book.replace_ratings(first.id, LUIS, "reaction", [Rating(first.id, 8, "reaction", "👍", NOON)])
    await book.last_asked(5, "chime-in", NOON, 1)
    await games_of_the_day(database)
    await mail.end(place.id, "done")
    await mail.forget()


async def games_of_the_day(database: Database) -> None:
    games = GameBook(database)
    await games.own_lines(5, TERMS.version, 1)
    takes = [await add(database, number, kind="duel") for number in range(5, 10)]
    duel = await games.open_game(5, "duel", [Option(take.id) for take in takes], None, NOON, [takes[0].id])
    await games.sent(duel.id, 70, 1)
    await games.vote(duel.id, ANA, 1, NOON)
    await games.open_duels(NOON)
    await games.close(duel.id, NOON)
    quiz = await games.open_game(5, "quiz", [Option(takes[0].id), Option(takes[1].id)], 0, NOON, [takes[1].id])
    await games.sent(quiz.id, 71, 1, "poll")
    await games.guess("poll", LUIS, 1, NOON)
    await games.best(5)


def occasion_of(update_id: int) -> Any:
    from bot.storage.book import Occasion
    from bot.storage.chats import Chat

    return Occasion(1, update_id, Chat(5, "private"), ANA, 9, NOON)


async def test_nothing_that_the_bot_asks_while_people_talk_reads_a_whole_table(database: Database) -> None:
    with statements() as seen:
        await a_day_of_the_bot(database)
    assert len({statement for statement, _ in seen}) > 30
    assert await scans(database, seen) == []
    steps = [step for each in seen if "ratings" in each[0] for step in await plan(database, *each)]
    assert not any("ix_ratings_user_id" in step for step in steps)  # all that somebody ever rated


async def test_nothing_that_is_erased_in_batches_is_found_by_reading_all_prompts(database: Database) -> None:
    await a_day_of_the_bot(database)
    for number in range(3, 3 + MOST):  # a batch of them: for a few ids SQLite may choose another way than for many
        await add(database, number)
    erasure, later = Erasure(database), NOON + dt.timedelta(days=1)
    with statements() as seen:
        await erasure.withdraw(7)
        await erasure.erase_expired(later)
        await erasure.erase_states(later)
        await erasure.forget_person(7, later)
        await erasure.forget_chat(5, later)
        await erasure.delete_before(later)
    assert [scan for scan in await scans(database, seen) if not scan.startswith("SCAN inbox")] == []


@pytest.mark.parametrize("table", ["prompts", "prompt_texts", "quotations", "states"])
async def test_what_is_erased_in_batches_is_read_ahead(database: Database, table: str) -> None:
    """Rows with their index entries, before a transaction keeps others waiting for them."""
    await add(database, 1)
    erasure, later = Erasure(database), NOON + dt.timedelta(days=1)
    with statements() as seen:
        await (erasure.delete_before(later) if table == "prompts" else erasure.erase_expired(later))
    told = [" ".join(statement.split()) for statement, _ in seen]
    read = [number for number, each in enumerate(told) if each.startswith("SELECT") and f"AS {table}_1" in each]
    erased = [number for number, each in enumerate(told) if each.split()[:3] == ["DELETE", "FROM", table]]
    assert min(read) < min(erased)


async def test_what_somebody_is_sent_of_themselves_is_found_by_reading_no_whole_table(database: Database) -> None:
    await a_day_of_the_bot(database)
    with statements() as seen:
        await collect(database, 7)
    assert len(seen) > 10
    assert await scans(database, seen) == []


async def test_the_last_reply_of_a_chat_is_looked_for_from_the_newest_on(database: Database) -> None:
    """Each prompt that is looked at is a page of a large file: nothing is sorted, which would need all of them."""
    await add(database, 1)
    with statements() as seen:
        assert await Book(database).last_prompt(5) is not None
    plans = [await plan(database, *each) for each in seen if each[0].startswith("SELECT")]
    assert [step for steps in plans for step in steps if "prompts USING" in step or "B-TREE" in step] == [
        "SEARCH prompts USING INDEX ix_prompts_chat_id_asked_at (chat_id=? AND asked_at>?)",
        "SEARCH prompts USING COVERING INDEX ix_prompts_chat_id_asked_at (chat_id=?)",
    ]


async def plan(database: Database, statement: str, parameters: Any) -> list[str]:
    """How SQLite goes about a statement."""
    async with database.reading() as connection:
        return [row[-1] for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]


async def test_a_scan_would_be_seen(database: Database) -> None:
    """The check can fail."""
    with statements() as seen:
        async with database.reading() as connection:
            await connection.exec_driver_sql("SELECT id FROM prompts WHERE length = 300")
            await connection.exec_driver_sql("SELECT id FROM prompts WHERE kind = 'seed'")
    assert len(await scans(database, seen)) == 2


async def test_what_lists_and_exports_a_kind_walks_along_the_ids(database: Database, tmp_path: Path) -> None:
    """Told to sort, SQLite would have to read all prompts of the kind before the first."""
    for number in range(3):
        await add(database, number)
    only = Filter(kinds=("seed",), outcomes=("answered",))
    with statements() as seen:
        assert len(await latest(database, only, 2)) == 2
        assert (await anext(follow(database, only, 1))).prompt.id == 2
        assert (await export_file(database, only, "jsonl", tmp_path / "log.jsonl", tmp_path)).records == 3
    plans = [await plan(database, *each) for each in seen if "FROM prompts" in each[0]]
    assert len(plans) >= 3
    bad = [step for steps in plans for step in steps if "B-TREE" in step or "ix_prompts" in step]
    assert bad == []


async def test_the_figures_walk_along_indexes(database: Database) -> None:
    for number in range(3):
        await add(database, number)
    with statements() as seen:
        await stats(database, Filter())
    bad = [scan for scan in await scans(database, seen) if "USING COVERING INDEX" not in scan]
    assert bad == []


# --- the benchmark, small -------------------------------------------------------------------------------


@pytest.fixture
async def large(address: str) -> AsyncIterator[Database]:
    """As the benchmark generates it, a few thousand prompts only."""
    generate(path_of(address), World(4_000))
    async with Database(address) as database:
        yield database


async def test_the_benchmark_measures_what_it_says(large: Database, address: str) -> None:
    replier = Replier(large, World(4_000))
    with path_of(address).open("rb") as file:  # until no other process uses it: closing it ends SQLite's locks
        assert set(await measure_queries(replier, file, calls=2)) == set(replier.queries())
        figures = await stats(large, Filter())
        assert figures.prompts > 4_000
        result = await measure_purges(large, replier, path_of(address), path_of(address).parent)
    assert set(result) == {"by the bot", "by the command"}
    assert all(purge["words"] > 0 and purge["replies"] > 0 for purge in result.values())


async def test_a_withdrawal_reaches_every_row_of_somebody_who_said_much(large: Database, address: str) -> None:
    async with large.reading() as connection:
        count = "SELECT user_id, count(*) FROM prompts WHERE consent_id IS NOT NULL GROUP BY 1 ORDER BY 2 DESC LIMIT 1"
        user, mine = (await connection.exec_driver_sql(count)).one()
    assert await Erasure(large).withdraw(user) == mine > 200
    async with large.reading() as connection:
        left = "SELECT count(*) FROM prompts WHERE user_id = ? AND consent_id IS NOT NULL"
        assert (await connection.exec_driver_sql(left, (user,))).scalar() == 0


async def test_a_purge_ends_where_everything_is_due(large: Database, address: str) -> None:
    purged = await Retention(large, path_of(address).parent, 0).purge(whole=True)
    assert purged.words > 0
    async with large.reading() as connection:
        left = "SELECT count(*) FROM prompts JOIN prompt_texts ON id = prompt_id WHERE consent_id IS NULL"
        assert (await connection.exec_driver_sql(left)).scalar() == 0
