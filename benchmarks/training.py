"""Characters per second of each way to train: python -m benchmarks.training.

Keras' own `fit` in float32, the project's step, and PyTorch in bfloat16 where it is installed, at batch 64 and 100
timesteps. The ways take turns in one process; medians of several rounds; the ratios are what counts.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import keras
import numpy as np
from rich.console import Console
from rich.table import Table

from model.config import NetworkConfig
from model.network import build_network
from trainer.dataset import Dataset, Streams
from trainer.plan import Plan, TrainingConfig
from trainer.training import Training

SHAPES = (NetworkConfig(256, 512, 1), NetworkConfig(256, 1024, 2))
BATCH, STEPS = 64, 100
ROUNDS, CHUNKS = 5, 2
CHARACTERS = "".join(map(chr, range(32, 123)))  # 91
CONFIG = TrainingConfig(batch_size=BATCH, sequence_length=STEPS, dropout=0.0)

Way = Callable[[], object]  # trains on CHUNKS chunks


def corpus() -> Dataset:
    """Random text: its content makes no difference to the speed."""
    ids = np.random.default_rng(0).integers(0, len(CHARACTERS), 200_000)
    return Dataset.build(["".join(CHARACTERS[i] for i in ids)])


def project(shape: NetworkConfig, dataset: Dataset) -> Way:
    """The step of trainer.training, its optimizer included."""
    training = Training(Plan("benchmark", shape, CONFIG, None, 1_000, ""), dataset)
    return lambda: [training._step() for _ in range(CHUNKS)]


def keras_fit(shape: NetworkConfig, dataset: Dataset) -> Way:
    """What the notebook does: keras.layers.LSTM under fit, in float32."""
    network = build_network(shape, len(dataset.vocabulary), BATCH)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile("adam", loss)
    streams = Streams(dataset.training, BATCH, STEPS)
    chunks = [streams.chunk(number) for number in range(CHUNKS)]
    x, y = (np.concatenate(part) for part in zip(*chunks, strict=True))
    return lambda: network.fit(x, y, batch_size=BATCH, shuffle=False, verbose=0)


def pytorch(shape: NetworkConfig, dataset: Dataset) -> Way:
    """nn.LSTM under bfloat16 autocast, with AdamW. Raises ModuleNotFoundError without PyTorch."""
    import torch

    width = len(dataset.vocabulary)
    embedding = torch.nn.Embedding(width, shape.embedding)
    lstm = torch.nn.LSTM(shape.embedding, shape.units, shape.layers, batch_first=True)
    dense = torch.nn.Linear(shape.units, width)
    parts = torch.nn.ModuleList([embedding, lstm, dense])
    optimizer = torch.optim.AdamW(parts.parameters())
    x = torch.randint(0, width, (BATCH, STEPS))

    def train() -> None:
        for _ in range(CHUNKS):
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16):
                logits = dense(lstm(embedding(x))[0])
            torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), x.flatten()).backward()
            optimizer.step()

    return train


def ways(shape: NetworkConfig, dataset: Dataset) -> Iterator[tuple[str, Way]]:
    """Those that this environment can run."""
    yield "keras.layers.LSTM under fit, float32", keras_fit(shape, dataset)
    yield "this project", project(shape, dataset)
    with suppress(ModuleNotFoundError):
        yield "PyTorch nn.LSTM, bfloat16 autocast", pytorch(shape, dataset)


def main() -> None:
    dataset, console = corpus(), Console(width=100)
    for shape in SHAPES:
        runs = dict(ways(shape, dataset))
        seconds: dict[str, list[float]] = {name: [] for name in runs}
        for run in runs.values():
            run()  # compiles, warms up
        for _ in range(ROUNDS):
            for name, run in runs.items():
                began = time.perf_counter()
                run()
                seconds[name].append(time.perf_counter() - began)
        speeds = {name: BATCH * STEPS * CHUNKS / statistics.median(times) for name, times in seconds.items()}
        slowest = next(iter(speeds.values()))
        table = Table(f"{shape.layers} x {shape.units}, batch {BATCH}, {STEPS} timesteps", "characters/s", "ratio")
        for name, speed in speeds.items():
            table.add_row(name, f"{speed:,.0f}", f"{speed / slowest:.2f}")
        console.print(table)


if __name__ == "__main__":
    main()
