"""Losses against figures computed otherwise: a uniform network, an LSTM in numpy, a single stream."""

import gzip
import itertools
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from model.config import NetworkConfig
from model.engines.litert import LiteRTEngine
from model.engines.xla import TensorFlowEngine
from model.network import build_network
from model.vocabulary import Vocabulary
from trainer.dataset import Dataset
from trainer.errors import CorpusError
from trainer.evaluation import Evaluator, compressed_bits, engine_carried_loss, engine_zero_state_loss
from trainer.export import export_step
from trainer.measuring import measure
from trainer.units import bits, nats

TINY = NetworkConfig(8, 16, 2)
ZEROS = np.zeros((2, 2, 16), np.float32)


@pytest.fixture(scope="module")
def text() -> Dataset:
    rng = np.random.default_rng(0)
    return Dataset.build(["".join(rng.choice(list("abcdefghij \n"), 9_000))])


@pytest.fixture(scope="module")
def network(text: Dataset) -> keras.Sequential:
    """Random weights, large enough that the state matters, small enough that it is forgotten in the end."""
    keras.utils.set_random_seed(1)
    network = build_network(TINY, len(text.vocabulary))
    embedding, *others = network.get_weights()
    network.set_weights([15 * embedding, *(1.5 * weight for weight in others)])
    return network


def plain_losses(network: keras.Sequential, ids: Any) -> Any:
    """Nats (B, T) of ids (B, T + 1), each row from a zero state: the textbook's LSTM in numpy."""
    embedding, *layers, kernel, bias = network.get_weights()
    cells = [layers[start : start + 3] for start in range(0, len(layers), 3)]
    state = [[np.zeros((len(ids), 16)), np.zeros((len(ids), 16))] for _ in cells]
    losses = []
    for now, following in itertools.pairwise(ids.T):
        x = embedding[now].astype(np.float64)
        for (into, recurrent, offset), memory in zip(cells, state, strict=True):
            i, f, g, o = np.split(x @ into + memory[0] @ recurrent + offset, 4, axis=1)
            memory[1] = sigmoid(f) * memory[1] + sigmoid(i) * np.tanh(g)
            memory[0] = x = sigmoid(o) * np.tanh(memory[1])
        logits = x @ kernel + bias
        losses.append(np.log(np.exp(logits).sum(1)) - logits[np.arange(len(ids)), following])
    return np.stack(losses, 1)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def test_a_uniform_network_gives_the_logarithm_of_the_vocabulary(text: Dataset) -> None:
    uniform = build_network(TINY, len(text.vocabulary))
    uniform.set_weights([0 * weight for weight in uniform.get_weights()])
    evaluator = Evaluator(uniform)
    assert evaluator.zero_state_loss(text.whole) == pytest.approx(math.log(13), rel=1e-6)
    assert evaluator.carried_loss(text.whole) == pytest.approx(math.log(13), rel=1e-6)


def test_the_zero_state_loss_is_that_of_the_textbook_over_every_window(
    text: Dataset, network: keras.Sequential
) -> None:
    ids = text.whole[:]
    rows = np.stack([ids[start : start + 257] for start in range(0, len(ids) - 256, 256)])
    assert len(rows) == 35
    expected = plain_losses(network, rows)[:, 32:].mean()
    assert Evaluator(network).zero_state_loss(text.whole) == pytest.approx(expected, rel=1e-5)


def test_more_windows_than_fit_side_by_side_are_all_counted(network: keras.Sequential) -> None:
    rng = np.random.default_rng(3)
    text = Dataset.build(["".join(rng.choice(list("abcdefghij \n"), 256 * 100 + 1))]).whole
    rows = np.stack([text[start : start + 257] for start in range(0, 256 * 100, 256)])
    expected = plain_losses(network, rows)[:, 32:].mean()
    assert Evaluator(network).zero_state_loss(text) == pytest.approx(expected, rel=1e-5)


def test_the_carried_loss_is_that_of_one_stream(text: Dataset, network: keras.Sequential) -> None:
    """9,000 characters are read as two streams here, and every character but the first counts."""
    expected = plain_losses(network, text.whole[:][None]).mean()
    assert Evaluator(network).carried_loss(text.whole) == pytest.approx(expected, abs=1e-6)


def test_a_short_text_is_one_stream_and_one_window(text: Dataset, network: keras.Sequential) -> None:
    short = text.whole.part(0, 50)
    losses = plain_losses(network, short[:][None])
    assert Evaluator(network).carried_loss(short) == pytest.approx(losses.mean(), rel=1e-5)
    assert Evaluator(network).zero_state_loss(short) == pytest.approx(losses[:, 24:].mean(), rel=1e-5)


@pytest.mark.parametrize("length", [40, 1_300, 3_000])
def test_an_engine_is_measured_as_the_network_is(text: Dataset, network: keras.Sequential, length: int) -> None:
    engine, part, evaluator = TensorFlowEngine(network), text.whole.part(0, length), Evaluator(network)
    assert engine_zero_state_loss(engine, ZEROS, part) == pytest.approx(evaluator.zero_state_loss(part), abs=1e-4)
    assert engine_carried_loss(engine, ZEROS, part) == pytest.approx(evaluator.carried_loss(part), abs=1e-4)


def test_bits_are_nats_over_the_logarithm_of_two() -> None:
    assert bits(math.log(2)) == pytest.approx(1)
    assert bits(1.0) == pytest.approx(1.4426950408889634)
    assert nats(bits(0.7)) == pytest.approx(0.7)


def test_the_compressors_count_the_whole_file() -> None:
    found = compressed_bits("ñandú" * 20)
    assert found["gzip -9"] == 8 * len(gzip.compress(("ñandú" * 20).encode(), 9)) / 100
    assert set(found) == {"gzip -9", "xz -9e"}


def test_a_compressor_that_has_read_the_same_before_needs_next_to_nothing() -> None:
    text = "".join(np.random.default_rng(0).choice(list("abcdefgh"), 2_000))
    assert compressed_bits(text)["xz -9e"] > 3
    assert compressed_bits(text, before=text)["xz -9e"] < 0.2


def test_both_engines_are_measured_on_the_same_text_beside_what_counting_predicts(
    text: Dataset, network: keras.Sequential
) -> None:
    engine = LiteRTEngine(export_step(network))
    figures = measure("dice", network, engine, text.vocabulary, text.validation, text.training)
    assert figures.characters == 900
    assert figures.nats["LiteRT int8, zero state"] == pytest.approx(figures.nats["Keras fp32, zero state"], abs=0.05)
    assert figures.nats["LiteRT int8, carried state"] == pytest.approx(
        figures.nats["Keras fp32, carried state"], abs=0.05
    )
    assert figures.baselines["6-gram, Kneser-Ney"] == pytest.approx(math.log2(12), abs=0.5)
    assert set(figures.originality) == {*(f"temperature {t}" for t in ("0.3", "0.5", "0.8", "1")), "the held-out text"}
    assert figures.to_json()["engines"]["LiteRT int8, zero state"]["bits"] == pytest.approx(
        figures.nats["LiteRT int8, zero state"] / math.log(2)
    )
    for rendering in (figures.to_text(), figures.to_markdown()):
        assert "0.8" in rendering
        assert "xz -9e, after the training text" in rendering


@dataclass
class NoEngine:
    """Never asked for anything."""

    name: str = "none"


def test_a_text_without_a_known_character_is_refused_in_a_sentence(network: keras.Sequential, tmp_path: Path) -> None:
    vocabulary = Vocabulary("abcdefghij \n")
    foreign = Dataset.build(["ж щ".replace(" ", "") * 30], vocabulary=vocabulary)
    with pytest.raises(
        CorpusError, match="expected a text with characters that the network knows, got none in foreign"
    ):
        measure("foreign", network, NoEngine(), vocabulary, foreign.whole)  # type: ignore[arg-type]


def test_characters_outside_the_vocabulary_are_counted_and_named(network: keras.Sequential) -> None:
    vocabulary = Vocabulary("abcdefghij \n")
    mixed = Dataset.build(["abcж" * 20], vocabulary=vocabulary)
    engine = LiteRTEngine(export_step(network))
    figures = measure("mixed", network, engine, vocabulary, mixed.whole)
    assert figures.unknown == 0.25
    assert "25.00% of them unknown" in figures.to_text()
    assert set(figures.baselines) == {"gzip -9", "xz -9e"}
    assert not figures.originality
