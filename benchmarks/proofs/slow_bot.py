"""`cotorra run` with a voice that takes its time, the same on any machine: there is something to interrupt."""

import time
from pathlib import Path
from typing import Any

import numpy as np

from bot.cli import serve
from bot.generating.voice_loader import CheckpointLoader
from model.checkpoint import Checkpoint
from model.engine import Written
from model.engines.litert import LiteRTEngine
from model.generator import Generator, RecurrentGenerator
from model.state import State

SLOW_BOT = "benchmarks.proofs.slow_bot"
STEP = 8  # characters at a time, however many texts are written
PAUSE = 0.008  # seconds before each step: a thousand characters a second, half as many where newcomers get theirs


class _SlowEngine(LiteRTEngine):
    def block(self, rows: int) -> int:
        return STEP

    def write(self, *args: Any, **kwargs: Any) -> Written:
        time.sleep(PAUSE)
        return super().write(*args, **kwargs)


class _SlowLoader(CheckpointLoader):
    def generator(self, path: Path) -> Generator:
        checkpoint = Checkpoint.open(path)
        zeros = np.zeros((checkpoint.network.layers, 2, checkpoint.network.units), np.float32)
        engine = _SlowEngine.load(checkpoint)
        return RecurrentGenerator(engine, checkpoint.vocabulary, State(checkpoint.weights_digest, zeros))


if __name__ == "__main__":
    serve(_SlowLoader())
