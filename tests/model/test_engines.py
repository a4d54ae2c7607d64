"""Both engines on the starter checkpoint: the same distribution, and what int8 costs."""

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from model.checkpoint import WEIGHTS, Checkpoint, replace_checkpoint, seal
from model.config import NetworkConfig, SamplingConfig
from model.engines.litert import LiteRTEngine
from model.engines.xla import TensorFlowEngine
from model.errors import CheckpointDamaged
from model.generator import STARTER, RecurrentGenerator, load_generator
from model.network import build_network, lstm_layers
from model.sampling import Rng, Sampler
from model.state import State
from model.vocabulary import Vocabulary
from trainer.corpus import open_corpus
from trainer.export import export_step


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


@pytest.mark.parametrize(
    "sampling", [SamplingConfig(0.5), SamplingConfig(1.0, 0.8), SamplingConfig(2.0), SamplingConfig(0.3, 1.0, 1.0)]
)
def test_given_the_same_logits_and_noise_both_draw_the_same(
    network: keras.Sequential, tensorflow: RecurrentGenerator, sampling: SamplingConfig
) -> None:
    exact = LiteRTEngine(export_step(network, int8=False))
    state = tensorflow.feed(tensorflow.initial_state(), "The value" + " or more" * 12)  # something to brake
    noise = Rng(11).gumbel_noise(200, len(tensorflow.vocabulary))[:, None]
    pending = np.array([state.pending], np.int32)
    ours, theirs = (
        engine.write(state.hidden[None], pending, Sampler([sampling], [state.recent]), noise).ids
        for engine in (exact, tensorflow._engine)
    )
    assert np.array_equal(ours[:50], theirs[:50])  # later, rounding may tip one close draw


def test_tensorflows_logits_depend_on_the_number_of_rows_by_rounding_alone(tensorflow: RecurrentGenerator) -> None:
    engine = tensorflow._engine
    ids = tensorflow.vocabulary.encode("The value of the expression is")
    states = [tensorflow.feed(tensorflow.initial_state(), text).hidden for text in ("def ", "Domingo", "a\nb")]
    given = np.repeat(ids[1:, None], 3, axis=1)
    noise = np.zeros((len(given), 3, len(tensorflow.vocabulary)), np.float32)
    sampler = Sampler([SamplingConfig()] * 3, [""] * 3)
    together = engine.write(np.stack(states), np.repeat(ids[:1], 3), sampler, noise, given).hidden
    probe = ids[-1:]
    for state, beside in zip(states, together, strict=True):
        alone = engine.advance(state, ids[:-1])
        np.testing.assert_allclose(engine.logits(beside, probe)[0], engine.logits(alone, probe)[0], atol=1e-4)


@pytest.fixture(scope="module")
def tiny() -> RecurrentGenerator:
    """Random weights, on TensorFlow: large ones, with which it goes round in circles when it is cold."""
    return _random_weights(scale=3)


@pytest.fixture(scope="module")
def forgetful() -> RecurrentGenerator:
    """Random weights as small as at the start of training: what a row was off by a while ago is gone by now.

    The network of `tiny` is chaotic: of 200 pairs of rows that differed by rounding at first, some were 7e-4 apart
    after 150 characters, which says nothing of the engine.
    """
    return _random_weights(scale=1)


def _random_weights(scale: float) -> RecurrentGenerator:
    keras.utils.set_random_seed(1)
    vocabulary = Vocabulary("\nabcdefghij")
    network = build_network(NetworkConfig(8, 16, 2), len(vocabulary))
    network.set_weights([scale * weight for weight in network.get_weights()])
    engine = TensorFlowEngine(network)
    return RecurrentGenerator(engine, vocabulary, State("0" * 32, np.zeros((2, 2, 16), np.float32)))


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32), st.integers(1, 33), st.integers(1, 150))
def test_tensorflows_rows_change_each_other_by_rounding_alone(
    forgetful: RecurrentGenerator, seed: int, rows: int, characters: int
) -> None:
    """Whatever the number of texts, the slot, the neighbours and the blocks."""
    random, engine = np.random.default_rng(seed), forgetful._engine
    hidden = random.normal(0, 0.5, (rows, 2, 2, 16)).astype(np.float32)
    ids = random.integers(1, engine.width, (characters + 1, rows)).astype(np.int32)
    noise = random.gumbel(size=(characters, rows, engine.width)).astype(np.float32)
    choices = [SamplingConfig(t, p, b) for t in (0.05, 1.0) for p in (1.0, 0.6) for b in (0.0, 1.0)]
    samplings = [choices[k] for k in random.integers(len(choices), size=rows)]
    together = engine.write(hidden, ids[0], Sampler(samplings, [""] * rows), noise, ids[1:], is_scored=True)
    slot = int(random.integers(rows))
    one = slice(slot, slot + 1)
    alone = engine.write(hidden[one], ids[0, one], Sampler(samplings[one], [""]), noise[:, one], ids[1:, one], True)
    assert together.nats is not None
    assert alone.nats is not None
    np.testing.assert_allclose(together.nats[:, slot], alone.nats[:, 0], atol=1e-4)
    probe = ids[0, one]
    np.testing.assert_allclose(
        engine.logits(together.hidden[slot], probe)[0], engine.logits(alone.hidden[0], probe)[0], atol=1e-4
    )


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.integers(0, 90), min_size=1, max_size=5),
    st.integers(0, 2**63 - 1),
    st.sampled_from([SamplingConfig(1.0, 0.8, 1.0), SamplingConfig(0.05), SamplingConfig(0.2, repetition_brake=0.3)]),
)
def test_tensorflow_writes_the_same_in_any_pieces(
    tiny: RecurrentGenerator, pieces: list[int], seed: int, sampling: SamplingConfig
) -> None:
    """As in one call of the engine; the cold ones go round in circles, and are braked."""
    state, rng, text = tiny.feed(tiny.initial_state(), "abc"), Rng(seed), ""
    noise = rng.gumbel_noise(sum(pieces), len(tiny.vocabulary))[:, None]
    pending = np.array([state.pending], np.int32)
    whole = tiny._engine.write(state.hidden[None], pending, Sampler([sampling], [state.recent]), noise)
    for n in pieces:
        chunk = tiny.generate(state, n, sampling, rng)
        state, rng, text = chunk.state, chunk.rng, text + chunk.text
    assert text == tiny.vocabulary.decode(whole.ids[:, 0].tolist())
    assert rng == Rng(seed, sum(pieces))
    assert np.array_equal(state.hidden, whole.hidden[0])


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(0, 90), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_tensorflow_reads_the_same_in_any_pieces(tiny: RecurrentGenerator, pieces: list[int], random: Random) -> None:
    state, text = tiny.initial_state(), ""
    for n in pieces:
        piece = "".join(random.choices("abcdefghij\n", k=n))
        state, text = tiny.feed(state, piece), text + piece
    assert state == tiny.feed(tiny.initial_state(), text)
    read = tiny.vocabulary.encode(text)[:-1]  # the last one is pending
    _, hidden = tiny._engine.logits(tiny.initial_state().hidden, read)  # another program
    np.testing.assert_allclose(state.hidden, hidden, atol=1e-4)


def test_tensorflow_finds_a_text_as_surprising_in_a_batch_as_alone(tensorflow: RecurrentGenerator) -> None:
    batch = tensorflow.batch()
    texts = ["The value of the expression" * 3, "Domingo"]
    rows = [batch.join(tensorflow.initial_state(), text, SamplingConfig(), Rng(1), is_scored=True) for text in texts]
    while any(row.is_reading for row in rows):
        batch.step()
    for row, text in zip(rows, texts, strict=True):
        np.testing.assert_allclose(row.nats, tensorflow.surprise(text), atol=1e-4)


def test_nobody_waits_for_the_compiler_after_the_warm_up() -> None:
    engine = TensorFlowEngine(build_network(NetworkConfig(8, 16, 1), 12))
    engine.warm_up((1, 8))
    programs = engine._write.experimental_get_tracing_count()
    for rows, characters in ((1, 1), (1, 100), (3, 5), (8, 64)):
        sampler = Sampler([SamplingConfig(1.0, 0.5)] * rows, ["\3"] * rows)
        noise = np.zeros((characters, rows, 12), np.float32)
        engine.write(np.zeros((rows, 1, 2, 16), np.float32), np.zeros(rows, np.int32), sampler, noise, is_scored=True)
    assert engine._write.experimental_get_tracing_count() == programs == 2


def test_a_batch_on_tensorflow_can_be_left_in_the_middle_of_a_block(tensorflow: RecurrentGenerator) -> None:
    batch = tensorflow.batch()
    rows = [batch.join(tensorflow.initial_state(), seed, SamplingConfig(0.3), Rng(4)) for seed in ("Domingo", "x" * 80)]
    for _ in range(5):
        batch.step()
    for row, seed in zip(rows, ("Domingo", "x" * 80), strict=True):
        length = len(row.text) - 7
        state, rng = batch.leave(row, length)
        alone = tensorflow.generate(
            tensorflow.feed(tensorflow.initial_state(), seed), length, SamplingConfig(0.3), Rng(4)
        )
        assert row.text[:50] == alone.text[:50]
        assert rng == Rng(4, length)
        assert state.recent.endswith("".join(map(chr, tensorflow.vocabulary.encode(row.text[:length]))))
        if row.text[:length] == alone.text:
            np.testing.assert_allclose(state.hidden, alone.state.hidden, atol=1e-3)


@pytest.mark.parametrize("layers", [1, 2])
def test_a_graph_of_the_first_version_gives_the_same_numbers(layers: int) -> None:
    """Checkpoints from before the batches: one row, hidden as (layers, 2, 1, units), gates in Keras' order."""
    network = build_network(NetworkConfig(8, 24, layers), 12)
    old, new = LiteRTEngine(first_version(network)), LiteRTEngine(export_step(network))
    hidden = np.random.default_rng(0).normal(0, 0.5, (3, layers, 2, 24)).astype(np.float32)
    noise = Rng(3).gumbel_noise(20, 36).reshape(20, 3, 12)
    for rows in (1, 3):
        results = [
            engine.write(
                hidden[:rows],
                np.arange(rows, dtype=np.int32),
                Sampler([SamplingConfig(1.0)] * rows, [""] * rows),
                np.ascontiguousarray(noise[:, :rows]),
            )
            for engine in (old, new)
        ]
        assert np.array_equal(results[0][0], results[1][0])
        np.testing.assert_allclose(results[0][1], results[1][1], atol=1e-5)


def first_version(network: keras.Sequential) -> bytes:
    weights = [[weight.numpy() for weight in layer.cell.weights] for layer in lstm_layers(network)]
    embeddings = network.get_layer("embedding").embeddings.numpy()
    output, output_bias = (weight.numpy() for weight in network.get_layer("logits").weights)
    table = tf.constant(embeddings @ weights[0][0] + weights[0][2])
    shape = (len(weights), 2, 1, weights[0][1].shape[0])

    def gates(z: Any, c: Any) -> tuple[Any, Any]:
        i, f, g, o = tf.split(z, 4, -1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        return tf.sigmoid(o) * tf.tanh(c), c

    @tf.function(
        input_signature=[tf.TensorSpec((1,), tf.int32, "ids"), tf.TensorSpec(shape, tf.float32, "hidden")],
        autograph=False,
    )  # type: ignore[untyped-decorator]
    def step(ids: Any, hidden: Any) -> dict[str, Any]:
        h, c = gates(tf.gather(table, ids) + hidden[0, 0] @ weights[0][1], hidden[0, 1])
        following = [tf.stack([h, c])]
        for index, (kernel, recurrent, bias) in enumerate(weights[1:], start=1):
            joined = tf.concat([h, hidden[index, 0]], -1)
            h, c = gates(joined @ np.concatenate([kernel, recurrent]) + bias, hidden[index, 1])
            following.append(tf.stack([h, c]))
        return {"logits": h @ output + output_bias, "next": tf.stack(following)}

    module = tf.Module()
    module.step = step
    converter = tf.lite.TFLiteConverter.from_concrete_functions([step.get_concrete_function()], module)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return bytes(converter.convert())


@pytest.mark.parametrize("pieces", [[1] * 20, [300], [64, 236], [7, 13, 280]])
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


# The last would take 128 GB before its weights are looked at.
@pytest.mark.parametrize("other", [{"units": 8}, {"units": 16_384, "layers": 16}])
def test_weights_of_another_network_are_refused(tmp_path: Path, checkpoint: Checkpoint, other: dict[str, int]) -> None:
    description = replace(checkpoint, network=replace(checkpoint.network, **other))
    folder = tmp_path / "mixed"
    with replace_checkpoint(folder) as staging:
        shutil.copyfile(checkpoint.path / WEIGHTS, staging / WEIGHTS)
        seal(staging, description)
    with pytest.raises(CheckpointDamaged, match="another network"):
        load_generator(folder, "tensorflow")
