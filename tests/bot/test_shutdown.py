"""A real process is told to end: in good order and in time, at once if it is told twice, and nothing is lost."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator

import pytest

from bot.playground import Playground, faults
from tests.bot.faults.seen import said_by_the_bot
from tests.bot.process import BotProcess, bot_process

WITHIN = 8.0  # seconds, as promised
EACH = 3  # messages of every chat
SIGNALS = [signal.SIGTERM, signal.SIGINT]


@pytest.fixture
async def playground() -> AsyncIterator[Playground]:
    async with Playground() as playground:
        yield playground


def chats(playground: Playground) -> list[int]:
    return [person.id for person in playground.world.people.values()]


async def everybody_asks(playground: Playground) -> None:
    """Every person asks in private, and the bot has told the server that it has it all."""
    for number in range(EACH):
        for chat in chats(playground):
            await playground.say(chat, chat, f"/seed number {number}")
    while playground.updates.pending:  # noqa: ASYNC110  the queue tells nobody when it is empty
        await asyncio.sleep(0.01)


async def everything_is_answered(playground: Playground) -> None:
    """Each question once, in the order of its chat."""
    for chat in chats(playground):
        await playground.until(chat, lambda m: (m.text or "").startswith(f"number {EACH - 1}"), timeout=60)
        answers = [text for text in said_by_the_bot(playground, chat) if text.startswith("number")]
        assert [text[:8] for text in answers] == [f"number {number}" for number in range(EACH)]


async def ends_well(process: BotProcess, number: int) -> None:
    told = process.send(number)
    assert await process.wait() == 0, process.text
    assert time.monotonic() - told < WITHIN
    assert "Traceback" not in process.text


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
async def test_what_is_being_answered_is_finished_or_goes_on_after_the_restart(
    playground: Playground, address: str, number: signal.Signals
) -> None:
    async with bot_process(playground, address) as process:
        await playground.updates.polled()
        await everybody_asks(playground)
        await ends_well(process, number)
    async with bot_process(playground, address) as process:
        await everything_is_answered(playground)
        await ends_well(process, number)
    assert len(playground.updates) == 0


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
async def test_a_server_that_hangs_holds_up_no_shutdown(
    playground: Playground, address: str, number: signal.Signals
) -> None:
    hanging = asyncio.Event()
    async with bot_process(playground, address) as process:
        await playground.updates.polled()
        playground.faults.add(faults.slow(hanging), method="sendMessage", times=len(chats(playground)))
        await everybody_asks(playground)
        while len(playground.faults):  # noqa: ASYNC110  until every chat's reply hangs
            await asyncio.sleep(0.01)
        await ends_well(process, number)
        assert "go on after the next start" in process.text
    hanging.set()
    async with bot_process(playground, address):
        await everything_is_answered(playground)


async def test_no_new_work_is_taken_once_it_is_told_to_end(playground: Playground, address: str) -> None:
    hanging = asyncio.Event()
    you = playground.world.you.id
    async with bot_process(playground, address) as process:
        await playground.updates.polled()
        playground.faults.add(faults.slow(hanging), method="sendMessage")
        await playground.say(you, you, "/seed number 0")
        while len(playground.faults):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await playground.updates.polled()
        process.send(signal.SIGTERM)
        while playground.updates._poll is not None:  # noqa: ASYNC110  its long poll ends first of all
            await asyncio.sleep(0.01)
        await playground.say(you, you, "/seed number 1")
        assert await process.wait() == 0
        assert len(playground.updates) == 1
    hanging.set()
    async with bot_process(playground, address):
        await playground.until(you, lambda m: (m.text or "").startswith("number 1"), timeout=60)


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
async def test_a_second_signal_ends_it_at_once_and_nothing_is_lost(
    playground: Playground, address: str, number: signal.Signals
) -> None:
    hanging = asyncio.Event()
    async with bot_process(playground, address) as process:
        await playground.updates.polled()
        playground.faults.add(faults.slow(hanging), method="sendMessage")
        await everybody_asks(playground)
        while len(playground.faults):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await playground.updates.polled()
        process.send(number)
        while playground.updates._poll is not None:  # noqa: ASYNC110  the first signal has been heard
            await asyncio.sleep(0.01)
        process.send(number)
        assert await process.wait() == -number
    hanging.set()
    async with bot_process(playground, address):
        await everything_is_answered(playground)
