"""Batches: a text depends on nothing but itself, whoever else is written, wherever, however often."""

import hashlib
import subprocess
import sys
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.batch import Batch, Row
from model.config import SamplingConfig
from model.generator import RecurrentGenerator
from model.sampling import Rng
from model.state import State
from tests.one_by_one import OneByOne


@dataclass(frozen=True)
class Wish:
    """A row: when it comes, what it reads, how it draws, after how many characters it leaves.

    is_foretold: it says so as it comes.
    """

    arrival: int
    seed: str
    sampling: SamplingConfig
    rng: Rng
    length: int
    is_foretold: bool = False


SAMPLINGS = st.builds(
    SamplingConfig,
    st.sampled_from([0.05, 0.5, 1.0, 2.0]),
    st.sampled_from([1.0, 0.9, 0.4]),
    st.sampled_from([0.0, 0.05, 1.0]),
)
WISHES = st.builds(
    Wish,
    st.integers(0, 30),
    st.sampled_from(["", "The", "Domingo", "a" * 30, "ñ🦜", "def f(x):\n    "]),
    SAMPLINGS,
    st.builds(Rng, st.integers(0, 2**63 - 1), st.integers(0, 1_000)),
    st.integers(1, 40),
    st.booleans(),
)


def together(generator: RecurrentGenerator, batch: Batch, wishes: list[Wish]) -> dict[int, tuple[str, State, Rng]]:
    """Every wish in one batch: its text, its state and its random stream after it."""
    inside: dict[int, Row] = {}
    done: dict[int, tuple[str, State, Rng]] = {}
    for now in range(1_000):
        for number, wish in enumerate(wishes):
            if wish.arrival == now:
                most = wish.length if wish.is_foretold else None
                begun = generator.initial_state()
                inside[number] = batch.join(begun, wish.seed, wish.sampling, wish.rng, most=most)
        if inside:
            batch.step()
        for number, row in list(inside.items()):
            if len(row.text) >= (length := wishes[number].length):
                done[number] = (row.text[:length], *batch.leave(inside.pop(number), length))
    return done


def alone(generator: RecurrentGenerator, wish: Wish) -> tuple[str, State, Rng]:
    state = generator.feed(generator.initial_state(), wish.seed)
    chunk = generator.generate(state, wish.length, wish.sampling, wish.rng)
    return chunk.text, chunk.state, chunk.rng


@settings(deadline=None, max_examples=20)
@given(st.lists(WISHES, min_size=1, max_size=9), st.booleans())
def test_a_text_depends_on_nothing_but_itself(
    starter: RecurrentGenerator, wishes: list[Wish], one_by_one: bool
) -> None:
    batch = OneByOne(starter) if one_by_one else starter.batch()
    done = together(starter, batch, wishes)
    assert [done[number] for number in range(len(wishes))] == [alone(starter, wish) for wish in wishes]


@settings(deadline=None, max_examples=20)
@given(st.lists(WISHES, max_size=5), st.text(st.sampled_from("The ñ🦜\n"), max_size=20), st.booleans(), st.booleans())
def test_a_texts_surprise_is_the_same_beside_others(
    starter: RecurrentGenerator, others: list[Wish], text: str, has_begun: bool, one_by_one: bool
) -> None:
    batch = OneByOne(starter) if one_by_one else starter.batch()
    state = starter.feed(starter.initial_state(), "Domingo") if has_begun else starter.initial_state()
    for other in others:
        batch.join(starter.initial_state(), other.seed, other.sampling, other.rng)
    row = batch.join(state, text, SamplingConfig(), Rng(1), is_scored=True)
    while row.is_reading:
        batch.step()
    assert list(row.nats) == starter.surprise(text, state).tolist()


@pytest.mark.parametrize("seed", ["", "a", "Domingo por la tarde"])
def test_no_step_goes_beyond_the_end_that_a_row_foretold(starter: RecurrentGenerator, seed: str) -> None:
    for length in range(1, 25):
        batch = starter.batch()
        row = batch.join(starter.initial_state(), seed, SamplingConfig(), Rng(1), most=length)
        batch.join(starter.initial_state(), "", SamplingConfig(), Rng(2), most=500)
        while len(row.text) < length:
            batch.step()
        assert len(row.text) == length


def test_a_text_is_the_same_in_another_process(starter: RecurrentGenerator) -> None:
    wish = Wish(0, "Domingo", SamplingConfig(0.7, 0.9), Rng(8), 120)
    code = (
        "from model.generator import load_generator as load; from model.config import SamplingConfig as S;"
        "from model.sampling import Rng; g = load(engine='litert');"
        "c = g.generate(g.feed(g.initial_state(), 'Domingo'), 120, S(0.7, 0.9), Rng(8));"
        "import hashlib; print(hashlib.sha256(c.text.encode() + c.state.to_bytes()).hexdigest())"
    )
    here = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    text, state, _ = alone(starter, wish)
    assert here == hashlib.sha256(text.encode() + state.to_bytes()).hexdigest()


def test_a_row_of_another_batch_cannot_leave(starter: RecurrentGenerator) -> None:
    row = starter.batch().join(starter.initial_state(), "a", SamplingConfig(), Rng(1))
    for batch in (starter.batch(), OneByOne(starter)):
        with pytest.raises(ValueError, match="a row of this batch"):
            batch.leave(row)
