"""Telegram is away: at the start, for an hour, in the middle of everything."""

import asyncio
import contextlib
import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from telegram.error import NetworkError, TelegramError, TimedOut

from bot.connecting import connected
from bot.incoming.dispatcher import LONGEST_WAIT, Dispatcher
from bot.incoming.inbox import Inbox
from bot.incoming.polling import Poller
from bot.insistence import Insistence
from bot.observability.metrics import Metrics
from bot.sending.delivery import Uncertain
from bot.storage.errors import DatabaseLocked
from bot.storage.inbox import Arrival, Opened, Waiting
from tests.bot.fakes import FakeGenerator
from tests.bot.stage import Stage, free_port
from tests.bot.virtual_time import run

HOUR = 3_600.0
NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)


class Outage:
    """Something that fails until a moment of the loop's time."""

    def __init__(self, seconds: float, error: Exception) -> None:
        self.ends = asyncio.get_running_loop().time() + seconds
        self.error = error
        self.attempts = 0

    def strike(self) -> None:
        self.attempts += 1
        if asyncio.get_running_loop().time() < self.ends:
            raise self.error


# --- at the start ---------------------------------------------------------------------------------------


class FakeApplication:
    """As much of an application as connecting needs."""

    def __init__(self, outage: Outage) -> None:
        self._outage = outage
        self.bot = SimpleNamespace(set_my_commands=self._nothing, shutdown=self._nothing)
        self.shutdown = self._nothing

    async def initialize(self) -> None:
        self._outage.strike()

    async def _nothing(self, *_: object, **__: object) -> None: ...


@pytest.mark.parametrize("error", [NetworkError("no route"), TimedOut()])
def test_an_hour_without_telegram_at_the_start_is_waited_out(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> tuple[float, int]:
        outage = Outage(HOUR, error)
        application: Any = FakeApplication(outage)
        start = asyncio.get_running_loop().time()
        async with connected(application):
            return asyncio.get_running_loop().time() - start, outage.attempts

    waited, attempts = run(scenario())
    assert HOUR <= waited <= HOUR + 30
    assert attempts < 130  # one in 30 s, however long it takes
    assert len(caplog.records) == 1


# --- for an hour: what comes in ---------------------------------------------------------------------------


class FakeBot:
    """Telegram's updates, once it is back; each is given until it is confirmed."""

    def __init__(self, outage: Outage, count: int) -> None:
        self._outage = outage
        self._updates = [{"update_id": number} for number in range(count)]

    async def delete_webhook(self) -> None: ...

    async def raw_updates(self, offset: int | None, seconds: int, kinds: Sequence[str]) -> list[Mapping[str, Any]]:
        self._outage.strike()
        self._updates = [update for update in self._updates if update["update_id"] >= (offset or 0)]
        if not self._updates:
            await asyncio.sleep(seconds or 0.01)
        return self._updates[:100]


class FakeInbox:
    """Keeps what comes, once its database is back."""

    def __init__(self, outage: Outage | None = None) -> None:
        self._outage = outage
        self.kept: list[int] = []
        self.caught_up = asyncio.Event()

    async def room(self) -> None: ...

    async def accept(self, updates: Sequence[Mapping[str, Any]]) -> None:
        if self._outage is not None:
            self._outage.strike()
        self.kept += [update["update_id"] for update in updates]


class Deaf:
    def succeeded(self) -> None: ...
    def failed(self, error: Exception) -> None: ...


@pytest.mark.parametrize("whose", ["Telegram", "the database"])
def test_after_an_hour_every_update_is_received_once_and_the_log_has_two_lines(
    whose: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    async def scenario() -> tuple[list[int], int]:
        never, hour = Outage(0, NetworkError("gone")), Outage(HOUR, NetworkError("gone"))
        if whose == "Telegram":
            bot, inbox = FakeBot(hour, 250), FakeInbox()
        else:
            hour.error = DatabaseLocked("expected it to be free")
            bot, inbox = FakeBot(never, 250), FakeInbox(hour)
        poller = Poller(cast_any(bot), cast_any(inbox), (), Insistence("receiving", Deaf()))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HOUR + 60):
                await poller.run()
        return inbox.kept, hour.attempts

    kept, attempts = run(scenario())
    assert kept == list(range(250))
    assert attempts < 140
    assert len(caplog.records) == 2
    assert "well again after" in caplog.text


def cast_any(value: Any) -> Any:
    return value


# --- for an hour: what goes out ---------------------------------------------------------------------------


class FakeMail:
    """The inbox's table, in memory."""

    bot_id = 1

    def __init__(self) -> None:
        self._rows: dict[int, Arrival] = {}
        self.ends: list[tuple[int, str]] = []

    async def accept(self, arrivals: Sequence[Arrival]) -> list[Waiting]:
        places = []
        for arrival in arrivals:
            place = len(self._rows) + 1
            self._rows[place] = arrival
            places.append(Waiting(place, arrival.update_id, arrival.chat_id))
        return places

    async def open(self, place: int) -> Opened | None:
        row = self._rows[place]
        return Opened(row.update_id, row.payload or "", row.sent_at, row.attempts)

    async def end(self, place: int, end: str) -> None:
        self.ends.append((self._rows[place].update_id, end))

    async def excuse(self, place: int) -> None: ...

    async def forget(self) -> None: ...


class Answering:
    """As much of an application as the dispatcher needs: every answer needs Telegram, which is away."""

    def __init__(self, inbox: Inbox, outage: Outage) -> None:
        self.bot = None
        self.bot_data = SimpleNamespace(metrics=Metrics())
        self.answered: list[int] = []
        self._inbox = inbox
        self._outage = outage

    async def process_update(self, update: Any) -> None:
        try:
            self._outage.strike()
        except TelegramError as error:
            self._inbox.held(update.update_id).trouble = error
        else:
            self.answered.append(update.update_id)


def test_after_an_hour_everything_is_answered_once_in_the_order_of_its_chat(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    chats, each = 50, 4

    async def scenario() -> Answering:
        mail: Any = FakeMail()
        inbox = Inbox(mail, cast_any(SimpleNamespace(now=lambda: NOON)))
        application = Answering(inbox, Outage(HOUR, NetworkError("gone")))
        dispatcher = Dispatcher(cast_any(application), inbox, at_once=10)
        updates = [
            {"update_id": 100 * chat + number, "message": _message(chat)}
            for number in range(each)
            for chat in range(chats)
        ]
        await inbox.accept(updates)
        working = asyncio.create_task(dispatcher.run())
        async with asyncio.timeout(2 * HOUR):
            while len(inbox):  # noqa: ASYNC110  in virtual time
                await asyncio.sleep(1)
        working.cancel()
        await asyncio.wait([working])
        assert [end for _, end in mail.ends] == ["done"] * chats * each
        return application

    application = run(scenario())
    assert sorted(application.answered) == [100 * chat + number for chat in range(chats) for number in range(each)]
    for chat in range(chats):
        mine = [number for number in application.answered if number // 100 == chat]
        assert mine == sorted(mine)
    assert application._outage.attempts < chats * (each + 140)
    assert len(caplog.records) == 2


def test_what_waits_for_another_message_of_its_chat_asks_seldom_and_goes_on_soon() -> None:
    async def scenario() -> tuple[int, float]:
        mail: Any = FakeMail()
        inbox = Inbox(mail, cast_any(SimpleNamespace(now=lambda: NOON)))
        outage = Outage(HOUR + 5, Uncertain("another message is looked for first"))
        working = asyncio.create_task(Dispatcher(cast_any(Answering(inbox, outage)), inbox).run())
        await inbox.accept([{"update_id": 1, "message": _message(1)}])
        while len(inbox):  # noqa: ASYNC110  in virtual time
            await asyncio.sleep(0.01)
        working.cancel()
        await asyncio.wait([working])
        return outage.attempts, asyncio.get_running_loop().time() - outage.ends

    attempts, late = run(scenario())
    assert attempts < HOUR / LONGEST_WAIT + 15
    assert late < LONGEST_WAIT + 0.1


def _message(chat: int) -> dict[str, Any]:
    return {"message_id": 1, "date": int(NOON.timestamp()), "chat": {"id": chat, "type": "private"}}


# --- in the middle of everything --------------------------------------------------------------------------


async def test_a_server_that_goes_away_and_comes_back_is_found_again(address: str) -> None:
    generator = FakeGenerator()
    async with Stage(address, generator, port=free_port()) as stage:
        generator.gate.clear()
        for number in range(3):
            await stage.say(f"/seed number {number}")
        await stage.playground.stop()
        generator.gate.set()
        while not any(prompt.answer.reply_text for prompt in await stage.prompts()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await stage.playground.start()
        await stage.playground.until(stage.you, lambda m: (m.text or "").startswith("number 2"), timeout=60)
        await stage.settled()
        bot = stage.playground.world.bot.id
        seen = [m.text or "" for m in stage.playground.history(stage.you) if m.from_user and m.from_user.id == bot]
        assert [text[:8] for text in seen[:-1]] == [f"number {number}" for number in range(3)]


async def test_what_never_left_this_machine_is_sent_and_not_looked_for(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Where nobody took the connection, no message can have arrived: Telegram is asked to edit none."""
    generator = FakeGenerator()
    async with Stage(address, generator, port=free_port()) as stage:
        generator.gate.clear()
        await stage.say("/seed Domingo")
        await stage.playground.stop()
        generator.gate.set()
        while "tried again (NetworkError)" not in caplog.text:  # noqa: ASYNC110  a line of the log is no event
            await asyncio.sleep(0.01)
        await stage.playground.start()
        await stage.playground.until(stage.you, lambda m: (m.text or "").startswith("Domingo"), timeout=60)
        await stage.settled()
        assert stage.playground.calls.of("editMessageText") == []
