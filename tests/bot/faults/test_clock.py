"""Clocks that jump: nothing expires, nothing is erased and nothing waits because this machine's clock is wrong."""

import datetime as dt
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

import bot
from bot.clock import ServerClock
from bot.incoming.inbox import Inbox
from bot.privacy.retention import Retention
from bot.storage.book import Book, Occasion
from bot.storage.chats import Chat
from bot.storage.database import Database
from bot.storage.erasure import Erasure
from bot.storage.inbox import Opened
from bot.storage.prompts import Answer
from bot.storage.schema import prepare_schema
from bot.storage.users import User
from tests.bot.stage import Stage

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
YEARS = dt.timedelta(days=3_650)


class Clocks:
    """A machine's two clocks: the wall's, which somebody sets, and the one that only counts."""

    def __init__(self) -> None:
        self.wall = NOON
        self.seconds = 0.0


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
async def clock(clocks: Clocks) -> ServerClock:
    clock = ServerClock(lambda: clocks.wall, lambda: clocks.seconds)
    await clock.read(httpx.Response(200, headers={"Date": format_datetime(NOON, usegmt=True)}))
    return clock


@pytest.mark.parametrize("jump", [YEARS, -YEARS])
async def test_a_wall_clock_that_jumps_moves_nothing(clock: ServerClock, clocks: Clocks, jump: dt.timedelta) -> None:
    clocks.wall += jump
    clocks.seconds += 30
    assert clock.now() == NOON + dt.timedelta(seconds=30)
    mail: Any = None
    inbox = Inbox(mail, clock)
    assert inbox.verdict(Opened(1, "{}", NOON - dt.timedelta(minutes=59), 0)) is None
    assert inbox.verdict(Opened(1, "{}", NOON - dt.timedelta(minutes=61), 0)) == "expired"


@pytest.mark.parametrize("attempts", [1, 2])
async def test_what_was_begun_in_time_may_be_finished_for_a_day(clock: ServerClock, attempts: int) -> None:
    mail: Any = None
    inbox = Inbox(mail, clock)
    assert inbox.verdict(Opened(1, "{}", NOON - dt.timedelta(hours=23), attempts)) is None
    assert inbox.verdict(Opened(1, "{}", NOON - dt.timedelta(hours=25), attempts)) == "expired"


@pytest.mark.parametrize("date", ["", "yesterday", "Sat, 31 Jan 2026 12:00:00"])
async def test_an_answer_without_a_readable_date_changes_nothing(clock: ServerClock, clocks: Clocks, date: str) -> None:
    clocks.seconds += 10
    await clock.read(httpx.Response(200, headers={"Date": date}))
    assert clock.now() == NOON + dt.timedelta(seconds=10)


async def test_time_does_not_go_back_by_the_part_of_a_second_that_a_date_leaves_out(
    clock: ServerClock, clocks: Clocks
) -> None:
    clocks.seconds += 10.9
    before = clock.now()
    late = NOON + dt.timedelta(seconds=10)
    await clock.read(httpx.Response(200, headers={"Date": format_datetime(late, usegmt=True)}))
    assert clock.now() == before


@pytest.mark.parametrize("seconds", [-1, 60])
async def test_a_server_whose_time_is_another_is_believed(clock: ServerClock, seconds: float) -> None:
    other = NOON + dt.timedelta(seconds=seconds)
    await clock.read(httpx.Response(200, headers={"Date": format_datetime(NOON + YEARS, usegmt=True)}))
    await clock.read(httpx.Response(200, headers={"Date": format_datetime(other, usegmt=True)}))
    assert clock.now() == other


async def test_before_the_first_answer_it_is_the_machines_time(clocks: Clocks) -> None:
    assert ServerClock(lambda: clocks.wall, lambda: clocks.seconds).now() == NOON


async def test_a_clock_that_is_years_ahead_erases_nothing(stage: Stage, tmp_path: Path, clocks: Clocks) -> None:
    """The same purge, with the server's time and with a machine's that jumped: only the second would erase."""
    await stage.ask("/seed to be kept")
    await stage.settled()
    right, wrong = ServerClock(), ServerClock(lambda: dt.datetime.now(dt.UTC) + YEARS)
    await right.read(httpx.Response(200, headers={"Date": format_datetime(dt.datetime.now(dt.UTC), usegmt=True)}))
    await Retention(stage.database, tmp_path, 30, right.now).purge()
    (prompt,) = await stage.prompts()
    assert prompt.asked.seed_text == "to be kept"
    await Retention(stage.database, tmp_path, 30, wrong.now).purge()
    (prompt,) = await stage.prompts()
    assert prompt.erased_at is not None


async def test_a_prompt_is_dated_by_the_server(stage: Stage) -> None:
    """The machine's clock is not asked: the bot's own is set to another day."""
    other_day = dt.datetime(2031, 5, 5, 5, 5, 5, tzinfo=dt.UTC)
    await stage.ask("/help")
    clock = stage.application.bot_data.clock
    await clock.read(httpx.Response(200, headers={"Date": format_datetime(other_day, usegmt=True)}))
    occasion_time = clock.now()
    assert dt.timedelta(0) <= occasion_time - other_day < dt.timedelta(minutes=1)


async def test_the_same_time_dates_what_is_kept_and_decides_when_it_goes(address: str) -> None:
    """A machine's clock that is years ahead would else date states that are never erased."""
    async with Database(address) as database:
        await prepare_schema(database, address)
        book = Book(database, now=lambda: NOON)
        asker = Occasion(1, 1, Chat(5, "private", "Ana"), User(7, "Ana"), 9, NOON)
        prompt = await book.open_prompt(asker, "seed", "kept", 1, "fp")
        await book.close_prompt(prompt.id, Answer("answered", "kept for a while"), state=b"state")
        erasure = Erasure(database, lambda: NOON + YEARS)
        assert await erasure.erase_states(NOON) == 0
        assert await erasure.erase_states(NOON + dt.timedelta(seconds=1)) == 1
        assert await erasure.erase_expired(NOON + YEARS) == 1
        erased = await book.find_prompt(prompt.id)
        assert erased is not None
        assert erased.erased_at == NOON + YEARS


def test_a_running_bot_asks_the_machine_for_the_time_in_one_place() -> None:
    """`cotorra logs` has no server to ask, and the playground is one."""
    package = Path(str(bot.__file__)).parent
    files = [file for file in package.rglob("*.py") if file.parent.name != "log" and "playground" not in file.parts]
    asking = [file.name for file in files if "datetime.now(" in file.read_text()]
    assert asking == ["clock.py"]


async def test_the_database_opens_whatever_the_clock_says(address: str) -> None:
    async with Database(address) as database:
        assert await prepare_schema(database, address)
