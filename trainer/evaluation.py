"""Evaluation: nats and bits per character, from a zero state and with carried state; compressors beside them.

From a zero state: windows of 256 characters, each from zeros, the first 32 not counted; that is how the bot
starts. Carried: the whole text as one stream whose state is zero at its beginning alone.
"""

import gzip
import lzma
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from model.engine import Engine
from model.sampling import Floats
from model.vocabulary import UNKNOWN_ID, Ids
from trainer.chains import in_chains, joined
from trainer.dataset import EncodedText
from trainer.forward import RecurrentState, cross_entropy, forward, zero_state

WINDOW = 256  # characters
WARM = 32  # characters at the start of each window that are read, but not counted

_BATCH = 96  # windows side by side
_STRETCH = 64  # characters of them at once, for what the layers make of a whole window takes four times the memory
_STREAMS = 16  # read side by side as if they were one
_RUN_UP = 1024  # characters read before a stream begins: by then a state from zeros is what it would have been
_SHORTEST_STREAM = 4 * _RUN_UP
_ENGINE_CHUNK = 1024  # characters whose logits are held at once
_LOGITS = 1 << 22  # numbers held at once, 16 MiB: with thousands of characters, fewer windows side by side


_COMPRESSORS: dict[str, Callable[[bytes], int]] = {
    "gzip -9": lambda data: len(gzip.compress(data, 9)),
    "xz -9e": lambda data: len(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)),
}


class Evaluator:
    """Measures one network, by the forward pass that trained it."""

    def __init__(self, network: keras.Sequential, dtype: Any = tf.float32) -> None:
        self._network = network
        self._dtype = dtype
        self._side_by_side = max(1, _LOGITS // (_STRETCH * network.get_layer("logits").units))
        self._pass = tf.function(self._pass_eagerly, autograph=False)

    def zero_state_loss(self, text: EncodedText, most: int | None = None) -> float:
        """Nats per character from a zero state: all windows side by side, or `most` spread evenly through the text."""
        starts, window, warm = windows(text, most)
        batch = min(_BATCH, self._side_by_side, len(starts))
        total = 0.0
        for first in range(0, len(starts), batch):
            part = starts[first : first + batch]
            rows = [text[start : start + window + 1] for start in np.resize(part, batch)]  # one shape, compiled once
            losses = self._from_zero(np.stack(rows))
            total += float(losses[warm:, : len(part)].sum(dtype=np.float64))
        return total / (len(starts) * (window - warm))

    def carried_loss(self, text: EncodedText) -> float:
        """Nats per character over the whole text, as one stream reads it from end to end.

        It is cut into up to 16 streams that run side by side. Each but the first reads the 1,024 characters
        before its own uncounted, and so begins with the state that one stream would have there, but for what
        that one still knows of longer ago.
        """
        count = len(text) - 1  # of predictions
        streams = max(1, min(_STREAMS, self._side_by_side, count // _SHORTEST_STREAM))
        length = -(-count // streams)
        starts = np.arange(streams) * length
        stops = np.minimum(starts + length, count)
        run_up = _RUN_UP if streams > 1 else 0
        state, total = zero_state(self._network, streams), 0.0
        for place in range(-run_up, length, _STRETCH):
            if place == 0:
                state = [(_first_row_zero(h), _first_row_zero(c)) for h, c in state]
            losses, state = self._losses(_rows(text, starts + place), state)
            if place >= 0:
                counted = place + np.arange(_STRETCH)[:, None] < stops - starts
                total += float(losses[counted].sum(dtype=np.float64))
        return total / count

    def _from_zero(self, ids: Ids) -> Any:
        """Nats (T, B) of ids (B, T + 1) that are read from a zero state."""
        state, losses = zero_state(self._network, len(ids)), []
        for place in range(0, ids.shape[1] - 1, _STRETCH):
            some, state = self._losses(ids[:, place : place + _STRETCH + 1], state)
            losses.append(some)
        return np.concatenate(losses)

    def _losses(self, ids: Any, state: RecurrentState) -> tuple[Any, RecurrentState]:
        """Nats (T, B) of ids (B, T + 1), and the state after them."""
        losses, state = self._pass(ids[:, :-1], ids[:, 1:], state)
        return losses.numpy(), state

    def _pass_eagerly(self, x: Any, y: Any, state: RecurrentState) -> tuple[Any, RecurrentState]:
        def chain(_: int, x: Any, y: Any, state: RecurrentState) -> tuple[Any, RecurrentState]:
            logits, state = forward(self._network, x, state, self._dtype)
            return tf.transpose(cross_entropy(logits, y)), state

        losses, state = joined(in_chains(chain, x, y, state))
        return tf.transpose(losses), state


def windows(text: EncodedText, most: int | None = None) -> tuple[Any, int, int]:
    """Where the windows of a text start, their characters, and how many of these are not counted."""
    window = min(WINDOW, len(text) - 1)
    whole = max(1, (len(text) - 1) // window)
    if most is None or most >= whole:
        return np.arange(whole) * window, window, min(WARM, window // 2)
    return np.linspace(0, len(text) - 1 - window, most).astype(int), window, min(WARM, window // 2)


def engine_zero_state_loss(engine: Engine, zeros: Floats, text: EncodedText) -> float:
    """What Evaluator.zero_state_loss measures, of an engine that goes character by character.

    zeros: the state of a fresh text, with shape (layers, 2, units).
    """
    starts, window, warm = windows(text)
    losses = [_surprise(*engine.logits(zeros, ids[:-1])[:1], ids[1:])[warm:] for ids in _cut(text, starts, window)]
    return float(np.mean(losses))


def engine_carried_loss(engine: Engine, zeros: Floats, text: EncodedText) -> float:
    """What Evaluator.carried_loss measures, of an engine: one stream over the whole text."""
    hidden, total = zeros, 0.0
    for ids in _cut(text, range(0, len(text) - 1, _ENGINE_CHUNK), _ENGINE_CHUNK):
        logits, hidden = engine.logits(hidden, ids[:-1])
        total += float(_surprise(logits, ids[1:]).sum())
    return total / (len(text) - 1)


def compressed_bits(text: str, before: str = "") -> dict[str, float]:
    """Bits per character that `gzip -9` and `xz -9e` need for a text in UTF-8, of their whole file.

    With a text before it, what it adds to that one's file: the compressor has read as much as the network.
    """
    data, known = (part.encode("utf-8", "surrogatepass") for part in (before + text, before))
    return {name: 8 * (size(data) - (size(known) if known else 0)) / len(text) for name, size in _COMPRESSORS.items()}


def _rows(text: EncodedText, starts: Any) -> Ids:
    """_STRETCH + 1 ids from each start, (B, _STRETCH + 1); `<unk>` where the text has not begun or has ended."""
    rows = np.full((len(starts), _STRETCH + 1), UNKNOWN_ID, np.int32)
    for row, start in zip(rows, starts, strict=True):
        if start >= 0:
            ids = text[start : start + _STRETCH + 1]
            row[: len(ids)] = ids
    return rows


def _first_row_zero(state: Any) -> Any:
    return tf.concat([tf.zeros_like(state[:1]), state[1:]], 0)


def _cut(text: EncodedText, starts: Any, length: int) -> list[Ids]:
    return [text[start : start + length + 1] for start in starts]


def _surprise(logits: Floats, targets: Ids) -> Any:
    """Nats of each target: logits (T, V) and targets (T,) give (T,), in float64."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    return np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(targets)), targets]
