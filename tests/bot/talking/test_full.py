"""When too many ask at once: who comes now is told so, and nothing of it stays open; who does not wait is not told."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.generating.scheduler import CAPACITY
from bot.generating.turns import Turn
from model.config import SamplingConfig
from model.sampling import Rng
from tests.bot.stage import Stage
from tests.bot.talking.test_chime_in import allow, chatter
from tests.bot.talking.test_inline_mode import asked, outside
from tests.bot.talking.test_quiz import stage_with

TOO_MANY = f"Too many people are asking at once: {CAPACITY} are waiting already."


@asynccontextmanager
async def full(stage: Stage) -> AsyncIterator[None]:
    """Nobody else gets a place within."""
    stage.generator.gate.clear()
    scheduler = stage.application.bot_data.voices.scheduler()
    turns = [Turn("a", 1, SamplingConfig(), Rng(number)) for number in range(CAPACITY)]
    waiting = asyncio.gather(*map(scheduler.run, turns))
    await asyncio.sleep(0)
    assert scheduler.active == CAPACITY
    try:
        yield
    finally:
        stage.generator.gate.set()
        await waiting


@pytest.mark.parametrize(
    ("words", "prompts"), [("/seed Lunes", 1), ("/duel Lunes", 2), ("/quiz", 3), ("/surprise a", 0)]
)
async def test_who_asks_is_told_so_and_may_ask_again(address: str, words: str, prompts: int) -> None:
    async with stage_with(address) as stage:
        async with full(stage):
            assert (await stage.ask(words)).startswith(TOO_MANY)
            refused = await stage.idle()
            assert [prompt.answer.outcome for prompt in refused] == ["refused"] * prompts
        assert len(stage.sent(stage.you)) == 1
        await stage.playground.say(stage.you, stage.you, words)
        later = await stage.idle()
        outcomes = Counter(prompt.answer.outcome for prompt in later)
        assert outcomes == Counter(refused=prompts, answered=prompts)


async def test_a_guest_is_told_so(stage: Stage) -> None:
    elsewhere = outside(stage)
    async with full(stage):
        await stage.playground.say(elsewhere, stage.you, "go on @cotorra_bot please")
        answer = await stage.playground.until(elsewhere, lambda message: message.guest_bot_caller_user is not None)
        assert (answer.text or "").startswith(TOO_MANY)
        (prompt,) = await stage.idle()
        assert prompt.answer.outcome == "refused"


async def test_where_nobody_asked_nobody_is_told(stage: Stage) -> None:
    await allow(stage)
    async with full(stage):
        await chatter(stage, "what a day")
        (prompt,) = await stage.idle()
        assert (prompt.asked.kind, prompt.answer.outcome) == ("chime-in", "refused")
    assert stage.sent(stage.group) == []


async def test_a_chosen_inline_result_is_written_down_as_soon_as_there_is_a_place(stage: Stage) -> None:
    offered = await asked(stage, "choose me")
    async with full(stage):
        await stage.playground.choose(stage.group, stage.you, offered, offered.results[1].id)
        await stage.taken()
        while not await stage.prompts():  # noqa: ASYNC110  the log tells nobody what is in it
            await asyncio.sleep(0.01)
    assert [prompt.answer.outcome for prompt in await stage.idle()] == ["answered"] * 3
