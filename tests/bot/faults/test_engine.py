"""An engine that dies or hangs under a reply: the reply is written again from its beginning, and seen once."""

import contextlib
import threading
from collections.abc import Iterator

import pytest

from model.config import SamplingConfig
from model.generator import Chunk
from model.sampling import Rng
from model.state import State
from tests.bot.fakes import FakeGenerator
from tests.bot.faults.seen import said_by_the_bot
from tests.bot.stage import Stage

SOON = 1.5  # seconds of a step after which the engine counts as hung


class Failing(FakeGenerator):
    """Fails in the middle of a text, so many times: dies there, or hangs until it is let go."""

    def __init__(self, times: int, hangs: bool) -> None:
        super().__init__()
        self.let_go = threading.Event()
        self._times = times
        self._hangs = hangs
        self._steps = 0

    def generate(self, state: State, n: int, sampling: SamplingConfig, rng: Rng) -> Chunk:
        self._steps += 1
        if self._steps % 50 == 0 and self._times:
            self._times -= 1
            if not self._hangs:
                raise RuntimeError("the network is on fire")
            self.let_go.wait()
        return super().generate(state, n, sampling, rng)


@contextlib.contextmanager
def failing(times: int, hangs: bool) -> Iterator[Failing]:
    generator = Failing(times, hangs)
    try:
        yield generator
    finally:
        generator.let_go.set()  # its threads may end


@pytest.mark.parametrize("hangs", [False, True], ids=["dies", "hangs"])
async def test_a_reply_that_an_engine_failed_on_is_written_again_and_seen_once(address: str, hangs: bool) -> None:
    with failing(1, hangs) as generator:
        async with Stage(address, generator, engine_patience=SOON) as stage:
            await stage.say("/seed twice")
            await stage.settled()
            (prompt,) = await stage.prompts()
            assert prompt.answer.outcome == "answered"
            seen = [text for text in said_by_the_bot(stage.playground, stage.you) if text.startswith("twice")]
            assert seen == [(prompt.answer.reply_text or "").strip()]


@pytest.mark.parametrize("hangs", [False, True], ids=["dies", "hangs"])
async def test_an_engine_that_fails_again_is_a_sentence_and_then_all_is_well(address: str, hangs: bool) -> None:
    with failing(2, hangs) as generator:
        async with Stage(address, generator, engine_patience=SOON) as stage:
            await stage.say("/seed doomed")
            await stage.settled()
            (prompt,) = await stage.prompts()
            assert prompt.answer.outcome == "failed"
            assert any("went wrong" in text for text in said_by_the_bot(stage.playground, stage.you))
            assert (await stage.ask("/seed alive")).startswith("alive")
