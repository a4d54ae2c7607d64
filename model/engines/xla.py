"""XLA: the Keras network in one compiled call per chunk, for one text or many, for a GPU host; runs on a CPU too."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from model.config import SamplingConfig
from model.engine import DRAWN, Written
from model.engines.quiet import quiet_start
from model.network import load_network, lstm_layers
from model.repetition import DEPTH, FREE, REACH
from model.sampling import Floats, Sampler
from model.vocabulary import UNKNOWN_ID, Ids

if TYPE_CHECKING:
    from model.checkpoint import Checkpoint

BLOCK = 64  # characters in one compiled call; shorter chunks run the same program for fewer steps
LEAST = 4  # of them, for many texts on a processor: what surrounds a call costs a tenth of it then
ROWS = (1, 8, 64, 256)  # the numbers of texts that there is a compiled program for; others are padded to the next


class TensorFlowEngine:
    """The notebook's batch-1 stateful network, for any number of texts, without a Python step per character.

    The layers are called through their cells with an explicit state, so nothing leaks from one text into
    the next; the layers' own state variables stay untouched. A block of characters is one compiled call and one
    transfer to the host.
    """

    name = "tensorflow-fp32"

    def __init__(self, network: keras.Sequential) -> None:
        self._embedding = network.get_layer("embedding")
        self._cells = [layer.cell for layer in lstm_layers(network)]
        self._dense = network.get_layer("logits")
        self.width = int(self._dense.units)
        self.has_gpu = bool(tf.config.list_physical_devices("GPU"))
        self._write = tf.function(self._write_block, jit_compile=True, autograph=False)
        self._logits = tf.function(self._logits_block, jit_compile=True, autograph=False)

    @classmethod
    def load(cls, checkpoint: "Checkpoint") -> "TensorFlowEngine":
        """From a checkpoint's weights, on the GPU where there is one. Raises CheckpointDamaged."""
        let_memory_grow()
        return cls(load_network(checkpoint))

    def block(self, rows: int) -> int:
        """As many as the compiled program has; on a processor, where many texts take seconds for that, fewer."""
        return BLOCK if self.has_gpu else max(LEAST, BLOCK // rows)

    def warm_up(self, rows: Iterable[int] = ROWS) -> None:
        """Compile for these numbers of rows, which takes seconds, before anybody waits for it."""
        shape = (len(self._cells), 2, self._cells[0].units)
        for count in rows:
            sampler = Sampler([SamplingConfig()] * count, [""] * count)
            noise = np.zeros((1, count, self.width), np.float32)
            self.write(np.zeros((count, *shape), np.float32), np.zeros(count, np.int32), sampler, noise)

    def advance(self, hidden: Floats, ids: Ids) -> Floats:
        """Put the ids of one text through the network: the new (layers, 2, units)."""
        if not len(ids):
            return hidden
        noise = np.zeros((len(ids), 1, self.width), np.float32)
        given = np.append(ids[1:], 0).astype(np.int32)[:, None]  # the last is put through, and nothing after it
        new: Floats = self.write(hidden[None], ids[:1], Sampler([SamplingConfig()], [""]), noise, given).hidden[0]
        return new

    def logits(self, hidden: Floats, ids: Ids) -> tuple[Floats, Floats]:
        """Logits after each id of one text, with shape (len(ids), vocabulary), and the new (layers, 2, units)."""
        outputs: list[Floats] = [np.empty((0, self.width), np.float32)]
        for start in range(0, len(ids), BLOCK):
            block = ids[start : start + BLOCK]
            count = np.int32(len(block))
            logits, new = self._logits(hidden[None], np.pad(block, (0, BLOCK - len(block))), count)
            outputs.append(logits.numpy()[:count])
            hidden = new.numpy()[0]
        return np.concatenate(outputs), hidden

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
        if given is None:
            given = np.full(noise.shape[:2], DRAWN, np.int32)
        drawn: list[Ids] = [np.empty((0, len(pending)), np.int32)]
        scores: list[Floats] = [np.empty((0, len(pending)), np.float32)]
        for start in range(0, len(noise), BLOCK):
            now = slice(start, start + BLOCK)
            ids, hidden, nats = self._write_some(hidden, pending, sampler, noise[now], given[now])
            drawn.append(ids)
            scores.append(nats)
            pending = ids[-1]
        return Written(np.concatenate(drawn), hidden, np.concatenate(scores) if is_scored else None)

    def _write_some(
        self, hidden: Floats, pending: Ids, sampler: Sampler, noise: Floats, given: Ids
    ) -> tuple[Ids, Floats, Floats]:
        """At most a block, of as many rows as the next compiled program has: the padding is not looked at."""
        steps, rows = given.shape
        room = next((size for size in ROWS if size >= rows), rows)
        more = ((0, room - rows),)
        settings = np.concatenate([sampler.scales, sampler.top_p, sampler.brakes[:, None]], axis=1).astype(np.float32)
        history, runs = sampler.history()
        ids, nats, new = self._write(
            np.pad(hidden, (*more, (0, 0), (0, 0), (0, 0))),
            np.pad(pending, more),
            np.pad(settings, (*more, (0, 0)), constant_values=1),
            np.pad(history, (*more, (0, 0))),
            np.pad(runs, (*more, (0, 0))),
            np.pad(noise, ((0, BLOCK - steps), *more, (0, 0))),
            np.pad(given, ((0, BLOCK - steps), *more)),
            np.int32(steps),
        )
        written: Ids = ids.numpy()[:steps, :rows]
        for each in written:
            sampler.remember(each.tolist())
        return written, new.numpy()[:rows], nats.numpy()[:steps, :rows]

    def _step(self, ids: Any, hidden: Any) -> tuple[Any, Any]:
        """Ids (rows,) and hidden (rows, layers, 2, units): the last layer's h (rows, units) and the new hidden."""
        x = self._embedding(ids)
        following = []
        for index, cell in enumerate(self._cells):
            x, states = cell(x, [hidden[:, index, 0], hidden[:, index, 1]])
            following.append(tf.stack(states, axis=1))
        return x, tf.stack(following, axis=1)

    def _logits_block(self, hidden: Any, ids: Any, count: Any) -> tuple[Any, Any]:
        outputs = tf.TensorArray(tf.float32, size=BLOCK, element_shape=(self.width,))

        def body(k: Any, hidden: Any, outputs: Any) -> tuple[Any, Any, Any]:
            x, hidden = self._step(ids[k][None], hidden)
            return k + 1, hidden, outputs.write(k, self._dense(x)[0])

        _, hidden, outputs = tf.while_loop(lambda k, *_: k < count, body, (0, hidden, outputs))
        return outputs.stack(), hidden

    def _write_block(
        self, hidden: Any, pending: Any, settings: Any, history: Any, runs: Any, noise: Any, given: Any, count: Any
    ) -> tuple[Any, Any, Any]:
        """The loop of model.sampling.Sampler: brake, temperature, nucleus, Gumbel noise, argmax; and the nats.

        history, runs: the ids from the last one back and how much each lag repeats, see model.repetition.
        """
        outputs = tf.TensorArray(tf.int32, size=BLOCK, element_shape=pending.shape)
        scores = tf.TensorArray(tf.float32, size=BLOCK, element_shape=pending.shape)
        unknown = tf.one_hot(UNKNOWN_ID, self.width, on_value=-np.inf, off_value=0.0)
        scale, top_p, brake = settings[:, 0:1], settings[:, 1:2], settings[:, 2:3]

        def body(k: Any, ids: Any, hidden: Any, history: Any, runs: Any, outputs: Any, scores: Any) -> tuple[Any, ...]:
            x, hidden = self._step(ids, hidden)
            logits = self._dense(x)
            scaled = (logits - brake * _weights(history, runs, self.width)) * scale + unknown
            scaled = tf.where(_nucleus(scaled, top_p), scaled, -np.inf)
            drawn = tf.argmax(scaled + noise[k], axis=1, output_type=tf.int32)
            ids = tf.where(given[k] == DRAWN, drawn, given[k])
            same = history[:, :REACH] == ids[:, None]
            runs = tf.where(same, tf.minimum(runs + 1, DEPTH), 0)
            history = tf.concat([ids[:, None], history[:, :-1]], axis=1)
            scores = scores.write(k, tf.nn.sparse_softmax_cross_entropy_with_logits(ids, logits))
            return k + 1, ids, hidden, history, runs, outputs.write(k, ids), scores

        start = (0, pending, hidden, history, runs, outputs, scores)
        _, _, hidden, _, _, outputs, scores = tf.while_loop(lambda k, *_: k < count, body, start)
        return outputs.stack(), scores.stack(), hidden


def _weights(history: Any, runs: Any, width: int) -> Any:
    """model.repetition.weights as a graph: (rows, width)."""
    counts = tf.cast(tf.maximum(runs - FREE, 0), tf.float32)
    nothing = tf.zeros((runs.shape[0], width))
    return tf.cond(
        tf.reduce_any(counts > 0),
        lambda: tf.einsum("rl,rlw->rw", counts, tf.one_hot(history[:, :REACH], width)),
        lambda: nothing,
    )


def _nucleus(logits: Any, top_p: Any) -> Any:
    """model.sampling.nucleus as a graph; every id is in it at a top-p of 1."""
    order = tf.argsort(logits, axis=1, direction="DESCENDING", stable=True)
    ranked = tf.nn.softmax(tf.gather(logits, order, batch_dims=1))
    keep = tf.cumsum(ranked, axis=1, exclusive=True) < top_p
    rank = tf.argsort(order, axis=1)
    return tf.gather(keep, rank, batch_dims=1) | (top_p >= 1)


def let_memory_grow() -> None:
    """Take as much of a GPU's memory as is needed, not all of it: others may live there."""
    with quiet_start():  # a driver that is not there is no news
        gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
