"""Characters per second of each way to generate, one stream, at the notebook's size: python -m benchmarks.generation.

The ways take turns in one process, so that a noisy machine is noisy for all of them; medians of several rounds.
"""

import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.table import Table

from model.config import NetworkConfig, SamplingConfig
from model.engines.litert import LiteRTEngine
from model.engines.xla import TensorFlowEngine
from model.generator import Engine, RecurrentGenerator
from model.network import build_network
from model.sampling import Rng
from model.state import State
from model.vocabulary import Vocabulary
from trainer.export import export_step

RESULTS = Path(__file__).parent / "results" / "generation.json"
ROUNDS = 5
VOCABULARY = Vocabulary(map(chr, range(32, 123)))  # 91 characters
NETWORK = NetworkConfig()

Way = Callable[[int], object]  # writes so many characters


def notebook_loop(network: keras.Sequential) -> Way:
    """One eager call of the Keras network and one draw for each character, as the notebook has it."""

    def write(characters: int) -> None:
        ids = tf.constant([[1]])
        for _ in range(characters):
            logits = tf.squeeze(network(ids), 0) / 0.5
            ids = tf.expand_dims([int(tf.random.categorical(logits, 1)[-1, 0].numpy())], 0)

    return write


def generator_loop(engine: Engine) -> Way:
    """The public Generator, in replies of 300 characters at most."""
    zeros = np.zeros((NETWORK.layers, 2, NETWORK.units), np.float32)
    generator = RecurrentGenerator(engine, VOCABULARY, State("0" * 32, zeros))

    def write(characters: int) -> None:
        state, rng = generator.feed(generator.initial_state(), "Domingo"), Rng(1)
        for _ in range(0, characters, 300):
            chunk = generator.generate(state, min(300, characters), SamplingConfig(), rng)
            state, rng = chunk.state, chunk.rng

    return write


def measure(ways: dict[str, tuple[Way, int]]) -> dict[str, float]:
    """Median characters a second of each way over rounds in which all of them take turns."""
    for write, characters in ways.values():
        write(characters)  # compiles, warms up
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, (write, characters) in ways.items():
            began = time.perf_counter()
            write(characters)
            speeds[name].append(characters / (time.perf_counter() - began))
    return {name: statistics.median(values) for name, values in speeds.items()}


def main() -> None:
    network = build_network(NETWORK, len(VOCABULARY))
    graph = export_step(network)
    speeds = measure(
        {
            "the notebook's loop: eager Keras, a call per character": (notebook_loop(network), 60),
            "TensorFlow fp32, a compiled loop per chunk": (generator_loop(TensorFlowEngine(network)), 600),
            "LiteRT int8": (generator_loop(LiteRTEngine(graph)), 3_000),
        }
    )
    slowest = min(speeds.values())
    table = Table("2 x 1024, embedding 256, 91 characters, one stream", "characters/s", "ratio")
    for name, speed in speeds.items():
        table.add_row(name, f"{speed:,.0f}", f"{speed / slowest:,.0f}")
    Console(width=100).print(table)
    RESULTS.parent.mkdir(exist_ok=True)
    result = {"machine": platform.processor() or platform.machine(), "characters_per_second": speeds}
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
