"""The fast recurrence beside keras.layers.LSTM: same weights, same outputs, same gradients."""

import os
import platform
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from model.recurrence import lstm, lstm_on_ids
from trainer.dropout import Dropout
from trainer.forward import keras_layer

T, B, INPUTS, U = 9, 3, 5, 8


def some_numbers() -> dict[str, tf.Tensor]:
    generator = np.random.default_rng(1)
    shapes = {"x": (B, T, INPUTS), "h": (B, U), "c": (B, U), "weight": (B, T, U)}
    return {name: tf.constant(generator.normal(size=shape), tf.float32) for name, shape in shapes.items()}


def build_layer() -> keras.layers.LSTM:
    layer = keras.layers.LSTM(U, return_sequences=True, return_state=True, bias_initializer="random_normal")
    layer.build((B, T, INPUTS))
    return layer


def reference(layer: keras.layers.LSTM, numbers: dict[str, tf.Tensor]) -> list[np.ndarray]:
    variables = [v.value for v in layer.trainable_variables]
    with tf.GradientTape() as tape:
        tape.watch(numbers["x"])
        outputs, h, c = layer(numbers["x"], initial_state=[numbers["h"], numbers["c"]])
        loss = tf.reduce_sum(outputs * numbers["weight"])
    return [v.numpy() for v in [outputs, h, c, *tape.gradient(loss, [numbers["x"], *variables])]]


def ours(layer: keras.layers.LSTM, numbers: dict[str, tf.Tensor], dtype: tf.DType) -> list[np.ndarray]:
    variables = [v.value for v in layer.trainable_variables]
    with tf.GradientTape() as tape:
        tape.watch(numbers["x"])
        outputs, h, c = lstm(tf.transpose(numbers["x"], (1, 0, 2)), *variables, numbers["h"], numbers["c"], dtype)
        outputs = tf.cast(tf.transpose(outputs, (1, 0, 2)), tf.float32)
        loss = tf.reduce_sum(outputs * numbers["weight"])
    return [v.numpy() for v in [outputs, h, c, *tape.gradient(loss, [numbers["x"], *variables])]]


def test_in_float32_outputs_states_and_gradients_agree_to_a_hundred_thousandth() -> None:
    layer, numbers = build_layer(), some_numbers()
    for expected, actual in zip(reference(layer, numbers), ours(layer, numbers, tf.float32), strict=True):
        np.testing.assert_allclose(actual, expected, atol=1e-5)


def test_in_bfloat16_they_agree_within_its_rounding() -> None:
    layer, numbers = build_layer(), some_numbers()
    for expected, actual in zip(reference(layer, numbers), ours(layer, numbers, tf.bfloat16), strict=True):
        error = np.linalg.norm(actual - expected) / np.linalg.norm(expected)
        assert error < 4 * 2**-8  # bfloat16 keeps 8 bits, and a step rounds a few times


def test_the_gpu_path_uses_the_same_weights() -> None:
    layer, numbers = build_layer(), some_numbers()
    outputs, h, c = keras_layer(layer, tf.transpose(numbers["x"], (1, 0, 2)), numbers["h"], numbers["c"])
    actual = [tf.transpose(outputs, (1, 0, 2)).numpy(), h.numpy(), c.numpy()]
    for expected, value in zip(reference(layer, numbers)[:3], actual, strict=True):
        np.testing.assert_allclose(value, expected, atol=1e-5)


def first_layer(
    ids: tf.Tensor, embeddings: tf.Tensor, layer: keras.layers.LSTM, dtype: tf.DType, folded: bool
) -> list[np.ndarray]:
    """Outputs, states and gradients of an embedding and the layer after it, by either way to the same numbers."""
    numbers, (kernel, recurrent, bias) = some_numbers(), (v.value for v in layer.trainable_variables)
    with tf.GradientTape() as tape:
        tape.watch(embeddings)
        if folded:
            table = tf.matmul(embeddings, kernel) + bias
            outputs, h, c = lstm_on_ids(ids, table, recurrent, numbers["h"], numbers["c"], dtype)
        else:
            x = tf.gather(embeddings, ids)
            outputs, h, c = lstm(x, kernel, recurrent, bias, numbers["h"], numbers["c"], dtype)
        loss = tf.reduce_sum(tf.transpose(tf.cast(outputs, tf.float32), (1, 0, 2)) * numbers["weight"])
    gradients = tape.gradient(loss, [embeddings, kernel, recurrent, bias])
    return [tf.convert_to_tensor(v).numpy() for v in [outputs, h, c, *gradients]]


@pytest.mark.parametrize(("dtype", "error"), [(tf.float32, 1e-5), (tf.bfloat16, 4 * 2**-8)])
@pytest.mark.parametrize("vocabulary", [4, 32, 45])
def test_a_layer_that_reads_characters_needs_no_input_product(dtype: tf.DType, error: float, vocabulary: int) -> None:
    generator, layer = np.random.default_rng(vocabulary), build_layer()
    ids = tf.constant(generator.integers(0, vocabulary, (T, B)), tf.int32)
    embeddings = tf.constant(generator.normal(size=(vocabulary, INPUTS)), tf.float32)
    reference = first_layer(ids, embeddings, layer, tf.float32, folded=False)
    for expected, actual in zip(reference, first_layer(ids, embeddings, layer, dtype, folded=True), strict=True):
        assert np.linalg.norm(actual.astype(np.float32) - expected) / np.linalg.norm(expected) < error


def step_by_step(
    x: tf.Tensor, kernel: tf.Tensor, recurrent: tf.Tensor, bias: tf.Tensor, h: tf.Tensor, c: tf.Tensor, keep: tf.Tensor
) -> tf.Tensor:
    """What the definition says, one operation after another: (T, B, U)."""
    outputs = []
    for t in range(T):
        i, f, g, o = tf.split(x[t] @ kernel + h @ recurrent + bias, 4, 1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g) * tf.transpose(keep[t])
        h = tf.sigmoid(o) * tf.tanh(c)
        outputs.append(h)
    return tf.stack(outputs)


def test_candidates_that_are_dropped_enter_neither_the_cell_nor_the_gradient() -> None:
    layer, numbers = build_layer(), some_numbers()
    keep = tf.constant(np.random.default_rng(2).integers(0, 2, (T, U, B)) * 2.0, tf.float32)
    variables, x = [v.value for v in layer.trainable_variables], tf.transpose(numbers["x"], (1, 0, 2))
    results = []
    for run in (step_by_step, lambda *tensors: lstm(*tensors[:-1], tf.float32, tensors[-1])[0]):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = run(x, *variables, numbers["h"], numbers["c"], keep)
            loss = tf.reduce_sum(tf.transpose(outputs, (1, 0, 2)) * numbers["weight"])
        results.append([outputs, *tape.gradient(loss, [x, *variables])])
    for expected, actual in zip(*results, strict=True):
        np.testing.assert_allclose(actual, expected, atol=1e-5)


def test_a_mask_drops_its_share_keeps_the_mean_and_is_drawn_anew_for_each_layer_step_and_chain() -> None:
    shape = (10, 50, 40)
    masks = [Dropout(0.25, 0.5, seed).outputs(0, shape, tf.float32) for seed in ((7, 1, 0), (7, 1, 1), (7, 2, 0))]
    first = Dropout(0.25, 0.5, (7, 1, 0))
    masks += [first.outputs(1, shape, tf.float32), first.candidates(0, shape, tf.float32)]
    for mask, dropped in zip(masks, (0.25, 0.25, 0.25, 0.25, 0.5), strict=True):
        assert np.mean(mask == 0) == pytest.approx(dropped, abs=0.02)
        assert np.mean(mask) == pytest.approx(1, abs=0.03)
    assert len({mask.numpy().tobytes() for mask in masks}) == len(masks)
    assert np.array_equal(masks[0], first.outputs(0, shape, tf.float32))
    assert Dropout(0, 0, (7, 1, 0)).outputs(0, shape, tf.float32) is None


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="oneDNN is asked for on x86-64 alone")
@pytest.mark.parametrize(("said", "is_on"), [(None, "True"), ("0", "False")])
def test_training_multiplies_with_onednn_unless_somebody_says_no(said: str | None, is_on: str) -> None:
    code = "import trainer.training\n"
    code += "from tensorflow.python.util._pywrap_util_port import IsMklEnabled\nprint(IsMklEnabled())"
    environment = {name: value for name, value in os.environ.items() if name != "TF_ENABLE_ONEDNN_OPTS"}
    environment |= {"TF_ENABLE_ONEDNN_OPTS": said} if said else {}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.stdout == f"{is_on}\n", done.stderr
