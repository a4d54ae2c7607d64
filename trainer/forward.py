"""The forward pass over a chunk: the network's own weights, on the fastest path of the device."""

from typing import Any

import keras
import tensorflow as tf

from model.network import lstm_layers
from model.recurrence import lstm, lstm_on_ids
from trainer.device import has_gpu
from trainer.dropout import Dropout

Tensor = Any
_TABLE_AT_MOST = 2  # rows for each width of the embedding: one-hot rows need no product of their own, nor memory

RecurrentState = list[tuple[Tensor, Tensor]]  # h and c of each layer, (B, U) each, float32


def zero_state(network: keras.Sequential, batch_size: int) -> RecurrentState:
    """Zeros, as a fresh text begins."""
    shapes = [(batch_size, layer.units) for layer in lstm_layers(network)]
    return [(tf.zeros(shape), tf.zeros(shape)) for shape in shapes]


def forward(
    network: keras.Sequential,
    ids: Tensor,
    state: RecurrentState,
    dtype: Any,
    dropout: Dropout | None = None,
) -> tuple[Tensor, RecurrentState]:
    """Logits (T, B, V) in float32, time first, and the state after ids (B, T)."""
    ids, embeddings = tf.transpose(ids), network.get_layer("embedding").embeddings.value
    x: Tensor = None
    following: RecurrentState = []
    steps, batch = ids.shape
    for index, (layer, (h, c)) in enumerate(zip(lstm_layers(network), state, strict=True)):
        keep = dropout.candidates(index, (steps, layer.units, batch), dtype) if dropout else None
        if x is None:
            x, h, c = _first_layer(layer, ids, embeddings, h, c, dtype, keep)
        else:
            x, h, c = _layer(layer, x, h, c, dtype, keep)
        following.append((h, c))
        mask = dropout.outputs(index, x.shape, dtype) if dropout else None
        x = x if mask is None else x * mask
    dense = network.get_layer("logits")
    flat = tf.matmul(tf.reshape(x, (-1, x.shape[2])), tf.cast(dense.kernel.value, dtype))
    logits = tf.cast(flat, tf.float32) + dense.bias.value
    return tf.reshape(logits, (steps, batch, -1)), following


def _first_layer(
    layer: keras.layers.LSTM, ids: Tensor, embeddings: Tensor, h: Tensor, c: Tensor, dtype: Any, keep: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Ids (T, B) and embeddings (V, E): folded into a table where that is less work than the input product."""
    vocabulary, width = embeddings.shape
    if has_gpu() or vocabulary > _TABLE_AT_MOST * width:
        return _layer(layer, tf.cast(tf.gather(embeddings, ids), dtype), h, c, dtype, keep)
    cell = layer.cell
    table = tf.matmul(embeddings, cell.kernel.value) + cell.bias.value
    return lstm_on_ids(ids, table, cell.recurrent_kernel.value, h, c, dtype, keep)


def _layer(
    layer: keras.layers.LSTM, x: Tensor, h: Tensor, c: Tensor, dtype: Any, keep: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    if has_gpu():
        return keras_layer(layer, x, h, c)
    cell = layer.cell
    return lstm(x, cell.kernel.value, cell.recurrent_kernel.value, cell.bias.value, h, c, dtype, keep)


def keras_layer(layer: keras.layers.LSTM, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The layer's own weights on Keras' own path, which on a GPU is cuDNN's: (T, B, I) in, (T, B, U) out."""
    runner = keras.layers.LSTM(layer.units, return_sequences=True, return_state=True)
    runner.cell = layer.cell
    runner.built = True
    outputs, h, c = runner(tf.transpose(x, (1, 0, 2)), initial_state=[tf.stop_gradient(h), tf.stop_gradient(c)])
    return tf.transpose(outputs, (1, 0, 2)), h, c


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    """Nats for every character: logits (T, B, V) and targets (B, T) give (T, B)."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(tf.transpose(targets), logits)
