"""LiteRT: int8 on a CPU, one character of every text a call; imports no TensorFlow."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from model.checkpoint import GENERATOR
from model.engine import DRAWN, Written
from model.engines.quiet import quiet_start
from model.errors import CheckpointDamaged
from model.sampling import Floats, Sampler, nats
from model.vocabulary import Ids

if TYPE_CHECKING:
    from model.checkpoint import Checkpoint

_BLOCK = 80  # characters of all texts: of one text 10, of eight 5, of 32 two, of many 1: one to three milliseconds
_THREADS = 2  # measured: half as fast again as one, and four are no faster on two cores


class LiteRTEngine:
    """The exported step, called once for each character of all rows. Not to be shared between threads.

    One interpreter serves every number of rows: its inputs are resized, and a row's result does not depend on how
    many others there are, to the last bit, because each row is quantised by itself and summed in whole numbers.
    """

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
        # Views into the interpreter, made anew each time: it refuses to run while one is held.
        self._given, self._left = self._interpreter.tensor(self._hidden), self._interpreter.tensor(self._next)
        self._shape = tuple(int(size) for size in inputs["hidden"]["shape"])
        # Cotorra 0.1 began with graphs of one row and the shape (layers, 2, 1, units).
        self._has_rows = len(self._shape) == 2
        self._rows = 1
        self._aside: Floats = np.empty(0, np.float32)  # the hidden states of such a graph's rows
        self.width = int(outputs["logits"]["shape"][-1])

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
        size, width = network.layers * 2 * network.units, len(checkpoint.vocabulary)
        if math.prod(engine._shape) != size or engine.width != width:
            raise CheckpointDamaged(f"{where} is of another network than config.json: copy the checkpoint again")
        return engine

    def block(self, rows: int) -> int:
        """So many that what surrounds the calls costs next to nothing, and no newcomer waits for it."""
        return max(1, _BLOCK // (rows + 7))

    def advance(self, hidden: Floats, ids: Ids) -> Floats:
        """Put the ids of one text through the network: the new (layers, 2, units)."""
        self._begin(hidden[None])
        for each in ids[:, None]:
            self._step(each)
        return self._reached().reshape(hidden.shape)

    def logits(self, hidden: Floats, ids: Ids) -> tuple[Floats, Floats]:
        """Logits after each id of one text, with shape (len(ids), vocabulary), and the new (layers, 2, units)."""
        outputs = np.empty((len(ids), self.width), np.float32)
        self._begin(hidden[None])
        for output, each in zip(outputs, ids[:, None], strict=True):
            output[:] = self._step(each)
        return outputs, self._reached().reshape(hidden.shape)

    def write(
        self,
        hidden: Floats,
        pending: Ids,
        sampler: Sampler,
        noise: Floats,
        given: Ids | None = None,
        is_scored: bool = False,
    ) -> Written:
        """The next ids of several texts, and the new hidden: see model.engine.Engine."""
        ids = np.empty(noise.shape[:2], np.int32)
        scores = np.empty(noise.shape[:2], np.float32) if is_scored else None
        self._begin(hidden)
        for k, row in enumerate(ids):
            logits = self._step(pending)
            row[:] = sampler.draw(logits, noise[k])
            if given is not None:
                np.copyto(row, given[k], where=given[k] != DRAWN)
            if scores is not None:
                scores[k] = nats(logits, row)
            sampler.remember(row.tolist())
            pending = row
        return Written(ids, self._reached().reshape(hidden.shape), scores)

    def _begin(self, hidden: Floats) -> None:
        """Go on from these hidden states, with shape (rows, layers, 2, units).

        Another number of rows takes a tenth of a millisecond, once it was seen: the packed weights stay what they are.
        """
        rows = len(hidden)
        if not self._has_rows:
            self._aside = hidden.reshape(rows, *self._shape).copy()
            return
        if rows != self._rows:
            self._interpreter.resize_tensor_input(self._ids, [rows])
            self._interpreter.resize_tensor_input(self._hidden, [rows, self._shape[1]])
            self._interpreter.allocate_tensors()
            self._rows = rows
        self._interpreter.set_tensor(self._hidden, hidden.reshape(rows, -1))

    def _step(self, ids: Ids) -> Any:
        """One more id of each row: its logits, with shape (rows, vocabulary)."""
        return self._call(ids) if self._has_rows else self._one_by_one(ids)

    def _call(self, ids: Ids) -> Any:
        """The hidden states stay in the interpreter: what comes out is what goes in next."""
        self._interpreter.set_tensor(self._ids, ids)
        self._interpreter.invoke()
        self._given()[:] = self._left()
        return self._interpreter.get_tensor(self._logits)

    def _one_by_one(self, ids: Ids) -> Any:
        logits = []
        for k, hidden in enumerate(self._aside):
            self._interpreter.set_tensor(self._hidden, hidden)
            logits.append(self._call(ids[k : k + 1]))
            hidden[:] = self._given()
        return np.concatenate(logits)

    def _reached(self) -> Floats:
        """The hidden states after the last step."""
        reached: Floats = self._interpreter.get_tensor(self._hidden) if self._has_rows else self._aside
        return reached
