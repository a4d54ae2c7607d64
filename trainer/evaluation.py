"""Evaluation: nats and bits per character, from a zero state and with carried state; baselines.

From a zero state: windows of 256 characters, each from zeros, the first 32 not counted; that is how the bot
starts. Carried: the whole text as a few long streams.
"""

import gzip
import lzma
import math
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from model.generator import RecurrentGenerator
from trainer.dataset import EncodedText
from trainer.forward import RecurrentState, cross_entropy, forward, zero_state

WINDOW = 256  # characters
WARM = 32  # characters at the start of each window that are read, but not counted

_MOST_WINDOWS = 1024  # a quarter of a million characters: the third decimal of a nat
_CARRIED_STREAMS = 16
_CARRIED_CHUNK = 256


class Evaluator:
    """Measures one network, by the forward pass that trained it."""

    def __init__(self, network: keras.Sequential, dtype: Any = tf.float32) -> None:
        self._network = network
        self._dtype = dtype
        self._pass = tf.function(self._pass_eagerly, autograph=False)

    def zero_state_loss(self, text: EncodedText, most: int = _MOST_WINDOWS) -> float:
        """Nats per character from a zero state, over windows spread evenly through the text."""
        window = min(WINDOW, len(text) - 1)
        warm = min(WARM, window // 2)
        count = max(1, min((len(text) - 1) // window, most))
        starts = np.linspace(0, len(text) - 1 - window, count).astype(int)
        ids = np.stack([text[start : start + window + 1] for start in starts])
        losses, _ = self._losses(ids, zero_state(self._network, count))
        return float(np.mean(losses[warm:]))

    def carried_loss(self, text: EncodedText) -> float:
        """Nats per character over the whole text, as 16 streams whose state is carried from end to end."""
        streams = max(1, min(_CARRIED_STREAMS, (len(text) - 1) // WINDOW))
        length = (len(text) - 1) // streams
        state, total = zero_state(self._network, streams), 0.0
        for start in range(0, length, _CARRIED_CHUNK):
            stop = min(start + _CARRIED_CHUNK, length)
            rows = [text[row * length + start : row * length + stop + 1] for row in range(streams)]
            losses, state = self._losses(np.stack(rows), state)
            total += float(losses.sum(dtype=np.float64))
        return total / (streams * length)

    def _losses(self, ids: Any, state: RecurrentState) -> tuple[Any, RecurrentState]:
        """Nats (T, B) of ids (B, T + 1), and the state after them."""
        losses, state = self._pass(ids[:, :-1], ids[:, 1:], state)
        return losses.numpy(), state

    def _pass_eagerly(self, x: Any, y: Any, state: RecurrentState) -> tuple[Any, RecurrentState]:
        logits, state = forward(self._network, x, state, self._dtype)
        return cross_entropy(logits, y), state


def engine_loss(generator: RecurrentGenerator, text: str) -> float:
    """Nats per character of an engine over a text, the first 32 characters read but not counted."""
    surprise = generator.surprise(text)
    return float(surprise[min(WARM, len(surprise) // 2) :].mean())


def bits(value: Any) -> Any:
    """Nats to bits, a number or an array of them."""
    return value / math.log(2)


def nats(value: Any) -> Any:
    """Bits to nats, a number or an array of them."""
    return value * math.log(2)


def compressed_bits(text: str) -> dict[str, float]:
    """Bits per character of general compressors at their best, as a yardstick."""
    data = text.encode("utf-8", "surrogatepass")
    sizes = {
        "gzip": len(gzip.compress(data, 9)),
        "xz": len(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)),
    }
    return {name: 8 * size / len(text) for name, size in sizes.items()}
