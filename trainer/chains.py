"""Chains: a batch as a few independent parts, one to a core, each going through its timesteps on its own.

A timestep is a handful of operations of some hundred microseconds. Shared between the cores, each operation
ends with one core waiting for the other, and the small ones are not shared at all; as many chains as cores
keep all of them busy. Knows no network.
"""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from trainer.device import CHAINS_AT_MOST, CORES, has_gpu

_ROWS_AT_LEAST = 8  # of a chain: with fewer, reading the weights takes longer than multiplying by them

Tensor = Any
Part = Any  # a nested structure of tensors


def chains(rows: int) -> int:
    """Into how many parts a batch of so many rows is best cut here."""
    return 1 if has_gpu() else max(1, min(CORES, CHAINS_AT_MOST, rows // _ROWS_AT_LEAST))


def in_chains(work: Callable[..., Part], *batch: Part) -> list[Part]:
    """What `work` makes of each part of a batch, whose tensors all have their rows along the first axis.

    work is called with the number of the chain and its part of each value.
    """
    rows = int(tf.nest.flatten(batch)[0].shape[0])
    count = chains(rows)
    bounds = [rows * number // count for number in range(count + 1)]

    def part(number: int) -> Part:
        return tf.nest.map_structure(lambda tensor: tensor[bounds[number] : bounds[number + 1]], batch)

    return [work(number, *part(number)) for number in range(count)]


def joined(parts: Sequence[Part], axis: int = 0) -> Part:
    """The parts' tensors side by side again."""
    return tf.nest.map_structure(lambda *tensors: tf.concat(tensors, axis), *parts)


def total(parts: Sequence[Part]) -> Part:
    """The sums of the parts' tensors."""
    return tf.nest.map_structure(lambda *tensors: tf.add_n(tensors), *parts)
