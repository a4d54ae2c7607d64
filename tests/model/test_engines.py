"""Both engines on the starter checkpoint: the same distribution, and what int8 costs."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from model.checkpoint import WEIGHTS, Checkpoint, replace_checkpoint, seal
from model.config import SamplingConfig
from model.engines.litert import LiteRTEngine
from model.errors import CheckpointDamaged
from model.generator import STARTER, RecurrentGenerator, load_generator
from model.network import build_network
from model.sampling import Rng
from trainer.corpus import open_corpus
from trainer.export import export_step

pytestmark = pytest.mark.xdist_group("tensorflow")


@pytest.fixture(scope="module")
def checkpoint() -> Checkpoint:
    return Checkpoint.open(STARTER)


@pytest.fixture(scope="module")
def network(checkpoint: Checkpoint) -> keras.Sequential:
    network = build_network(checkpoint.network, len(checkpoint.vocabulary))
    network.load_weights(checkpoint.path / WEIGHTS)
    return network


@pytest.fixture(scope="module")
def tensorflow() -> RecurrentGenerator:
    return load_generator(STARTER, "tensorflow")


@pytest.fixture(scope="module")
def held_out() -> str:
    text = "".join(open_corpus(["python-docs"]).pieces)
    return text[int(0.9 * len(text)) :][:6_000]


def test_a_plain_keras_network_predicts_the_same(
    network: keras.Sequential, tensorflow: RecurrentGenerator, held_out: str
) -> None:
    ids = tensorflow.vocabulary.encode(held_out[:300])
    engine = tensorflow._engine
    logits, _ = engine.logits(tensorflow.initial_state().hidden, ids)
    np.testing.assert_allclose(logits, network(ids[None]).numpy()[0], atol=1e-3)


def test_litert_in_fp32_agrees_with_tensorflow(
    network: keras.Sequential, tensorflow: RecurrentGenerator, held_out: str
) -> None:
    ids = tensorflow.vocabulary.encode(held_out[:500])
    exact = LiteRTEngine(export_step(network, int8=False))
    zeros = tensorflow.initial_state().hidden
    np.testing.assert_allclose(exact.logits(zeros, ids)[0], tensorflow._engine.logits(zeros, ids)[0], atol=1e-3)


def test_int8_costs_at_most_a_hundredth_of_a_nat(
    starter: RecurrentGenerator, tensorflow: RecurrentGenerator, held_out: str
) -> None:
    assert starter.surprise(held_out).mean() - tensorflow.surprise(held_out).mean() <= 0.01


@pytest.mark.parametrize("sampling", [SamplingConfig(0.5), SamplingConfig(1.0, 0.8), SamplingConfig(2.0)])
def test_given_the_same_logits_and_noise_both_draw_the_same(
    network: keras.Sequential, tensorflow: RecurrentGenerator, sampling: SamplingConfig
) -> None:
    exact = LiteRTEngine(export_step(network, int8=False))
    state = tensorflow.feed(tensorflow.initial_state(), "The value")
    noise = Rng(11).gumbel_noise(200, len(tensorflow.vocabulary))
    ours, _ = exact.draw(state.hidden, state.pending or 0, sampling, noise)
    theirs, _ = tensorflow._engine.draw(state.hidden, state.pending or 0, sampling, noise)
    assert np.array_equal(ours[:50], theirs[:50])  # later, rounding may tip one close draw


@pytest.mark.parametrize("pieces", [[1] * 20, [300], [256, 44], [7, 13, 280]])
def test_tensorflows_text_does_not_depend_on_the_chunks(tensorflow: RecurrentGenerator, pieces: list[int]) -> None:
    def write(pieces: list[int]) -> str:
        state, rng, text = tensorflow.feed(tensorflow.initial_state(), "def "), Rng(3), ""
        for n in pieces:
            chunk = tensorflow.generate(state, n, SamplingConfig(), rng)
            state, rng, text = chunk.state, chunk.rng, text + chunk.text
        return text

    assert write(pieces) == write([sum(pieces)])


def test_a_state_moves_from_one_engine_to_the_other(
    starter: RecurrentGenerator, tensorflow: RecurrentGenerator
) -> None:
    state = starter.feed(starter.initial_state(), "The value of the expression")
    there = tensorflow.generate(state, 40, SamplingConfig(0.05), Rng(1)).text
    stayed = starter.generate(state, 40, SamplingConfig(0.05), Rng(1)).text
    assert there[:10] == stayed[:10]


def test_a_graph_of_another_network_is_refused(tmp_path: Path, checkpoint: Checkpoint) -> None:
    other = build_network(checkpoint.network, 7)
    graph = export_step(other)
    folder = tmp_path / "mixed"
    shutil.copytree(checkpoint.path, folder)
    (folder / "generator.tflite").write_bytes(graph)
    config = json.loads((folder / "config.json").read_text())
    config["files"]["generator.tflite"] = hashlib.sha256(graph).hexdigest()
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointDamaged, match="another network"):
        load_generator(folder, "litert")


def test_weights_of_another_network_are_refused(tmp_path: Path, checkpoint: Checkpoint) -> None:
    description = replace(checkpoint, network=replace(checkpoint.network, units=8))
    folder = tmp_path / "mixed"
    with replace_checkpoint(folder) as staging:
        shutil.copyfile(checkpoint.path / WEIGHTS, staging / WEIGHTS)
        seal(staging, description)
    with pytest.raises(CheckpointDamaged, match="another network"):
        load_generator(folder, "tensorflow")
