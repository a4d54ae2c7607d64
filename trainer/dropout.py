"""Dropout: what a step forgets at random, drawn from the seed, its number and the chain, so that it can be repeated."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

Tensor = Any

_LEVELS = 256  # a rate is rounded to one of so many: a random byte decides each, and four come in one draw


@dataclass(frozen=True)
class Dropout:
    """The masks of one chain in one step."""

    output: float  # of what an LSTM layer hands on
    recurrent: float  # of the candidates that enter its cell
    seed: Sequence[Any]  # the run's, the step, the chain: integers

    def outputs(self, layer: int, shape: Sequence[int], dtype: Any) -> Tensor | None:
        """What a layer's outputs are multiplied by, or None."""
        return self._mask(self.output, 2 * layer, shape, dtype)

    def candidates(self, layer: int, shape: Sequence[int], dtype: Any) -> Tensor | None:
        """What its candidates are multiplied by, or None."""
        return self._mask(self.recurrent, 2 * layer + 1, shape, dtype)

    def _mask(self, rate: float, number: int, shape: Sequence[int], dtype: Any) -> Tensor | None:
        dropped = round(rate * _LEVELS)
        if not dropped:
            return None
        run, step, chain = self.seed
        count = math.prod(shape)
        seed = tf.stack([run + number * 64 + chain, step])
        words = tf.random.stateless_uniform((-(-count // 4),), seed, None, None, tf.uint32)
        drawn = tf.reshape(tf.bitcast(words, tf.uint8), (-1,))[:count]
        return tf.reshape(tf.cast(drawn >= dropped, dtype) * (_LEVELS / (_LEVELS - dropped)), shape)
