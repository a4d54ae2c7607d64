"""One stream: the notebook's loop, a compiled one, both engines through the Generator, and the limit, by turns."""

import statistics
import time
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from benchmarks.generating.bandwidth import Reader
from benchmarks.generating.networks import SEED, Networks, bytes_per_character
from benchmarks.generating.report import COMPILED, LIMIT, LITERT, NOTEBOOK, NUCLEUS, TENSORFLOW
from model.config import SamplingConfig
from model.generator import RecurrentGenerator
from model.sampling import Rng

ROUNDS = 9
REPLY = 300  # characters

Way = Callable[[int], object]  # writes so many characters


def notebook_loop(networks: Networks) -> Way:
    """One eager call of the Keras network and one draw for each character, as the notebook has it."""
    return _loop(networks.keras)


def compiled_loop(networks: Networks) -> Way:
    """The same with the call compiled."""
    return _loop(tf.function(networks.keras))


def _loop(network: Callable[[tf.Tensor], tf.Tensor]) -> Way:
    def write(characters: int) -> None:
        ids = tf.constant([[1]])
        for _ in range(characters):
            logits = tf.squeeze(network(ids), 0) / 0.5
            ids = tf.expand_dims([int(tf.random.categorical(logits, 1)[-1, 0].numpy())], 0)

    return write


def generator_loop(generator: RecurrentGenerator, sampling: SamplingConfig) -> Way:
    """The public Generator: a seed, then replies of 300 characters, each going on from the last."""

    def write(characters: int) -> None:
        state, rng = generator.feed(generator.initial_state(), SEED), Rng(1)
        for _ in range(0, characters, REPLY):
            chunk = generator.generate(state, REPLY, sampling, rng)
            state, rng = chunk.state, chunk.rng

    return write


def measure(networks: Networks) -> dict[str, float]:
    """Median characters a second of each way over rounds in which all of them take turns."""
    litert = networks.litert()
    ways: dict[str, tuple[Way, int]] = {
        NOTEBOOK: (notebook_loop(networks), 60),
        COMPILED: (compiled_loop(networks), 150),
        TENSORFLOW: (generator_loop(networks.tensorflow, SamplingConfig()), REPLY),
        LITERT: (generator_loop(litert, SamplingConfig()), 6 * REPLY),
        NUCLEUS: (generator_loop(litert, SamplingConfig(0.5, 0.9)), 6 * REPLY),
        LIMIT: (Reader(bytes_per_character()), 3_000),
    }
    for write, characters in ways.values():
        write(characters)  # compiles, warms up
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, (write, characters) in ways.items():
            speeds[name].append(characters / seconds(lambda write=write, n=characters: write(n)))  # type: ignore[misc]
    return {name: statistics.median(values) for name, values in speeds.items()}


def reading(generator: RecurrentGenerator, characters: int = 4_096) -> dict[str, float]:
    """Seconds for a long seed: to read it, and to say how surprising each character is."""
    ids = np.random.default_rng(0).integers(1, len(generator.vocabulary), characters)
    text = generator.vocabulary.decode(ids.tolist())
    state = generator.initial_state()
    feeding = [seconds(lambda: generator.feed(state, text)) for _ in range(ROUNDS)]
    surprise = [seconds(lambda: generator.surprise(text)) for _ in range(ROUNDS)]
    return {"feed": statistics.median(feeding), "surprise": statistics.median(surprise)}


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
