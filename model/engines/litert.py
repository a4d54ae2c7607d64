"""LiteRT: int8 on a CPU, one character a call; imports no TensorFlow."""

from typing import TYPE_CHECKING, Any

import numpy as np

from model.checkpoint import GENERATOR
from model.config import SamplingConfig
from model.engines.quiet import quiet_start
from model.errors import CheckpointDamaged
from model.sampling import Floats, draw
from model.vocabulary import Ids

if TYPE_CHECKING:
    from model.checkpoint import Checkpoint

_THREADS = 2  # measured: half as fast again as one, and four are no faster on two cores


class LiteRTEngine:
    """The exported step, called once for each character. Not to be shared between threads."""

    name = "litert-int8"

    def __init__(self, graph: bytes, threads: int = _THREADS) -> None:
        with quiet_start():
            from ai_edge_litert.interpreter import Interpreter

            self._interpreter = Interpreter(model_content=graph, num_threads=threads)
            self._interpreter.allocate_tensors()
        runner = self._interpreter.get_signature_runner()  # the only one: the step
        inputs, outputs = runner.get_input_details(), runner.get_output_details()
        self._ids, self._hidden = inputs["ids"]["index"], inputs["hidden"]["index"]
        self._logits, self._next = outputs["logits"]["index"], outputs["next"]["index"]
        self._shape = tuple(int(size) for size in inputs["hidden"]["shape"])
        self.width = int(outputs["logits"]["shape"][-1])
        self._id = np.zeros(1, np.int32)

    @classmethod
    def load(cls, checkpoint: "Checkpoint") -> "LiteRTEngine":
        """From a checkpoint's generator.tflite. Raises CheckpointDamaged where it is not of this network."""
        graph = checkpoint.read(GENERATOR)
        where = checkpoint.path / GENERATOR
        try:
            engine = cls(graph)
        except (ValueError, RuntimeError, KeyError) as error:
            raise CheckpointDamaged(f"{where} does not load: export it again with cotorra train") from error
        network = checkpoint.network
        if engine._shape != (network.layers, 2, 1, network.units) or engine.width != len(checkpoint.vocabulary):
            raise CheckpointDamaged(f"{where} is of another network than config.json: copy the checkpoint again")
        return engine

    def advance(self, hidden: Floats, ids: Ids) -> Floats:
        """Put ids through the network: the new (layers, 2, units)."""
        hidden = self._batched(hidden)
        for i in ids:
            hidden = self._step(i, hidden)
        return hidden[:, :, 0]

    def logits(self, hidden: Floats, ids: Ids) -> tuple[Floats, Floats]:
        """Logits after each id, with shape (len(ids), vocabulary), and the new (layers, 2, units)."""
        rows = np.empty((len(ids), self.width), np.float32)
        hidden = self._batched(hidden)
        for row, i in zip(rows, ids, strict=True):
            hidden = self._step(i, hidden)
            row[:] = self._interpreter.get_tensor(self._logits)[0]
        return rows, hidden[:, :, 0]

    def draw(self, hidden: Floats, pending: int, sampling: SamplingConfig, noise: Floats) -> tuple[Ids, Floats]:
        """One drawn id for each row of noise (n, vocabulary), the first after `pending`, and the new state."""
        ids = np.empty(len(noise), np.int32)
        hidden = self._batched(hidden)
        for k, row in enumerate(noise):
            hidden = self._step(pending, hidden)
            pending = draw(self._interpreter.get_tensor(self._logits)[0], sampling, row)
            ids[k] = pending
        return ids, hidden[:, :, 0]

    def _batched(self, hidden: Floats) -> Any:
        return hidden.reshape(self._shape)

    def _step(self, i: int, hidden: Floats) -> Any:
        self._id[0] = i
        self._interpreter.set_tensor(self._ids, self._id)
        self._interpreter.set_tensor(self._hidden, hidden)
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._next)
