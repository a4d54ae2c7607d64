"""Characters per second of each way to train: python -m benchmarks.training.

Keras' own `fit` in float32, the project's step, and PyTorch's nn.LSTM where it is installed, at batch 64 and 100
timesteps. Each way has a process of its own, with the threads it likes best, and works only when it is its
turn; medians of several rounds; the ratios are what counts.
"""

import multiprocessing
import statistics
import time
from collections.abc import Callable
from importlib.util import find_spec
from multiprocessing.connection import Connection

from rich.console import Console
from rich.table import Table

from model.config import NetworkConfig

SHAPES = (NetworkConfig(256, 512, 1), NetworkConfig(256, 1024, 2))
BATCH, STEPS = 64, 100
ROUNDS, CHUNKS = 7, 2
WIDTH = 92  # 91 characters and `<unk>`, as in the notebook

Way = Callable[[NetworkConfig], tuple[str, Callable[[], object]]]  # its name, and what trains on CHUNKS chunks


def project(shape: NetworkConfig) -> tuple[str, Callable[[], object]]:
    """The step of trainer.training, its optimizer included, on random text."""
    import numpy as np

    from trainer.dataset import Dataset
    from trainer.plan import Plan, TrainingConfig
    from trainer.training import Training

    ids = np.random.default_rng(0).integers(0, WIDTH - 1, 200_000)
    dataset = Dataset.build(["".join(chr(32 + i) for i in ids)])
    config = TrainingConfig(batch_size=BATCH, sequence_length=STEPS, dropout=0.0)
    training = Training(Plan("benchmark", shape, config, None, 1_000, ""), dataset)
    return f"this project, {training.dtype.name}", lambda: [training.step() for _ in range(CHUNKS)]


def keras_fit(shape: NetworkConfig) -> tuple[str, Callable[[], object]]:
    """What the notebook does: keras.layers.LSTM under fit, in float32."""
    import keras
    import numpy as np

    from model.network import build_network

    network = build_network(shape, WIDTH, BATCH)
    network.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    x = np.random.default_rng(0).integers(0, WIDTH, (BATCH * CHUNKS, STEPS)).astype(np.int32)
    name = "keras.layers.LSTM under fit, float32"
    return name, lambda: network.fit(x, x, batch_size=BATCH, shuffle=False, verbose=0)


def pytorch(shape: NetworkConfig) -> tuple[str, Callable[[], object]]:
    """nn.LSTM with AdamW: under bfloat16 autocast, or in float32 where this processor has no such kernel."""
    import torch

    embedding = torch.nn.Embedding(WIDTH, shape.embedding)
    lstm = torch.nn.LSTM(shape.embedding, shape.units, shape.layers, batch_first=True)
    dense = torch.nn.Linear(shape.units, WIDTH)
    optimizer = torch.optim.AdamW(torch.nn.ModuleList([embedding, lstm, dense]).parameters())
    x = torch.randint(0, WIDTH, (BATCH, STEPS))

    def train(bfloat16: bool) -> None:
        for _ in range(CHUNKS):
            optimizer.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
                logits = dense(lstm(embedding(x))[0])
            torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), x.flatten()).backward()
            optimizer.step()

    try:
        train(bfloat16=True)
    except RuntimeError:
        return "PyTorch nn.LSTM, float32 (no bfloat16 LSTM on this processor)", lambda: train(bfloat16=False)
    return "PyTorch nn.LSTM, bfloat16 autocast", lambda: train(bfloat16=True)


def work(way: Way, shape: NetworkConfig, turns: Connection) -> None:
    """The life of a way's process: its name, then its seconds whenever it is its turn."""
    name, train = way(shape)
    train()  # compiles, warms up
    turns.send(name)
    while turns.recv():
        began = time.perf_counter()
        train()
        turns.send(time.perf_counter() - began)


class Runner:
    """A way in its own process."""

    def __init__(self, way: Way, shape: NetworkConfig) -> None:
        context = multiprocessing.get_context("spawn")
        self._turns, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(way, shape, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self.name: str = self._turns.recv()
        self.seconds: list[float] = []

    def take_turn(self) -> None:
        """Train on CHUNKS chunks."""
        self._turns.send(True)
        self.seconds.append(self._turns.recv())

    def stop(self) -> None:
        """End the process."""
        self._turns.send(False)
        self._process.join()


def main() -> None:
    ways = [keras_fit, project, *([pytorch] if find_spec("torch") else [])]
    for shape in SHAPES:
        runners = [Runner(way, shape) for way in ways]
        for _ in range(ROUNDS):
            for runner in runners:
                runner.take_turn()
        table = Table(f"{shape.layers} x {shape.units}, batch {BATCH}, {STEPS} timesteps", "characters/s", "ratio")
        slowest = statistics.median(runners[0].seconds)
        for runner in runners:
            runner.stop()
            seconds = statistics.median(runner.seconds)
            table.add_row(runner.name, f"{BATCH * STEPS * CHUNKS / seconds:,.0f}", f"{slowest / seconds:.2f}")
        Console(width=100).print(table)


if __name__ == "__main__":
    main()
