"""Another program with the same token: said once, lived with, and over when it is gone."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from telegram.error import Conflict

from bot.app import BotConfig, running
from bot.generating.voice_folders import VoiceFolders
from bot.incoming.polling import Poller
from bot.insistence import Insistence
from bot.sending.budgets import UNLIMITED
from tests.bot.fakes import FakeGenerator, FakeLoader
from tests.bot.faults.seen import said_by_the_bot
from tests.bot.faults.test_telegram_away import Deaf, FakeInbox
from tests.bot.stage import Stage
from tests.bot.virtual_time import run


class Contested:
    """Updates that two programs fetch in turn: this one is refused every other time."""

    def __init__(self, until: float) -> None:
        self._until = until
        self._asked = 0

    async def delete_webhook(self) -> None: ...

    async def raw_updates(self, offset: int | None, seconds: int, kinds: Sequence[str]) -> list[Mapping[str, Any]]:
        self._asked += 1
        await asyncio.sleep(5)
        if self._asked % 2 and asyncio.get_running_loop().time() < self._until:
            raise Conflict("Conflict: terminated by other getUpdates request")
        return [{"update_id": self._asked}]


def test_a_conflict_that_comes_and_goes_for_an_hour_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        bot: Any = Contested(loop.time() + 3_600)
        inbox: Any = FakeInbox()
        poller = Poller(bot, inbox, (), Insistence("receiving", Deaf(), monotonic=loop.time))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(5_000):
                await poller.run()

    run(scenario())
    assert caplog.text.count("another program receives") == 1
    assert caplog.text.count("well again") == 1
    assert len(caplog.records) == 2


async def test_two_bots_say_so_and_the_one_that_stays_answers_everything(
    stage: Stage, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await stage.ask("/help")
    token, url = SecretStr(stage.playground.token), stage.playground.api_base_url
    other = BotConfig(
        token,
        f"sqlite:///{tmp_path / 'other.sqlite'}",
        VoiceFolders(Path("parrot")),
        api_base_url=url,
        data_dir=tmp_path,
    )
    async with running(other, FakeLoader(FakeGenerator())):
        while "another program receives" not in caplog.text:  # noqa: ASYNC110  the log is all there is to wait for
            await asyncio.sleep(0.01)
    await stage.playground.say(stage.you, stage.you, "/seed alone again")
    await stage.playground.until(stage.you, lambda m: (m.text or "").startswith("alone again"), timeout=60)
    assert caplog.text.count("another program receives") <= 2  # each of them once


async def test_a_second_bot_on_the_same_database_waits_for_the_first_and_nothing_is_answered_twice(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    """As while a new version is brought up before the old one is taken down."""
    generator = FakeGenerator()
    async with Stage(address, generator, patience=0.01) as old:
        generator.gate.clear()
        for number in range(3):
            await old.say(f"/seed number {number}")
        token, voices = SecretStr(old.playground.token), VoiceFolders(Path("parrot"))
        url, folder = old.playground.api_base_url, Path(address.removeprefix("sqlite:///")).parent
        config = BotConfig(token, address, voices, api_base_url=url, data_dir=folder, budgets=UNLIMITED)
        async with AsyncExitStack() as new:
            starting = asyncio.create_task(
                new.enter_async_context(running(config, FakeLoader(FakeGenerator()))), name="new bot"
            )
            while "another bot uses" not in caplog.text:  # noqa: ASYNC110  the log is all there is to wait for
                await asyncio.sleep(0.01)
            assert not starting.done()
            generator.gate.set()
            await old.stop()
            await starting
            await old.playground.until(old.you, lambda m: (m.text or "").startswith("number 2"), timeout=30)
            answers = [text for text in said_by_the_bot(old.playground, old.you) if text.startswith("number")]
            assert [text[:8] for text in answers] == [f"number {number}" for number in range(3)]
        assert caplog.text.count("another bot uses") == 1
