"""XLA: the batch-1 Keras network in one compiled call per chunk, for a GPU host; runs on a CPU too."""

import logging
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from model.config import SamplingConfig
from model.engines.quiet import quiet_start
from model.network import load_network, lstm_layers
from model.sampling import Floats
from model.vocabulary import UNKNOWN_ID, Ids

if TYPE_CHECKING:
    from model.checkpoint import Checkpoint

_log = logging.getLogger(__name__)
_BLOCK = 256  # characters in one compiled call; shorter chunks run the same program for fewer steps


class TensorFlowEngine:
    """The notebook's batch-1 stateful network, without a Python step per character.

    The layers are called through their cells with an explicit state, so nothing leaks from one text into
    the next; the layers' own state variables stay untouched.
    """

    name = "tensorflow-fp32"

    def __init__(self, network: keras.Sequential) -> None:
        self._embedding = network.get_layer("embedding")
        self._cells = [layer.cell for layer in lstm_layers(network)]
        self._dense = network.get_layer("logits")
        self._width = int(self._dense.units)
        self._draw = tf.function(self._draw_block, jit_compile=True, autograph=False)
        self._logits = tf.function(self._logits_block, jit_compile=True, autograph=False)

    @classmethod
    def load(cls, checkpoint: "Checkpoint") -> "TensorFlowEngine":
        """From a checkpoint's weights, on the GPU where there is one. Raises CheckpointDamaged."""
        _prepare_devices()
        return cls(load_network(checkpoint))

    def advance(self, hidden: Floats, ids: Ids) -> Floats:
        """Put ids through the network: the new (layers, 2, units)."""
        return self.logits(hidden, ids)[1]

    def logits(self, hidden: Floats, ids: Ids) -> tuple[Floats, Floats]:
        """Logits after each id, with shape (len(ids), vocabulary), and the new (layers, 2, units)."""
        rows: list[Floats] = [np.empty((0, self._width), np.float32)]
        for start in range(0, len(ids), _BLOCK):
            block = ids[start : start + _BLOCK]
            count = np.int32(len(block))
            logits, new = self._logits(hidden, np.pad(block, (0, _BLOCK - len(block))), count)
            rows.append(logits.numpy()[:count])
            hidden = new.numpy()
        return np.concatenate(rows), hidden

    def draw(self, hidden: Floats, pending: int, sampling: SamplingConfig, noise: Floats) -> tuple[Ids, Floats]:
        """One drawn id for each row of noise (n, vocabulary), the first after `pending`, and the new state."""
        drawn: list[Ids] = [np.empty(0, np.int32)]
        settings = np.array([1 / sampling.temperature, sampling.top_p], np.float32)
        for start in range(0, len(noise), _BLOCK):
            block = noise[start : start + _BLOCK]
            count = np.int32(len(block))
            padded = np.pad(block, ((0, _BLOCK - len(block)), (0, 0)))
            ids, new = self._draw(hidden, np.int32(pending), settings, padded, count)
            drawn.append(ids.numpy()[:count])
            hidden, pending = new.numpy(), int(drawn[-1][-1])
        return np.concatenate(drawn), hidden

    def _step(self, i: Any, hidden: Any) -> tuple[Any, Any]:
        """Ids (1,) and hidden (layers, 2, units): the last layer's h (1, units) and the new hidden."""
        x = self._embedding(i)
        following = []
        for index, cell in enumerate(self._cells):
            x, (h, c) = cell(x, [hidden[index, 0][None], hidden[index, 1][None]])
            following.append(tf.stack([h[0], c[0]]))
        return x, tf.stack(following)

    def _logits_block(self, hidden: Any, ids: Any, count: Any) -> tuple[Any, Any]:
        outputs = tf.TensorArray(tf.float32, size=_BLOCK, element_shape=(self._width,))

        def body(k: Any, hidden: Any, outputs: Any) -> tuple[Any, Any, Any]:
            x, hidden = self._step(ids[k][None], hidden)
            return k + 1, hidden, outputs.write(k, self._dense(x)[0])

        _, hidden, outputs = tf.while_loop(lambda k, *_: k < count, body, (0, hidden, outputs))
        return outputs.stack(), hidden

    def _draw_block(self, hidden: Any, pending: Any, settings: Any, noise: Any, count: Any) -> tuple[Any, Any]:
        """The loop of model.sampling.draw: temperature, nucleus, Gumbel noise, argmax."""
        outputs = tf.TensorArray(tf.int32, size=_BLOCK, element_shape=())
        unknown = tf.one_hot(UNKNOWN_ID, self._width, on_value=-np.inf, off_value=0.0)

        def body(k: Any, pending: Any, hidden: Any, outputs: Any) -> tuple[Any, Any, Any, Any]:
            x, hidden = self._step(pending[None], hidden)
            scaled = self._dense(x)[0] * settings[0] + unknown
            scaled = tf.where(_nucleus(scaled, settings[1]), scaled, -np.inf)
            pending = tf.argmax(scaled + noise[k], output_type=tf.int32)
            return k + 1, pending, hidden, outputs.write(k, pending)

        start = (0, pending, hidden, outputs)
        *_, hidden, outputs = tf.while_loop(lambda k, *_: k < count, body, start)
        return outputs.stack(), hidden


def _nucleus(logits: Any, top_p: Any) -> Any:
    """model.sampling.nucleus as a graph; every id is in it at a top-p of 1."""
    order = tf.argsort(logits, direction="DESCENDING", stable=True)
    ranked = tf.nn.softmax(tf.gather(logits, order))
    keep = tf.cumsum(ranked, exclusive=True) < top_p
    return tf.scatter_nd(order[:, None], keep, tf.shape(logits)) | (top_p >= 1)


def _prepare_devices() -> None:
    with quiet_start():  # a driver that is not there is no news
        gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    if not gpus:
        _log.warning("no GPU is visible to TensorFlow: generating on the CPU, where the litert engine is faster")
