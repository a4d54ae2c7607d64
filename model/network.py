"""The Keras network: embedding -> LSTMs -> logits (any batch to train; batch 1 to generate)."""

import keras

from model.checkpoint import WEIGHTS, Checkpoint
from model.config import NetworkConfig
from model.errors import CheckpointDamaged


def build_network(config: NetworkConfig, vocabulary_size: int, batch_size: int = 1) -> keras.Sequential:
    """The network of Karpathy's char-rnn (2015), built, with stateful layers as in the notebook.

    Input: 2D tensor of ids, with shape (batch_size, timesteps). Output: logits, 3D tensor, with shape
    (batch_size, timesteps, vocabulary_size). The batch size is no part of the weights: what was trained
    with 64 loads into a network of 1.
    """
    lstm_layers = [
        keras.layers.LSTM(
            config.units,
            return_sequences=True,
            stateful=True,
            recurrent_initializer="glorot_uniform",
            name=f"lstm_{index}",
        )
        for index in range(config.layers)
    ]
    return keras.Sequential(
        [
            keras.Input(batch_shape=(batch_size, None), dtype="int32"),
            keras.layers.Embedding(vocabulary_size, config.embedding, name="embedding"),
            *lstm_layers,
            keras.layers.Dense(vocabulary_size, name="logits"),
        ],
        name="cotorra",
    )


def load_network(checkpoint: Checkpoint) -> keras.Sequential:
    """A checkpoint's network with its weights, batch 1. Raises CheckpointDamaged for weights of another shape."""
    file, size = checkpoint.path / WEIGHTS, len(checkpoint.vocabulary)
    other = CheckpointDamaged(f"{file} is of another network than config.json: copy the checkpoint again")
    # Before that much memory is taken: of what config.json says, the file has to have four bytes a weight.
    if file.stat().st_size < 4 * checkpoint.network.weights(size):
        raise other
    network = build_network(checkpoint.network, size)
    try:
        network.load_weights(file)
    except (ValueError, OSError, KeyError) as error:
        raise other from error
    return network


def lstm_layers(network: keras.Sequential) -> list[keras.layers.LSTM]:
    """The recurrent layers, first to last."""
    return [layer for layer in network.layers if isinstance(layer, keras.layers.LSTM)]
