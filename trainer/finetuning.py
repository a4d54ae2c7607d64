"""Fine-tuning: a network that starts from another's weights, though its corpus has characters the other never saw.

Known characters keep their rows and columns to the bit. A new one gets an embedding near the mean of the old
ones, as nothing is known of it, and a logit below the mean of the old logits, so that it starts unlikely.
"""

import math
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from model.checkpoint import Checkpoint
from model.network import load_network

Floats = NDArray[np.float32]

_RARITY = 2_000  # all new characters together start below a 2,000th: half a thousandth of a nat for the old ones
_SPREAD = 0.1  # of the old rows' own, so that no two new rows are alike


def start_from(network: keras.Sequential, origin: Checkpoint) -> None:
    """Put the origin's weights into a network of its size, whose vocabulary begins with the origin's.

    Raises CheckpointDamaged for weights that are not of the network in config.json.
    """
    embedding, *recurrent, kernel, bias = load_network(origin).get_weights()
    size = network.get_layer("logits").units
    network.set_weights([grown_embedding(embedding, size), *recurrent, *grown_output(kernel, bias, size)])


def grown_embedding(embedding: Floats, size: int) -> Floats:
    """The embedding (V, E) with rows appended up to (size, E): the mean row and a little noise, always the same."""
    added = size - len(embedding)
    noise = np.random.Generator(np.random.Philox(added)).standard_normal((added, embedding.shape[1]))
    rows = embedding.mean(axis=0) + _SPREAD * embedding.std(axis=0) * noise
    return np.concatenate([embedding, rows.astype(embedding.dtype)])


def grown_output(kernel: Floats, bias: Floats, size: int) -> tuple[Any, Any]:
    """The output's kernel (U, V) and bias (V,) with columns appended up to `size`.

    A mean column gives the mean of the old logits, which is at least ln V below their log-sum-exp (Jensen's
    inequality); lowered by ln(2000 K / V) where there are K > V of them, else by ln 2000, all K new characters
    together get less than 1 / 2000 in any context.
    """
    old, added = len(bias), size - len(bias)
    lowered = bias.mean() - math.log(_RARITY * max(1.0, added / old))
    columns = np.repeat(kernel.mean(axis=1, keepdims=True), added, axis=1)
    return (
        np.concatenate([kernel, columns], axis=1),
        np.concatenate([bias, np.full(added, lowered, bias.dtype)]),
    )
