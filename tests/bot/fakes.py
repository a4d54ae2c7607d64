"""A Generator without a network: deterministic, quick, and as slow or broken as a test wants."""

import random
import threading
import time
import unicodedata
import zlib
from pathlib import Path

import numpy as np

from bot.generating.voice_loader import Card
from model.batch import Batch
from model.config import SamplingConfig
from model.generator import Chunk
from model.sampling import Floats, Rng
from model.state import State
from model.vocabulary import Vocabulary
from tests.one_by_one import OneByOne

WEIGHTS = "0123456789abcdef" * 2
ALPHABET = "abcdefghij klmnop\nqrstuvwxyz"


class FakeGenerator:
    """Its text depends on (seed text, sampling, rng seed) alone, as the contract wants.

    `gate`: while it is clear, `generate` waits, once `pauses_at` characters are written. `pace`: seconds that each of
    them takes. `broken`: seeds that contain it make `feed` raise; `hangs_on`:
    seeds that contain it close the gate. `dies_after`: so many calls of `generate`, every later one raises.
    """

    def __init__(
        self,
        broken: str | None = None,
        *,
        hangs_on: str | None = None,
        dies_after: int | None = None,
        weights: str = WEIGHTS,
        pauses_at: int = 0,
        pace: float = 0.0,
    ) -> None:
        self.pauses_at = pauses_at
        self.pace = pace
        self.vocabulary = Vocabulary(ALPHABET)
        self.weights = weights
        self.fingerprint = f"{weights}/fake"
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self._broken = broken
        self._hangs_on = hangs_on
        self._calls_left = dies_after

    def initial_state(self) -> State:
        return _state(0 if self.weights == WEIGHTS else zlib.crc32(self.weights.encode()), self.weights)

    def feed(self, state: State, text: str) -> State:
        if self._broken is not None and self._broken in text:
            raise RuntimeError("the network is on fire")
        if self._hangs_on is not None and self._hangs_on in text:
            self.gate.clear()
        read = unicodedata.normalize("NFC", text)  # as a vocabulary does, where a character is unknown
        return _state(zlib.crc32(read.encode("utf-8", "surrogatepass"), _number(state)), self.weights)

    def generate(self, state: State, n: int, sampling: SamplingConfig, rng: Rng) -> Chunk:
        self.entered.set()
        if self.pace:
            time.sleep(self.pace)
        if rng.position >= self.pauses_at:
            self.gate.wait(30)
        if self._calls_left is not None:
            self._calls_left -= 1
            if self._calls_left < 0:
                raise RuntimeError("the network is on fire")
        text = "".join(_character(state, sampling, rng.seed, rng.position + k) for k in range(n))
        return Chunk(text, state, rng.advance(n))

    def surprise(self, text: str, state: State | None = None) -> Floats:
        """Eighths of a nat up to 8, by the id and those before it."""
        read = [_number(state or _state(0))]
        for each in self.vocabulary.encode(text).tolist():
            read.append(zlib.crc32(bytes([each]), read[-1]))
        return np.array([number % 64 / 8 for number in read[1:]], np.float32)

    def batch(self) -> Batch:
        return OneByOne(self)


class FakeLoader:
    """Finds one of these generators in the folder of that name, and the first in every other."""

    def __init__(self, *generators: FakeGenerator, lines: tuple[str, ...] = (), **named: FakeGenerator) -> None:
        """`lines`: real ones that come with each of them."""
        self.generators = {"": generators[0]} | named
        self.lines = lines

    def card(self, path: Path) -> Card:
        return Card(self._find(path).weights, corpus=path.name, lines=self.lines)

    def generator(self, path: Path) -> FakeGenerator:
        return self._find(path)

    def _find(self, path: Path) -> FakeGenerator:
        return self.generators.get(path.name, self.generators[""])


def expected_text(seed: str, length: int, sampling: SamplingConfig, rng_seed: int) -> str:
    """What FakeGenerator writes after a seed."""
    generator = FakeGenerator()
    state = generator.feed(generator.initial_state(), seed)
    return generator.generate(state, length, sampling, Rng(rng_seed)).text


def _character(state: State, sampling: SamplingConfig, seed: int, position: int) -> str:
    return random.Random(repr((_number(state), sampling, seed, position))).choice(ALPHABET)


def _state(number: int, weights: str = WEIGHTS) -> State:
    """The 32 bits in two numbers that fp32 holds exactly."""
    return State(weights, np.array([number >> 16, number & 0xFFFF], np.float32).reshape(1, 2, 1))


def _number(state: State) -> int:
    high, low = state.hidden.ravel()
    return int(high) << 16 | int(low)
