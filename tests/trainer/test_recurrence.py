"""The fast recurrence beside keras.layers.LSTM: same weights, same outputs, same gradients."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from model.recurrence import lstm
from trainer.forward import keras_layer

pytestmark = pytest.mark.xdist_group("tensorflow")

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
