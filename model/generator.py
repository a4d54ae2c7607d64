"""The Generator: text in, text out, state by value; and load_generator().

Knows no engine by heart: the one that is asked for is imported when it is asked for. Nothing here keeps
anything between two calls, so any thread or process may continue any text.
"""

import importlib.util
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from model.batch import Batch, RecurrentBatch
from model.config import SamplingConfig
from model.engine import Engine
from model.engines.quiet import quiet_start
from model.errors import ConfigError, EngineError
from model.repetition import remember
from model.sampling import Floats, Rng, Sampler, nats
from model.state import State
from model.vocabulary import Vocabulary

if TYPE_CHECKING:
    from model.checkpoint import Checkpoint

ENGINES = ("auto", "litert", "tensorflow")
_log = logging.getLogger(__name__)
_PIECE = 64  # characters that noise is made for at once: it stays in the cache beside the weights
STARTER = Path(__file__).parent / "starter"


@dataclass(frozen=True)
class Chunk:
    """Some generated text, and where it left the state and the random stream."""

    text: str
    state: State
    rng: Rng


class Generator(Protocol):
    """Continues texts; batch 1. `fingerprint` says which weights on which engine."""

    vocabulary: Vocabulary
    fingerprint: str

    def initial_state(self) -> State:
        """Nothing read yet."""
        ...

    def feed(self, state: State, text: str) -> State:
        """The state after reading the text too."""
        ...

    def generate(self, state: State, n: int, sampling: SamplingConfig, rng: Rng) -> Chunk:
        """The next n characters, drawn with the given sampling from the given stream."""
        ...

    def batch(self) -> Batch:
        """Texts that go on together on this generator's engine; nobody in it yet."""
        ...

    def surprise(self, text: str, state: State | None = None) -> Floats:
        """Nats for every id of the text, given those before it: 1D tensor, with shape (ids,)."""
        ...


class RecurrentGenerator:
    """The Generator over an Engine: characters, the pending id, and the random stream."""

    def __init__(self, engine: Engine, vocabulary: Vocabulary, initial: State) -> None:
        self.vocabulary = vocabulary
        self.fingerprint = f"{initial.weights}/{engine.name}"
        self._engine = engine
        self._initial = initial
        newline = vocabulary.encode("\n")
        self._opening = int(newline[0])  # a text begins as if a line had just ended

    def initial_state(self) -> State:
        """Zeros, as at every random reset in training."""
        return self._initial

    def feed(self, state: State, text: str) -> State:
        """The last character stays pending, so that feeding in pieces is feeding at once."""
        ids = self.vocabulary.encode(text)
        if not len(ids):
            return state
        recent = remember(state.recent, "".join(map(chr, ids.tolist())))
        queue = ids if state.pending is None else np.concatenate([[state.pending], ids]).astype(np.int32)
        hidden = self._engine.advance(state.hidden, queue[:-1]) if len(queue) > 1 else state.hidden
        return State(state.weights, hidden, recent)

    def generate(self, state: State, n: int, sampling: SamplingConfig, rng: Rng) -> Chunk:
        """The next n characters. Raises ConfigError unless n is 0 or more."""
        if n < 0:
            raise ConfigError(f"expected 0 characters or more, got {n}")
        if n == 0:
            return Chunk("", state, rng)
        hidden = state.hidden[None]
        pending = np.array([self._opening if state.pending is None else state.pending], np.int32)
        sampler = Sampler([sampling], [state.recent])
        ids: list[int] = []
        for start in range(0, n, _PIECE):
            noise = rng.advance(start).gumbel_noise(min(_PIECE, n - start), len(self.vocabulary))[:, None]
            written = self._engine.write(hidden, pending, sampler, noise)
            hidden, pending = written.hidden, written.ids[-1]
            ids += written.ids[:, 0].tolist()
        new = State(state.weights, hidden[0], sampler.recents[0])
        return Chunk(self.vocabulary.decode(ids), new, rng.advance(n))

    def batch(self) -> Batch:
        """Texts that go on together on this generator's engine; nobody in it yet."""
        return RecurrentBatch(self._engine, self.vocabulary, self._opening)

    def surprise(self, text: str, state: State | None = None) -> Floats:
        """Nats for every id of the text, given those before it: 1D tensor, with shape (ids,).

        From a zero state unless one is given; the first id is then predicted from the opening newline.
        """
        state = state or self._initial
        ids = self.vocabulary.encode(text)
        pending = self._opening if state.pending is None else state.pending
        logits, _ = self._engine.logits(state.hidden, np.concatenate([[pending], ids[:-1]]).astype(np.int32))
        return nats(logits[: len(ids)], ids)


def load_generator(path: Path | str = STARTER, engine: str = "auto", warm_up: bool = False) -> RecurrentGenerator:
    """The generator of a checkpoint folder; `auto` is TensorFlow where it finds a GPU, else LiteRT.

    warm_up: compile now for every number of texts, so that no chat waits for it later; takes seconds on TensorFlow.

    Raises CheckpointError for a folder that cannot be used, EngineError where the engine is not
    installed, ConfigError for an engine that does not exist.
    """
    from model.checkpoint import Checkpoint

    if engine not in ENGINES:
        raise ConfigError(f"expected an engine out of {', '.join(ENGINES)}, got {engine!r}")
    checkpoint = Checkpoint.open(Path(path))
    shape = (checkpoint.network.layers, 2, checkpoint.network.units)
    initial = State(checkpoint.weights_digest, np.zeros(shape, np.float32))
    if engine == "auto":
        engine = choose_engine(gpu_is_there(), _tensorflow_sees_a_gpu)
    return RecurrentGenerator(_build(engine, checkpoint, warm_up), checkpoint.vocabulary, initial)


def choose_engine(gpu_is_there: bool, tensorflow_sees_it: Callable[[], bool | None]) -> str:
    """What `auto` means here; where there is a GPU that cannot be used, a line in the log says why.

    tensorflow_sees_it: whether TensorFlow finds the GPU, None where it is not installed; slow, asked only if need be.
    """
    if not gpu_is_there:
        return "litert"
    sees_it = tensorflow_sees_it()
    if sees_it is None:
        _log.warning("a GPU is here but TensorFlow is not: install requirements/gpu.txt to use it; using LiteRT")
    elif not sees_it:
        _log.warning("TensorFlow cannot use the GPU that is here, check its driver and CUDA; using LiteRT")
    return "tensorflow" if sees_it else "litert"


def _build(engine: str, checkpoint: "Checkpoint", warm_up: bool) -> Engine:
    try:
        if engine == "litert":
            from model.engines.litert import LiteRTEngine

            return LiteRTEngine.load(checkpoint)
        with quiet_start():
            from model.engines.xla import TensorFlowEngine
        network = TensorFlowEngine.load(checkpoint)
        if not network.has_gpu:
            _log.warning("no GPU is visible to TensorFlow: generating on the CPU, where the litert engine is faster")
        if warm_up:
            network.warm_up()
        return network
    except ModuleNotFoundError as error:
        extra = "" if engine == "litert" else "[train]"
        raise EngineError(
            f"expected {error.name} for the {engine} engine: install it with pip install 'cotorra{extra}'"
        ) from error


def gpu_is_there(root: Path = Path("/")) -> bool:
    """Whether the NVIDIA driver shows a device, on Linux or (dxg) on its subsystem in Windows; imports nothing."""
    driver = root / "proc/driver/nvidia/gpus"
    return (driver.is_dir() and any(driver.iterdir())) or (root / "dev/nvidia0").exists() or (root / "dev/dxg").exists()


def _tensorflow_sees_a_gpu() -> bool | None:
    if importlib.util.find_spec("tensorflow") is None:
        return None
    with quiet_start():
        import tensorflow as tf

        return bool(tf.config.list_physical_devices("GPU"))
