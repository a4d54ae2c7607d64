"""The Generator on the starter checkpoint: state by value, one stream of randomness a reply."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.config import SamplingConfig
from model.errors import ConfigError
from model.generator import Generator, RecurrentGenerator, choose_engine, gpu_is_there, load_generator
from model.sampling import Rng
from model.state import State

SAMPLING = SamplingConfig(0.7, 0.95)
TEXTS = st.text(alphabet=st.sampled_from("abc .,\nñ🦜é"), max_size=30)


def write(generator: Generator, seed: str, pieces: list[int], rng: Rng = Rng(5)) -> str:  # noqa: B008 - frozen
    state, text = generator.feed(generator.initial_state(), seed), ""
    for n in pieces:
        chunk = generator.generate(state, n, SAMPLING, rng)
        state, rng, text = chunk.state, chunk.rng, text + chunk.text
    return text


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 20), max_size=6), TEXTS)
def test_the_text_does_not_depend_on_the_chunks(starter: RecurrentGenerator, pieces: list[int], seed: str) -> None:
    assert write(starter, seed, pieces) == write(starter, seed, [sum(pieces)])


@settings(deadline=None, max_examples=25)
@given(st.lists(TEXTS, max_size=4))
def test_feeding_in_pieces_is_feeding_at_once(starter: RecurrentGenerator, parts: list[str]) -> None:
    state = starter.initial_state()
    for part in parts:
        state = starter.feed(state, part)
    assert state == starter.feed(starter.initial_state(), "".join(parts))


def test_the_same_arguments_give_the_same_text_and_another_seed_another(starter: RecurrentGenerator) -> None:
    assert write(starter, "The", [200]) == write(starter, "The", [200])
    assert write(starter, "The", [200]) != write(starter, "The", [200], Rng(6))


def test_nothing_leaks_from_one_generation_into_the_next(starter: RecurrentGenerator) -> None:
    """The notebook's second slip: resetting the metrics does not reset the state."""
    alone = write(starter, "Domingo", [100])
    write(starter, "Redes", [100])
    assert write(starter, "Domingo", [100]) == alone


def test_a_state_goes_on_where_its_bytes_were_written(starter: RecurrentGenerator) -> None:
    first = starter.generate(starter.feed(starter.initial_state(), "The"), 50, SAMPLING, Rng(9))
    restored = State.from_bytes(first.state.to_bytes(), starter.initial_state())
    assert starter.generate(restored, 50, SAMPLING, first.rng) == starter.generate(first.state, 50, SAMPLING, first.rng)
    assert first.text + starter.generate(restored, 50, SAMPLING, first.rng).text == write(starter, "The", [100], Rng(9))


def test_a_generation_leaves_its_state_alone(starter: RecurrentGenerator) -> None:
    state = starter.feed(starter.initial_state(), "The")
    before = state.hidden.copy()
    starter.generate(state, 50, SAMPLING, Rng(1))
    assert np.array_equal(state.hidden, before)


@pytest.mark.parametrize("seed", ["Activación", "🦜🦜", "مرحبا", "a\0b", "\n\n", ""])
def test_any_seed_is_continued_with_as_many_characters_as_asked(starter: RecurrentGenerator, seed: str) -> None:
    assert len(write(starter, seed, [80])) == 80


def test_no_characters_is_no_change(starter: RecurrentGenerator) -> None:
    state = starter.feed(starter.initial_state(), "a")
    chunk = starter.generate(state, 0, SAMPLING, Rng(1))
    assert (chunk.text, chunk.state, chunk.rng) == ("", state, Rng(1))


def test_fewer_than_none_is_refused(starter: RecurrentGenerator) -> None:
    with pytest.raises(ConfigError, match="expected 0 characters or more, got -1"):
        starter.generate(starter.initial_state(), -1, SAMPLING, Rng(1))


def test_surprise_is_high_for_nonsense_and_low_for_what_was_learnt(starter: RecurrentGenerator) -> None:
    learnt = starter.surprise("The class statement is a compound statement.").mean()
    nonsense = starter.surprise("Tqx zljss ktjtqmxnt zs j cqmpjvnd stxtqmznw.").mean()
    assert learnt < 2 < nonsense


def test_surprise_is_the_probability_of_the_text(starter: RecurrentGenerator) -> None:
    """All one-character texts together, one never seen among them, have a probability of 1."""
    each = [starter.surprise(c)[0] for c in (*starter.vocabulary.characters, "🦜")]
    assert np.exp(-np.array(each, np.float64)).sum() == pytest.approx(1, abs=1e-4)


def test_the_fingerprint_says_which_weights_on_which_engine(starter: RecurrentGenerator) -> None:
    weights, _, engine = starter.fingerprint.partition("/")
    assert weights == starter.initial_state().weights
    assert engine == "litert-int8"


@pytest.mark.parametrize(
    ("is_there", "sees_it", "engine", "line"),
    [
        (False, True, "litert", ""),  # TensorFlow alone is no reason to load it
        (True, True, "tensorflow", ""),
        (True, None, "litert", "install requirements/gpu.txt"),
        (True, False, "litert", "check its driver"),
    ],
)
def test_auto_takes_a_gpu_that_can_be_used_and_says_why_one_is_not(
    is_there: bool, sees_it: bool | None, engine: str, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert choose_engine(is_there, lambda: sees_it) == engine
    assert line in caplog.text
    assert bool(caplog.text) == bool(line)


def test_a_gpu_is_where_its_driver_shows_one(tmp_path: Path) -> None:
    assert not gpu_is_there(tmp_path)
    (tmp_path / "proc/driver/nvidia/gpus").mkdir(parents=True)
    assert not gpu_is_there(tmp_path)
    (tmp_path / "proc/driver/nvidia/gpus/0000:01:00.0").mkdir()
    assert gpu_is_there(tmp_path)


def test_an_engine_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected an engine out of auto, litert, tensorflow, got 'torch'"):
        load_generator(engine="torch")


def test_two_generators_of_one_checkpoint_write_the_same(starter: RecurrentGenerator) -> None:
    other = load_generator(engine="litert")
    for seed in ("Domingo", "class"):
        assert write(starter, seed, [60]) == write(other, seed, [60])
