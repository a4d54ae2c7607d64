"""Chats in which Telegram wants nothing for long: they are answered later, and others do not wait for it."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from telegram.error import RetryAfter

from bot.clock import ServerClock
from bot.context import BotApplication
from bot.incoming.dispatcher import Dispatcher
from bot.incoming.inbox import Inbox
from bot.observability.metrics import Metrics
from bot.sending.budgets import Budgets
from bot.sending.rate_limiter import RateLimiter
from tests.bot.faults.test_telegram_away import NOON, FakeMail
from tests.bot.sending.limited_world import Server, World, now
from tests.bot.virtual_time import run

PAUSE = 300  # seconds
SLOTS = 8


class Answering:
    """Says something in each update's chat."""

    def __init__(self, inbox: Inbox, world: World) -> None:
        self.bot = None
        self.bot_data = SimpleNamespace(metrics=Metrics())
        self.attempts = 0
        self._inbox = inbox
        self._world = world

    async def process_update(self, update: Any) -> None:
        self.attempts += 1
        try:
            await self._world.say(update.effective_chat.id, str(update.update_id))
        except RetryAfter as error:
            self._inbox.held(update.update_id).trouble = error


def message(number: int, chat: int) -> dict[str, Any]:
    content = {"message_id": number, "date": int(NOON.timestamp()), "chat": {"id": chat, "type": "private"}}
    return {"update_id": number, "message": content}


@pytest.fixture(autouse=True)
def retry_after_as_timedelta(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # as the application does


def test_chats_under_a_long_pause_hold_no_slot_that_others_need() -> None:
    """As many as there are slots, and twice that; every second chat is under one."""
    paused = range(2, 4 * SLOTS + 2, 2)
    server = Server(refuse=lambda method, chat: PAUSE if chat in paused and now() < 1_030 else None)

    async def scenario() -> int:
        inbox = Inbox(cast("Any", FakeMail()), cast("ServerClock", SimpleNamespace(now=lambda: NOON)))
        application = Answering(inbox, World(server, RateLimiter(Budgets())))
        dispatcher = Dispatcher(cast("BotApplication", application), inbox, at_once=SLOTS)
        await inbox.accept([message(10 * chat + each, chat) for each in range(2) for chat in range(1, 4 * SLOTS + 2)])
        working = asyncio.create_task(dispatcher.run())
        while len(inbox):  # noqa: ASYNC110  in virtual time
            await asyncio.sleep(1)
        working.cancel()
        await asyncio.wait([working])
        return application.attempts

    assert run(scenario()) == 2 * (4 * SLOTS + 1) + len(paused)  # each is tried again once, when the pause is over
    assert server.refused == len(paused)
    last = {chat: max(one.time for one in server.arrivals if one.chat == chat) for chat in range(1, 4 * SLOTS + 2)}
    assert all((last[chat] > 1_000 + PAUSE) == (chat in paused) for chat in last)
    assert max(last[chat] for chat in last if chat not in paused) < 1_010
    assert all(server.texts(chat) == [str(10 * chat), str(10 * chat + 1)] for chat in last)
