import asyncio
import itertools
import threading
import time
import unicodedata
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.errors import GenerationFailed, SchedulerFull, SchedulerStopped, TurnTakenBack, TurnTooSlow
from bot.generating.engine_thread import FRESH
from bot.generating.scheduler import ROWS_OF_A_CHAT, Continuation, Scheduler, Turn, Watch
from model.batch import Batch
from model.config import SamplingConfig
from model.generator import RecurrentGenerator
from model.sampling import Rng
from model.stopping import Ending
from tests.bot.fakes import FakeGenerator, expected_text
from tests.one_by_one import OneByOne


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


@pytest.mark.parametrize("length", [1, FRESH - 1, FRESH, FRESH + 1, 500])
async def test_the_text_does_not_depend_on_the_steps_it_was_made_in(scheduler: Scheduler, length: int) -> None:
    done = await scheduler.run(turn(length=length))
    assert done.text == expected_text("a", length, SamplingConfig(), 1)
    assert done.characters_per_second


@pytest.mark.parametrize("seed", ["x" * 900, "e" * 256 + "\u0301", ""])
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
        group.create_task(note("short", FRESH))
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


async def test_a_chat_that_asks_too_much_is_told_so_and_leaves_room_for_others(generator: FakeGenerator) -> None:
    async with Scheduler(generator, capacity=40) as scheduler:
        generator.gate.clear()
        greedy = [replace(turn(rng_seed=n), chat=7) for n in range(6)]
        waiting = [asyncio.create_task(scheduler.run(each)) for each in greedy[:5]]
        await asyncio.sleep(0)
        with pytest.raises(SchedulerFull, match="5 requests from this chat"):
            await scheduler.run(greedy[5])
        other = asyncio.create_task(scheduler.run(replace(turn(), chat=8)))
        generator.gate.set()
        await asyncio.gather(other, *waiting)


async def test_newcomers_are_answered_while_greedy_chats_have_all_they_can_get(generator: FakeGenerator) -> None:
    """Three chats ask for as many long replies as they are allowed; thirty others, one by one, for a few words."""
    async with Scheduler(generator) as scheduler:
        greedy: list[asyncio.Task[Continuation]] = []
        for chat in range(3):
            long = replace(turn(length=4_000), chat=chat)
            greedy += [await started(scheduler, long) for _ in range(32)]
            with pytest.raises(SchedulerFull, match="32 requests from this chat"):
                await scheduler.run(long)
        for number in range(30):
            short = await scheduler.run(replace(turn("b", 40, number), chat=f"newcomer {number}"))
            assert short.text == expected_text("b", 40, SamplingConfig(), number)
        assert not any(task.done() for task in greedy)
        await cancelled(greedy)
        assert scheduler.active == 0


async def test_a_flood_of_short_turns_does_not_hold_up_another_chats(generator: FakeGenerator) -> None:
    async with Scheduler(generator, capacity=400) as scheduler:
        ended: list[int] = []

        async def flood(number: int) -> None:
            await scheduler.run(replace(turn("a", 40, number), chat="flood"))
            ended.append(number)

        tasks = [asyncio.create_task(flood(number)) for number in range(50)]
        await asyncio.sleep(0)
        await scheduler.run(replace(turn("b", 40), chat="other"))
        assert len(ended) <= 2 * ROWS_OF_A_CHAT
        await cancelled(tasks)


async def test_nobody_waits_for_the_end_of_two_hundred_long_replies(generator: FakeGenerator) -> None:
    async with Scheduler(generator) as scheduler:
        generator.gate.clear()
        watches = [Watch() for _ in range(200)]
        others = [
            await started(scheduler, replace(turn(length=4_000), chat=f"other {number}"), watch)
            for number, watch in enumerate(watches)
        ]
        generator.gate.set()
        await watches[0].changed()
        before = [len(watch.text) for watch in watches]
        watch = Watch()
        newcomer = await started(scheduler, replace(turn("b", 300), chat="newcomer"), watch)
        while len(await watch.changed()) < 32:
            pass
        assert max(len(watch.text) - had for watch, had in zip(watches, before, strict=True)) < 1_000
        assert (await newcomer).text == expected_text("b", 300, SamplingConfig(), 1)
        await cancelled(others)


async def test_busy_chats_leave_places_for_others(generator: FakeGenerator) -> None:
    async with Scheduler(generator, capacity=64) as scheduler:
        generator.gate.clear()
        tasks = [await started(scheduler, replace(turn(), chat=chat)) for chat in "abcdef" for _ in range(8)]
        tasks += [await started(scheduler, replace(turn(), chat="other")) for _ in range(ROWS_OF_A_CHAT)]
        for chat, count in (("a", 8), ("other", ROWS_OF_A_CHAT)):
            with pytest.raises(SchedulerFull, match=f"{count} requests from this chat"):
                await scheduler.run(replace(turn(), chat=chat))
        generator.gate.set()
        await asyncio.gather(*tasks)


async def started(scheduler: Scheduler, each: Turn, watch: Watch | None = None) -> "asyncio.Task[Continuation]":
    """A turn that is in hand."""
    task = asyncio.create_task(scheduler.run(each, watch))
    await asyncio.sleep(0)
    assert not task.done()
    return task


async def cancelled(tasks: "list[asyncio.Task[Continuation]]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_how_many_are_ahead_can_be_read(generator: FakeGenerator) -> None:
    async with Scheduler(generator) as scheduler:
        generator.gate.clear()
        watches = [Watch() for _ in range(ROWS_OF_A_CHAT + 3)]
        tasks = [await started(scheduler, replace(turn(), chat="one"), watch) for watch in watches]
        other = Watch()
        tasks.append(await started(scheduler, replace(turn(), chat="other"), other))
        assert [watch.ahead for watch in watches] == [0, 0, 0, 0, 0, 1, 2]
        assert other.ahead == 0
        assert scheduler.waiting == 3
        for number in (5, 0):
            tasks[number].cancel()
            await asyncio.sleep(0)
        assert [watch.ahead for watch in (watches[4], watches[6])] == [0, 0]
        generator.gate.set()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_watch_sees_the_text_grow_to_what_it_becomes(scheduler: Scheduler) -> None:
    watch, seen = Watch(), []

    async def look() -> None:
        while True:
            seen.append(await watch.changed())

    async with asyncio.TaskGroup() as group:
        looking = group.create_task(look())
        done = await scheduler.run(turn(length=4_000), watch)
        await asyncio.sleep(0)
        looking.cancel()
    assert len(seen) > 1
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(seen))
    assert seen[-1] == done.text == watch.text


@pytest.mark.parametrize(("ending", "least"), [("length", 200), ("sentence", 150), ("line", 150)])
async def test_a_watch_is_told_how_long_the_text_will_be(scheduler: Scheduler, ending: Ending, least: int) -> None:
    watch = Watch()
    done = await scheduler.run(replace(turn(length=200), ending=ending), watch)
    assert watch.least == least <= len(done.text)


async def test_a_stopped_turn_ends_normally_with_what_there_is(scheduler: Scheduler, generator: FakeGenerator) -> None:
    watch = Watch()
    task = asyncio.create_task(scheduler.run(turn(length=4_000), watch))
    await watch.changed()
    watch.stop()
    done = await task
    assert done.reason == "stopped"
    assert 0 < len(done.text) < 4_000
    assert done.text == expected_text("a", len(done.text), SamplingConfig(), 1)
    assert done.rng == Rng(1, len(done.text))
    assert scheduler.active == 0


async def test_a_turn_stopped_in_line_is_taken_back_at_once(generator: FakeGenerator) -> None:
    async with Scheduler(generator) as scheduler:
        generator.gate.clear()
        busy = [await started(scheduler, replace(turn(), chat="one")) for _ in range(ROWS_OF_A_CHAT)]
        watch = Watch()
        waiting = await started(scheduler, replace(turn("b"), chat="one"), watch)
        watch.stop()
        with pytest.raises(TurnTakenBack):
            await waiting
        assert scheduler.waiting == 0
        generator.gate.set()
        await asyncio.gather(*busy)


async def test_a_turn_goes_on_from_the_state_of_another(scheduler: Scheduler) -> None:
    whole = await scheduler.run(turn(length=200))
    first = await scheduler.run(turn(length=80))
    more = await scheduler.run(Turn("", 120, SamplingConfig(), first.rng, state=first.state))
    assert first.text + more.text == whole.text
    assert more.state == whole.state


async def test_a_stop_string_ends_a_turn_and_is_never_shown(scheduler: Scheduler) -> None:
    text = expected_text("a", 400, SamplingConfig(), 1)
    stop = text[150:153]
    watch = Watch()
    done = await scheduler.run(replace(turn(length=400), stops=(stop,)), watch)
    assert done.reason == "stop string"
    assert done.text == watch.text == text[: text.index(stop)]
    assert done.rng.position == len(done.text) + 3


async def test_a_failing_generator_fails_one_turn_alone(scheduler: Scheduler) -> None:
    good, bad = await asyncio.gather(scheduler.run(turn("water")), scheduler.run(turn("fire")), return_exceptions=True)
    assert isinstance(bad, GenerationFailed)
    assert isinstance(bad.__cause__, RuntimeError)
    assert not isinstance(good, BaseException)
    assert (await scheduler.run(turn("water"))).text == good.text


async def test_what_was_written_when_an_engine_died_is_written_again_by_a_fresh_one() -> None:
    dying = FakeGenerator(dies_after=50)
    fresh: list[FakeGenerator] = []

    def reload() -> FakeGenerator:
        fresh.append(FakeGenerator())
        return fresh[-1]

    async with Scheduler(dying, reload) as scheduler:
        done = await asyncio.gather(*(scheduler.run(turn(str(n), rng_seed=n)) for n in range(3)))
        assert [each.text for each in done] == [expected_text(str(n), 100, SamplingConfig(), n) for n in range(3)]
        assert len(fresh) == 1


async def test_an_engine_that_hangs_is_left_behind() -> None:
    hanging, fresh = FakeGenerator(), FakeGenerator()
    hanging.gate.clear()
    async with Scheduler(hanging, lambda: fresh, patience=0.2) as scheduler:
        watch = Watch()
        done = await asyncio.gather(scheduler.run(turn("b"), watch), scheduler.run(turn("c")))
        assert [each.text for each in done] == [expected_text(seed, 100, SamplingConfig(), 1) for seed in "bc"]
        hanging.gate.set()  # it answers after all, and nobody listens
        assert (await scheduler.run(turn("b"))).text == done[0].text == watch.text


async def test_a_turn_that_hangs_every_engine_is_given_up_and_the_others_are_answered() -> None:
    gates: list[threading.Event] = []

    def load() -> FakeGenerator:
        generator = FakeGenerator(hangs_on="tar")
        gates.append(generator.gate)
        return generator

    async with Scheduler(load(), load, patience=0.2) as scheduler:
        tasks = [asyncio.create_task(scheduler.run(turn(seed))) for seed in ("water", "tar", "air")]
        water, tar, air = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(tar, GenerationFailed)
        assert isinstance(tar.__cause__, TimeoutError)
        assert [getattr(done, "text", done) for done in (water, air)] == [
            expected_text(seed, 100, SamplingConfig(), 1) for seed in ("water", "air")
        ]
        for gate in gates:
            gate.set()


async def test_a_generator_that_cannot_be_loaded_again_is_an_apology_not_a_silence() -> None:
    attempts: list[int] = []

    def reload() -> FakeGenerator:
        attempts.append(1)
        if len(attempts) < 2:
            raise OSError("the checkpoint is gone")
        return FakeGenerator()

    async with Scheduler(FakeGenerator(dies_after=0), reload) as scheduler:
        with pytest.raises(GenerationFailed) as failure:
            await scheduler.run(turn())
        assert isinstance(failure.value.__cause__, OSError)
        assert (await scheduler.run(turn())).text == expected_text("a", 100, SamplingConfig(), 1)


async def test_another_checkpoint_in_the_place_of_the_first_is_not_taken() -> None:
    def reload() -> FakeGenerator:
        generator = FakeGenerator()
        generator.fingerprint = "another"
        return generator

    async with Scheduler(FakeGenerator(dies_after=0), reload) as scheduler:
        with pytest.raises(GenerationFailed) as failure:
            await scheduler.run(turn())
        assert "restart the bot" in str(failure.value.__cause__)


async def test_a_turn_ends_at_its_deadline(generator: FakeGenerator) -> None:
    async with Scheduler(generator, deadline=0.05) as scheduler:
        generator.gate.clear()
        with pytest.raises(TurnTooSlow):
            await scheduler.run(turn())
        assert scheduler.active == 0
        generator.gate.set()


class _SlowReader(OneByOne):
    """Takes a tenth of a second for each character of its seed."""

    def step(self) -> None:
        (row,) = self._rows
        rest, row.seed = row.seed[1:], row.seed[:1]
        if row.is_reading:
            time.sleep(0.1)
        super().step()
        row.seed = rest


class _SlowToRead(FakeGenerator):
    def batch(self) -> Batch:
        return _SlowReader(self)


@pytest.mark.parametrize("generator", [FakeGenerator(pace=0.1), _SlowToRead()], ids=["writing", "reading"])
async def test_what_goes_on_is_not_given_up_however_slow_it_is(generator: FakeGenerator) -> None:
    seed, length = ("a", 15) if generator.pace else ("a" * 15, 1)
    async with Scheduler(generator, deadline=1.0) as scheduler:
        done = await scheduler.run(turn(seed, length))
    assert done.text == expected_text(seed, length, SamplingConfig(), 1)


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


@pytest.mark.parametrize("text", ["abc", "a\u0301 b", "ﬁne🦜", "x" * 600])
async def test_a_text_is_told_how_surprising_each_of_its_characters_is(scheduler: Scheduler, text: str) -> None:
    told = await scheduler.surprise(text)
    assert "".join(character for character, _ in told) == unicodedata.normalize("NFC", text)
    total = FakeGenerator().surprise(text).sum()
    assert sum(nats for _, nats in told) == pytest.approx(total)
    assert scheduler.active == 0


async def test_a_character_that_is_read_as_two_has_the_surprise_of_both(scheduler: Scheduler) -> None:
    nats = FakeGenerator().surprise("ﬁn").tolist()
    assert await scheduler.surprise("ﬁn") == (("ﬁ", nats[0] + nats[1]), ("n", nats[2]))


async def test_no_text_is_no_surprise(scheduler: Scheduler) -> None:
    assert await scheduler.surprise("") == ()


async def test_surprise_is_refused_as_turns_are(scheduler: Scheduler, generator: FakeGenerator) -> None:
    generator.gate.clear()
    waiting = [asyncio.create_task(scheduler.surprise("abc")) for _ in range(4)]
    await asyncio.sleep(0)
    with pytest.raises(SchedulerFull):
        await scheduler.surprise("abc")
    generator.gate.set()
    await asyncio.gather(*waiting)


async def test_under_load_every_text_is_what_it_is_alone(starter: RecurrentGenerator) -> None:
    """The real network: long, short, stopped, cancelled and braked turns together, with every ending."""
    endings = itertools.cycle([("length", ()), ("sentence", ("the", "x")), ("line", ()), ("length", ("e ",))])
    turns = [
        Turn(seed, length, SamplingConfig(t, p, brake), Rng(number), None, *next(endings), chat=number % 5)  # type: ignore[arg-type]
        for number, (seed, length, t, p, brake) in enumerate(
            itertools.product(("", "Domingo", "x" * 300), (1, 40, 250), (0.05, 1.0), (1.0, 0.7), (0.05, 1.0))
        )
    ]
    async with Scheduler(starter) as scheduler:
        stopped = Watch()
        long = asyncio.create_task(scheduler.run(replace(turns[0], length=4_000), stopped))
        cancelled = asyncio.create_task(scheduler.run(replace(turns[1], length=4_000)))
        tasks = [asyncio.create_task(scheduler.run(each)) for each in turns]
        surprise = asyncio.create_task(scheduler.surprise("Domingo"))
        await stopped.changed()
        stopped.stop()
        cancelled.cancel()
        for each, done in zip(turns, await asyncio.gather(*tasks), strict=True):
            rule = each.stop_rule
            text = alone(starter, each, each.length + 2 * rule.margin)
            end = rule.end(text)
            assert end == (done.rng.position, done.reason)
            assert done.text == rule.shown(text[: end[0]])
        assert [nats for _, nats in await surprise] == starter.surprise("Domingo").tolist()
        cut = await long
        assert cut.text == alone(starter, turns[0], len(cut.text))
        assert scheduler.active == 0


def alone(generator: RecurrentGenerator, each: Turn, length: int) -> str:
    state = generator.feed(generator.initial_state(), each.seed)
    return generator.generate(state, length, each.sampling, each.rng).text
