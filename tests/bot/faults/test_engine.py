"""An engine that dies or hangs under a reply: the reply is written again from its beginning, and seen once."""

import contextlib
import threading
from collections.abc import Iterator

from bot.observability.server import PagesConfig
from model.config import SamplingConfig
from model.generator import Chunk
from model.sampling import Rng
from model.state import State
from tests.bot.fakes import FakeGenerator
from tests.bot.faults.seen import said_by_the_bot
from tests.bot.stage import Stage, free_port

SOON = 1.5  # seconds of a step after which the engine counts as hung


class Mortal(FakeGenerator):
    """Dies in the middle of a text, so many times."""

    def __init__(self, deaths: int) -> None:
        super().__init__()
        self._deaths = deaths
        self._steps = 0

    def generate(self, state: State, n: int, sampling: SamplingConfig, rng: Rng) -> Chunk:
        self._steps += 1
        if self._steps % 50 == 0 and self._deaths:
            self._deaths -= 1
            raise RuntimeError("the network is on fire")
        return super().generate(state, n, sampling, rng)


async def test_a_reply_that_an_engine_died_on_is_written_again_and_seen_once(address: str) -> None:
    async with Stage(address, Mortal(1)) as stage:
        await stage.say("/seed twice")
        await stage.settled()
        (prompt,) = await stage.prompts()
        assert prompt.answer.outcome == "answered"
        seen = [text for text in said_by_the_bot(stage.playground, stage.you) if text.startswith("twice")]
        assert seen == [(prompt.answer.reply_text or "").strip()]


async def test_an_engine_that_dies_again_and_again_is_a_sentence_and_then_all_is_well(address: str) -> None:
    async with Stage(address, Mortal(2), pages=PagesConfig(port=free_port())) as stage:
        await stage.say("/seed doomed")
        await stage.settled()
        (prompt,) = await stage.prompts()
        assert prompt.answer.outcome == "failed"
        assert any("went wrong" in text for text in said_by_the_bot(stage.playground, stage.you))
        assert (await stage.ask("/seed alive")).startswith("alive")


class Hanging(FakeGenerator):
    """Stops for ever in the middle of a text, so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.let_go = threading.Event()
        self._times = times
        self._steps = 0

    def generate(self, state: State, n: int, sampling: SamplingConfig, rng: Rng) -> Chunk:
        self._steps += 1
        if self._steps % 50 == 0 and self._times:
            self._times -= 1
            self.let_go.wait()
        return super().generate(state, n, sampling, rng)


@contextlib.contextmanager
def hanging(times: int) -> Iterator[Hanging]:
    generator = Hanging(times)
    try:
        yield generator
    finally:
        generator.let_go.set()  # its threads may end


async def test_a_reply_that_an_engine_hangs_on_is_written_again_and_seen_once(address: str) -> None:
    with hanging(1) as generator:
        async with Stage(address, generator, engine_patience=SOON) as stage:
            await stage.say("/seed twice")
            await stage.settled()
            (prompt,) = await stage.prompts()
            assert prompt.answer.outcome == "answered"
            seen = [text for text in said_by_the_bot(stage.playground, stage.you) if text.startswith("twice")]
            assert seen == [(prompt.answer.reply_text or "").strip()]


async def test_an_engine_that_hangs_again_is_a_sentence_and_then_all_is_well(address: str) -> None:
    with hanging(2) as generator:
        async with Stage(address, generator, engine_patience=SOON) as stage:
            await stage.say("/seed doomed")
            await stage.settled()
            (prompt,) = await stage.prompts()
            assert prompt.answer.outcome == "failed"
            assert any("went wrong" in text for text in said_by_the_bot(stage.playground, stage.you))
            assert (await stage.ask("/seed alive")).startswith("alive")
