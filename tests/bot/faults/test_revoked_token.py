"""Telegram does not know the token for a while: said once, all waits, one call asks; then each is answered once."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bot.authorization import CALM, REFUSED, Authorization, TokenRefused
from bot.incoming.polling import Poller
from bot.incoming.webhook_config import WebhookConfig
from bot.insistence import Insistence
from bot.observability.server import PagesConfig
from bot.playground import Playground, faults
from tests.bot.fakes import FakeGenerator
from tests.bot.faults.seen import said_by_the_bot
from tests.bot.faults.test_telegram_away import HOUR, Deaf, FakeBot, FakeInbox, Outage
from tests.bot.process import bot_process
from tests.bot.stage import Stage, free_port
from tests.bot.virtual_time import run

UNAUTHORIZED = faults.error(401, "Unauthorized")
NOT_FOUND = faults.error(404, "Not Found")
BEGINS = REFUSED.partition(";")[0]
EACH = 3  # messages of every chat


class Telegram(Stage):
    """A stage whose Telegram can forget the bot's token, and whose bot shows its health."""

    def __init__(self, address: str, generator: FakeGenerator, way: str = "polling") -> None:
        self._pages_at = PagesConfig(port=free_port())
        port = free_port()
        hook = WebhookConfig(f"http://127.0.0.1:{port}/telegram", SecretStr("a-secret_for-Telegram"), port=port)
        super().__init__(address, generator, webhook=hook if way == "webhook" else None, pages=self._pages_at)
        self.chats = [person.id for person in self.playground.world.people.values()]

    async def everybody_asks(self, number: int) -> None:
        for chat in self.chats:
            await self.playground.say(chat, chat, f"/seed number {number}")

    async def everything_is_answered(self) -> None:
        """Each question once, in the order of its chat."""
        for chat in self.chats:
            await self.playground.until(chat, lambda m: (m.text or "").startswith(f"number {EACH - 1}"), timeout=60)
            await self.settled(chat)
            answers = [text for text in said_by_the_bot(self.playground, chat) if text.startswith("number")]
            assert [text[:8] for text in answers] == [f"number {number}" for number in range(EACH)]

    async def health(self) -> httpx.Response:
        async with httpx.AsyncClient() as client:
            return await client.get(f"http://127.0.0.1:{self._pages_at.port}/healthz")


def forget_token(playground: Playground, fault: faults.Fault = UNAUTHORIZED) -> None:
    """From now on every call is refused, until the faults are cleared."""
    for method in (None, "getUpdates"):
        playground.faults.add(fault, method=method, times=10_000)


async def said(log: pytest.LogCaptureFixture, words: str) -> None:
    async with asyncio.timeout(60):
        while words not in log.text:  # noqa: ASYNC110  the log is all there is to wait for
            await asyncio.sleep(0.01)


@pytest.fixture(params=["polling", "webhook"])
async def telegram(request: pytest.FixtureRequest, address: str) -> AsyncIterator[Telegram]:
    async with Telegram(address, FakeGenerator(), request.param) as stage:
        yield stage


@pytest.mark.parametrize("fault", [UNAUTHORIZED, NOT_FOUND], ids=["401", "404"])
async def test_what_waits_while_the_token_is_refused_is_answered_once_when_it_is_known_again(
    telegram: Telegram, fault: faults.Fault, caplog: pytest.LogCaptureFixture
) -> None:
    playground = telegram.playground
    await telegram.ask("/help")
    telegram.generator.gate.clear()
    for number in range(EACH - 1):
        await telegram.everybody_asks(number)
    await telegram.taken()
    forget_token(playground, fault)
    telegram.generator.gate.set()
    await said(caplog, BEGINS)
    mark = playground.calls.mark()
    ill = await telegram.health()
    assert ill.status_code == 503
    assert ill.json()["checks"]["token"] == {"ok": False, "reason": "Telegram does not know it"}
    await telegram.everybody_asks(EACH - 1)
    for _ in range(2):
        await playground.calls.wait("getMe", after=playground.calls.mark(), timeout=30)
    assert {call.method for call in playground.calls.of(after=mark)} == {"getMe"}
    assert playground.calls.of("getUpdates", after=mark) == []
    assert not telegram.application.bot_data.life.done()
    playground.faults.clear()
    await telegram.everything_is_answered()
    assert caplog.text.count(BEGINS) == 1
    assert "(TokenRefused)" not in caplog.text
    assert [prompt.answer.outcome for prompt in await telegram.prompts()] == ["answered"] * EACH * len(telegram.chats)
    async with asyncio.timeout(60):
        while (await telegram.health()).status_code != 200:  # noqa: ASYNC110  an answer is good for a second
            await asyncio.sleep(0.1)


async def test_a_refusal_that_nobody_repeats_is_tried_again_and_not_told(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    await stage.ask("/help")
    stage.playground.faults.add(UNAUTHORIZED, method="sendMessage", times=3)
    await stage.playground.say(stage.you, stage.you, "/seed patience")
    await stage.playground.until(stage.you, lambda m: (m.text or "").startswith("patience"))
    await stage.settled()
    assert [text[:8] for text in said_by_the_bot(stage.playground, stage.you)[1:-1]] == ["patience"]
    assert stage.playground.calls.of("getMe", after=1)
    assert stage.playground.calls.of("editMessageText") == []  # nothing was sent that would have to be looked for
    assert BEGINS not in caplog.text


async def test_a_method_that_is_not_found_while_the_token_is_good_is_no_refusal_of_the_token(stage: Stage) -> None:
    await stage.ask("/help")
    stage.playground.faults.add(NOT_FOUND, method="sendMessage")
    await stage.playground.say(stage.you, stage.you, "/seed refused")
    await stage.playground.until(stage.you, lambda m: "Sorry" in (m.text or ""))


async def test_a_process_outlives_a_refusal_and_shows_no_token(stage: Stage) -> None:
    await stage.stop()
    async with bot_process(stage.playground, stage.address) as process:
        await stage.playground.updates.polled()
        forget_token(stage.playground)
        await stage.playground.say(stage.you, stage.you, "/seed patience")
        await process.until(BEGINS)
        stage.playground.faults.clear()
        await stage.playground.until(stage.you, lambda m: (m.text or "").startswith("patience"), timeout=60)
        process.send(signal.SIGTERM)
        assert await process.wait() == 0
    assert process.text.count(BEGINS) == 1
    assert "Traceback" not in process.text
    assert stage.playground.token.partition(":")[2] not in process.text


# --- the one that asks, in virtual time ------------------------------------------------------------------------


class Known:
    """A token that is refused until a moment of the loop's time, and who asks for it."""

    def __init__(self, seconds: float) -> None:
        self._outage = Outage(seconds, TokenRefused())
        self.authorization = Authorization(monotonic=asyncio.get_running_loop().time)
        self.authorization.accepted(asked=True)

    @property
    def asked(self) -> int:
        return self._outage.attempts

    async def get_me(self) -> None:
        try:
            self._outage.strike()
        except TokenRefused:
            self.authorization.refused()
            raise
        self.authorization.accepted(asked=True)

    async def known_again(self) -> None:
        """Refused now, and known again at the end, as it was before."""
        asking = asyncio.create_task(self.authorization.keep(self.get_me))
        self.authorization.refused()
        async with asyncio.timeout(2 * HOUR):
            while self.authorization.is_refused:  # noqa: ASYNC110  in virtual time
                await asyncio.sleep(1)
        asking.cancel()
        await asyncio.wait([asking])


def test_for_an_hour_it_is_asked_about_twice_a_minute_and_told_twice(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def scenario() -> int:
        known = Known(HOUR)
        await known.known_again()
        return known.asked

    assert HOUR / 30 <= run(scenario()) < HOUR / 30 + 10
    said, over = caplog.records
    assert (said.levelno, said.message) == (logging.ERROR, REFUSED)
    assert "the token: all is well again after" in over.message


def test_soon_after_an_hour_updates_are_received_again(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> float:
        bot: Any = FakeBot(Outage(HOUR, TokenRefused()), 1)
        inbox: Any = FakeInbox()
        polling = asyncio.create_task(Poller(bot, inbox, (), Insistence("receiving", Deaf())).run())
        start = asyncio.get_running_loop().time()
        while not inbox.kept:  # noqa: ASYNC110  in virtual time
            await asyncio.sleep(0.1)
        polling.cancel()
        await asyncio.wait([polling])
        return asyncio.get_running_loop().time() - start

    assert HOUR <= run(scenario()) <= HOUR + 5
    assert caplog.records == []  # who asks for the token says what is wrong


def test_what_comes_and_goes_is_over_when_it_has_been_calm(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def scenario() -> None:
        known = Known(1.5)
        await known.known_again()
        await known.known_again()
        known.authorization.accepted(asked=False)
        assert [record.message for record in caplog.records] == [REFUSED]
        await asyncio.sleep(CALM)
        known.authorization.accepted(asked=False)

    run(scenario())
    assert "well again after" in caplog.records[-1].message
    assert len(caplog.records) == 2


def test_answers_to_calls_that_went_out_before_a_refusal_say_nothing_of_what_is_now() -> None:
    async def scenario() -> None:
        known = Known(HOUR)
        known.authorization.refused()
        known.authorization.accepted(asked=False)
        assert known.authorization.is_refused

    run(scenario())
