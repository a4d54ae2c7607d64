"""The int8 export: a trained network as one LiteRT step with explicit state, for any number of texts at once."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from model.network import lstm_layers


def export_step(network: keras.Sequential, int8: bool = True) -> bytes:
    """The bytes of generator.tflite: ids (rows,) and hidden (rows, layers * 2 * units) in; logits and next out.

    A row of hidden is h and c of the first layer, h and c of the second, and so on; `next` is what hidden becomes.
    The number of rows is open: the weights are packed once for all of them. The embedding is folded into the input
    product of the first layer: a table with one row for each character, which saves a lookup and a product at each
    step. int8 is dynamic-range quantisation: weights in 8 bits by row, activations quantised as they come, sums in
    32 bits.
    """
    step = _step_function(network)
    module = tf.Module()
    module.step = step  # held by the module, the graph gets named inputs and outputs
    converter = tf.lite.TFLiteConverter.from_concrete_functions([step.get_concrete_function()], module)
    if int8:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    graph: bytes = converter.convert()
    return graph


def _step_function(network: keras.Sequential) -> Any:
    layers = [[_sigmoids_first(weight.numpy()) for weight in layer.cell.weights] for layer in lstm_layers(network)]
    embedding, dense = network.get_layer("embedding"), network.get_layer("logits")
    kernel, recurrent, bias = layers[0]
    table = tf.constant(embedding.embeddings.numpy() @ kernel + bias)
    # Above the first layer, one product of [input, h] with both kernels is faster than two products.
    stacked = [(np.concatenate([kernel, recurrent]), bias) for kernel, recurrent, bias in layers[1:]]
    output, output_bias = (weight.numpy() for weight in dense.weights)
    units = recurrent.shape[0]
    signature = [
        tf.TensorSpec((None,), tf.int32, "ids"),
        tf.TensorSpec((None, len(layers) * 2 * units), tf.float32, "hidden"),
    ]

    @tf.function(input_signature=signature, autograph=False)  # type: ignore[untyped-decorator]
    def step(ids: Any, hidden: Any) -> dict[str, Any]:
        before = tf.split(hidden, 2 * len(layers), -1)
        following = _gates(tf.gather(table, ids) + before[0] @ recurrent, before[1], units)
        for index, (weights, gate_bias) in enumerate(stacked, start=1):
            joined = tf.concat([following[-2], before[2 * index]], -1)
            following += _gates(joined @ weights + gate_bias, before[2 * index + 1], units)
        return {"logits": following[-2] @ output + output_bias, "next": tf.concat(following, -1)}

    return step


def _sigmoids_first(weight: Any) -> Any:
    """Gates from Keras' order i, f, g, o to i, f, o, g: one sigmoid for three of them."""
    i, f, g, o = np.split(weight, 4, -1)
    return np.concatenate([i, f, o, g], -1)


def _gates(z: Any, c: Any, units: int) -> list[Any]:
    """One LSTM step after its products, gates in the order i, f, o, g: the new h and c."""
    sigmoids, g = tf.sigmoid(z[:, : 3 * units]), tf.tanh(z[:, 3 * units :])
    i, f, o = (sigmoids[:, k * units : (k + 1) * units] for k in range(3))
    c = f * c + i * g
    return [o * tf.tanh(c), c]
