import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.errors import GenerationFailed, SchedulerFull, SchedulerStopped, TurnTooSlow
from bot.scheduler import SEED_STEP, STEP, Scheduler, Turn
from model.config import SamplingConfig
from model.sampling import Rng
from tests.bot.fakes import FakeGenerator, expected_text


def turn(seed: str = "a", length: int = 100, rng_seed: int = 1) -> Turn:
    return Turn(seed, length, SamplingConfig(), Rng(rng_seed))


@pytest.fixture
def generator() -> FakeGenerator:
    return FakeGenerator(broken="fire")


@pytest.fixture
async def scheduler(generator: FakeGenerator) -> AsyncIterator[Scheduler]:
    async with Scheduler(generator, capacity=4) as running:
        yield running
        generator.gate.set()


@pytest.mark.parametrize("length", [1, STEP - 1, STEP, STEP + 1, 500])
async def test_the_text_does_not_depend_on_the_steps_it_was_made_in(scheduler: Scheduler, length: int) -> None:
    done = await scheduler.run(turn(length=length))
    assert done.text == expected_text("a", length, SamplingConfig(), 1)
    assert done.characters_per_second


@pytest.mark.parametrize("seed", ["x" * (3 * SEED_STEP + 1), "e" * SEED_STEP + "\u0301", ""])
async def test_a_seed_read_in_pieces_reads_like_the_whole(scheduler: Scheduler, seed: str) -> None:
    assert (await scheduler.run(turn(seed))).text == expected_text(seed, 100, SamplingConfig(), 1)


async def test_turns_do_not_change_each_other(scheduler: Scheduler) -> None:
    together = await asyncio.gather(*(scheduler.run(turn(str(n), rng_seed=n)) for n in range(4)))
    assert [done.text for done in together] == [expected_text(str(n), 100, SamplingConfig(), n) for n in range(4)]


async def test_a_long_turn_does_not_make_a_short_one_wait(scheduler: Scheduler, generator: FakeGenerator) -> None:
    generator.gate.clear()
    finished: list[str] = []

    async def note(name: str, length: int) -> None:
        await scheduler.run(turn(name, length))
        finished.append(name)

    async with asyncio.TaskGroup() as group:
        group.create_task(note("long", 4_000))
        await asyncio.to_thread(generator.entered.wait, 10)  # it is being generated already
        group.create_task(note("short", 2 * STEP))
        await asyncio.sleep(0)
        generator.gate.set()
    assert finished == ["short", "long"]


async def test_too_many_turns_are_refused_with_a_sentence(scheduler: Scheduler, generator: FakeGenerator) -> None:
    generator.gate.clear()
    waiting = [asyncio.create_task(scheduler.run(turn())) for _ in range(4)]
    await asyncio.sleep(0)
    with pytest.raises(SchedulerFull, match=r"Please try again"):
        await scheduler.run(turn())
    generator.gate.set()
    assert len({done.text for done in await asyncio.gather(*waiting)}) == 1


async def test_a_cancelled_turn_frees_its_place_at_once(scheduler: Scheduler, generator: FakeGenerator) -> None:
    generator.gate.clear()
    tasks = [asyncio.create_task(scheduler.run(turn())) for _ in range(4)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
    assert scheduler.active == 3
    fifth = asyncio.create_task(scheduler.run(turn("b")))
    await asyncio.sleep(0)
    generator.gate.set()
    assert (await fifth).text == expected_text("b", 100, SamplingConfig(), 1)
    await asyncio.gather(*tasks[1:])


async def test_a_failing_generator_fails_one_turn_alone(scheduler: Scheduler) -> None:
    good, bad = await asyncio.gather(scheduler.run(turn("water")), scheduler.run(turn("fire")), return_exceptions=True)
    assert isinstance(bad, GenerationFailed)
    assert isinstance(bad.__cause__, RuntimeError)
    assert not isinstance(good, BaseException)
    assert (await scheduler.run(turn("water"))).text == good.text


async def test_a_turn_ends_at_its_deadline(generator: FakeGenerator) -> None:
    async with Scheduler(generator, deadline=0.05) as scheduler:
        generator.gate.clear()
        with pytest.raises(TurnTooSlow):
            await scheduler.run(turn())
        assert scheduler.active == 0
        generator.gate.set()


async def test_stopping_ends_the_turns_that_wait(generator: FakeGenerator) -> None:
    async with Scheduler(generator) as scheduler:
        generator.gate.clear()
        waiting = asyncio.create_task(scheduler.run(turn(length=4_000)))
        await asyncio.to_thread(generator.entered.wait, 10)
        asyncio.get_running_loop().call_later(0.05, generator.gate.set)
    with pytest.raises(SchedulerStopped):
        await waiting
    with pytest.raises(SchedulerStopped):
        await scheduler.run(turn())
