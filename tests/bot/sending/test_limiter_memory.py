"""What the limiter knows of its life before: a bot that begins anew keeps to what was said already."""

import asyncio
import contextlib
import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from telegram.error import RetryAfter

from bot.playground import faults
from bot.sending.budgets import Budgets
from bot.sending.call_memory import CallMemory
from bot.sending.outgoing import Priority
from bot.sending.rate_limiter import Dropped, RateLimiter
from bot.storage.database import Database
from bot.storage.mail import Mail
from tests.bot.fakes import FakeGenerator
from tests.bot.sending.limited_world import GROUP, Server, World, now
from tests.bot.stage import Stage
from tests.bot.virtual_time import run

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)


@dataclass
class Notebook:
    """What a bot noted, for the next one."""

    notes: list[tuple[int, float]] = field(default_factory=list)

    async def recent(self) -> dict[int, list[float]]:
        ages: defaultdict[int, list[float]] = defaultdict(list)
        for chat, at in self.notes:
            ages[chat].append(now() - at)
        return ages

    async def note(self, chat_id: int) -> None:
        self.notes.append((chat_id, now()))

    async def pauses(self) -> dict[int, float]:
        return {}

    async def note_pause(self, chat_id: int, seconds: float) -> None: ...


@pytest.mark.parametrize("moment", [0.3, 7.3, 18.9, 33.0, 40.0, 70.0])
def test_a_bot_that_is_killed_in_a_burst_and_begins_anew_is_refused_nothing(moment: float) -> None:
    """Texts, edits and frames of a group, dead at any moment; the next one knows what was on its way, too."""

    def refuse(method: str, chat: int) -> float | None:
        mine = [time for time in server.times(chat) if time > now() - 60]
        return 60 - now() + mine[0] if chat < 0 and len(mine) >= 20 else None

    server, notebook = Server(refuse=refuse, there=lambda: 0.0, back=lambda: 0.6), Notebook()

    async def paint(stage: World) -> None:
        while True:
            with contextlib.suppress(Dropped):
                await stage.call("editMessageText", GROUP - 1, priority=Priority.FRAME)
            await asyncio.sleep(0.1)

    async def life(*chats: int) -> tuple[World, list[asyncio.Future[Any]]]:
        stage = World(server, RateLimiter(Budgets(), memory=notebook))
        await stage.limiter.initialize()
        methods = ["sendMessage", "editMessageText"] * 15
        return stage, [asyncio.ensure_future(stage.call(method, chat)) for chat in chats for method in methods]

    async def scenario() -> None:
        stage, calls = await life(GROUP, 7)
        calls.append(asyncio.ensure_future(paint(stage)))
        await asyncio.sleep(moment)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        _, calls = await life(GROUP, GROUP - 1)
        await asyncio.gather(*calls)

    run(scenario())
    assert server.refused == 0
    assert {chat for chat, _ in notebook.notes} == {GROUP, GROUP - 1}  # private chats have no limit a minute


def test_what_was_before_counts_once_however_often_a_bot_has_to_begin() -> None:
    """As where Telegram is away when it starts."""

    async def scenario() -> float:
        notebook = Notebook([(GROUP, now() - 30)] * 12)
        stage = World(Server(), RateLimiter(Budgets(), memory=notebook))
        for _ in range(3):
            await stage.limiter.initialize()
        await stage.say(GROUP)
        return now()

    assert run(scenario()) < 1_025  # a minute's twenty were not full


async def test_a_bot_that_is_started_again_knows_what_it_told_a_group(address: str) -> None:
    async with Stage(address, FakeGenerator(), budgets=Budgets(group=2)) as stage:
        await stage.ask("/help@cotorra_bot", stage.group)
        await stage.idle()
        await stage.restart()
        with pytest.raises(Dropped):
            await stage.application.bot.send_message(stage.group, "half", rate_limit_args=Priority.FRAME)
        await stage.application.bot.send_message(stage.you, "half", rate_limit_args=Priority.FRAME)


async def test_a_memory_is_of_the_last_minute_and_survives_a_clock_that_jumps(address: str) -> None:
    async with Stage(address, FakeGenerator()) as stage:
        await stage.stop()
        times, mail = [NOON], Mail(stage.database, 1)
        memory = CallMemory(mail, lambda: times[-1])
        for seconds in (0, 10, 50, 69):
            times.append(NOON + dt.timedelta(seconds=seconds))
            await memory.note(GROUP)
        # As old as the server may think them at most: it counted them a moment after they were noted.
        assert await memory.recent() == {GROUP: [57.0, 17.0, 0.0]}
        times.append(NOON - dt.timedelta(hours=1))
        assert await memory.recent() == {}
        await memory.note(GROUP)
        times.append(NOON + dt.timedelta(seconds=69))
        assert await memory.recent() == {}


async def test_without_a_database_a_group_is_told_all_the_same(address: str, caplog: pytest.LogCaptureFixture) -> None:
    async with Database(address) as database:
        Path(str(database.url.database)).unlink()  # noqa: ASYNC240  nothing else runs
        memory = CallMemory(Mail(database, 1))
        await memory.note(GROUP)
        assert await memory.recent() == {}
        await memory.note_pause(GROUP, 60)
        assert await memory.pauses() == {}
    assert "the last minute is not known" in caplog.text
    assert "wants nothing in is not known" in caplog.text


async def test_a_bot_that_is_started_again_asks_nothing_of_a_chat_before_its_pause_is_over(address: str) -> None:
    async with Stage(address, FakeGenerator()) as stage:
        stage.playground.faults.add(faults.flood(300), method="sendMessage")
        with pytest.raises(RetryAfter):
            await stage.application.bot.send_message(stage.you, "early")
        await stage.restart()
        with pytest.raises(RetryAfter) as told:
            await stage.application.bot.send_message(stage.you, "early")
        assert dt.timedelta(seconds=200) < cast("dt.timedelta", told.value.retry_after)
        with pytest.raises(Dropped):
            await stage.application.bot.send_message(stage.you, "half", rate_limit_args=Priority.FRAME)
        await stage.application.bot.send_message(stage.group, "whole")
        assert stage.playground.calls.counts[429] == 1


async def test_a_pause_is_remembered_until_its_end_unless_the_clock_was_set_back(address: str) -> None:
    async with Stage(address, FakeGenerator()) as stage:
        await stage.stop()
        times, mail = [NOON], Mail(stage.database, 1)
        memory = CallMemory(mail, lambda: times[-1])
        await memory.note_pause(7, 30)
        await memory.note_pause(7, 300)
        await memory.note_pause(GROUP, 10)
        times.append(NOON + dt.timedelta(seconds=5))
        assert await memory.pauses() == {7: 295.0, GROUP: 5.0}
        times.append(NOON + dt.timedelta(seconds=10))
        assert await memory.pauses() == {7: 290.0}
        times.append(NOON - dt.timedelta(seconds=1))
        assert await memory.pauses() == {}
        await memory.note_pause(GROUP, 1_000)
        times.append(NOON + dt.timedelta(seconds=20))
        assert await memory.pauses() == {GROUP: 979.0}
