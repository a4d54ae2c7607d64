"""Answers that break off, come late or never: what was received is received once, what was said stands once."""

import asyncio

import pytest

from bot.playground import faults
from tests.bot.fakes import FakeGenerator
from tests.bot.faults.seen import said_by_the_bot
from tests.bot.stage import Stage


@pytest.mark.parametrize(
    "fault", [faults.dropped_after(), faults.half_body(), faults.dropped_before()], ids=lambda fault: fault.moment.name
)
async def test_updates_whose_answer_broke_off_come_again_and_are_answered_once(
    stage: Stage, fault: faults.Fault
) -> None:
    await stage.ask("/help")
    stage.playground.faults.add(fault, fault, method="getUpdates")
    for number in range(3):
        await stage.playground.say(stage.you, stage.you, f"/seed number {number}")
    await stage.playground.until(stage.you, lambda m: (m.text or "").startswith("number 2"), timeout=30)
    await stage.settled()
    seen = [text for text in said_by_the_bot(stage.playground, stage.you) if text.startswith("number")]
    assert [text[:8] for text in seen] == ["number 0", "number 1", "number 2"]


async def test_an_answer_that_never_comes_is_given_up_and_the_message_stands_once(address: str) -> None:
    """The server has the message, and its answer hangs; the bot gives up waiting, and finds it."""
    async with Stage(address, FakeGenerator(), answer=0.2) as stage:
        never = asyncio.Event()
        stage.playground.faults.add(faults.slow(never), method="sendMessage")
        await stage.say("/seed slow")
        await stage.settled()
        never.set()
        seen = [text for text in said_by_the_bot(stage.playground, stage.you) if text.startswith("slow")]
        (prompt,) = await stage.prompts()
        assert seen == [(prompt.answer.reply_text or "").strip()]
        assert prompt.answer.outcome == "answered"


async def test_a_server_that_hangs_before_it_does_anything_holds_up_one_chat_alone(address: str) -> None:
    async with Stage(address, FakeGenerator(), answer=1) as stage:
        hanging = asyncio.Event()
        stage.playground.faults.add(faults.slow(hanging, done_at_once=False), method="sendMessage")
        await stage.say("/seed slow")
        await stage.playground.say(stage.group, stage.you, "/seed quick")
        await stage.playground.until(stage.group, lambda m: (m.text or "").startswith("quick"))
        assert not [text for text in said_by_the_bot(stage.playground, stage.you) if text.startswith("slow")]
        await stage.playground.until(stage.you, lambda m: (m.text or "").startswith("slow"), timeout=30)
        hanging.set()
