"""The int8 export: a trained network as one LiteRT step with explicit state."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from model.network import lstm_layers


def export_step(network: keras.Sequential, int8: bool = True) -> bytes:
    """The bytes of generator.tflite: ids (1,) and hidden (layers, 2, 1, units) in; logits and the next hidden out.

    The embedding is folded into the input product of the first layer: a table with one row for each
    character, which saves a lookup and a product at each step. int8 is dynamic-range quantisation:
    weights in 8 bits by row, activations quantised as they come, sums in 32 bits.
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
    layers = [[weight.numpy() for weight in layer.cell.weights] for layer in lstm_layers(network)]
    embedding, dense = network.get_layer("embedding"), network.get_layer("logits")
    kernel, recurrent, bias = layers[0]
    table = tf.constant(embedding.embeddings.numpy() @ kernel + bias)
    # Above the first layer, one product of [input, h] with both kernels is faster than two products.
    stacked = [(np.concatenate([kernel, recurrent]), bias) for kernel, recurrent, bias in layers[1:]]
    output, output_bias = (weight.numpy() for weight in dense.weights)
    units = recurrent.shape[0]
    signature = [
        tf.TensorSpec((1,), tf.int32, "ids"),
        tf.TensorSpec((len(layers), 2, 1, units), tf.float32, "hidden"),
    ]

    @tf.function(input_signature=signature, autograph=False)  # type: ignore[untyped-decorator]
    def step(ids: Any, hidden: Any) -> dict[str, Any]:
        h, c = _gates(tf.gather(table, ids) + hidden[0, 0] @ recurrent, hidden[0, 1])
        following = [tf.stack([h, c])]
        for index, (weights, gate_bias) in enumerate(stacked, start=1):
            joined = tf.concat([h, hidden[index, 0]], -1)
            h, c = _gates(joined @ weights + gate_bias, hidden[index, 1])
            following.append(tf.stack([h, c]))
        return {"logits": h @ output + output_bias, "next": tf.stack(following)}

    return step


def _gates(z: Any, c: Any) -> tuple[Any, Any]:
    """One LSTM step after its products, gates in Keras' order i, f, g, o: the new h and c."""
    i, f, g, o = tf.split(z, 4, -1)
    c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
    return tf.sigmoid(o) * tf.tanh(c), c
