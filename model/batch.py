"""A batch: texts that go on together, one step after another; they join and leave between any two steps.

Knows no chat and no clock: who is in a batch, and for how long, is the caller's to say. Continuous batching (Yu et
al. 2022, "Orca"), with a recurrent state of fixed size in the place of a cache.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from model.config import SamplingConfig
from model.engine import DRAWN, Engine
from model.repetition import remember
from model.sampling import Floats, Rng, Sampler
from model.state import State
from model.vocabulary import Ids, Vocabulary

_NOISE_AHEAD = 64  # characters: making noise for many costs little more than for one


class Row(Protocol):
    """One text of a batch."""

    @property
    def text(self) -> str:
        """What was written since the row joined."""
        ...

    @property
    def is_reading(self) -> bool:
        """Whether a part of its seed is still to be read."""
        ...

    @property
    def nats(self) -> Sequence[float]:
        """How surprising each id of the seed was, as far as it was read; empty unless the row is scored."""
        ...


class Batch(Protocol):
    """Texts that go on together. Not to be shared between threads."""

    def join(
        self,
        state: State,
        seed: str,
        sampling: SamplingConfig,
        rng: Rng,
        is_scored: bool = False,
        most: int | None = None,
    ) -> Row:
        """A new row, which reads the seed on top of the state and then writes.

        is_scored: note how surprising the seed is; where nothing was read before, a line has just ended. most:
            characters after which it leaves at the latest, so that no step need write more; None where nobody knows.
        """
        ...

    def step(self) -> None:
        """Every row reads or writes on; an engine chooses how many characters a step has."""
        ...

    def leave(self, row: Row, length: int | None = None) -> tuple[State, Rng]:
        """Take a row out: its state and random stream after so many characters of its text; None for all of it."""
        ...


@dataclass(eq=False)
class _RecurrentRow:
    """A row of a RecurrentBatch. Its hidden state is the batch's while it is in one, from the next step on."""

    weights: str
    hidden: Floats  # (layers, 2, units) when it joined
    pending: int
    recent: str
    unread: Ids
    sampling: SamplingConfig
    rng: Rng
    is_scored: bool = False
    most: int | None = None
    nats: list[float] = field(default_factory=list)
    text: str = ""
    _noise: Floats = field(default_factory=lambda: np.empty((0, 0), np.float32))
    _noise_from: int = 0  # the character of the text that the first row of the noise is for

    @property
    def is_reading(self) -> bool:
        return len(self.unread) > 0

    def part_of(self, block: int) -> int:
        """How many characters of a block it is there for."""
        left = block if self.most is None else len(self.unread) + self.most - len(self.text)
        return min(block, max(1, left))

    def noise(self, count: int, width: int) -> Floats:
        """For the next characters to be drawn: with shape (count, width)."""
        start = len(self.text) - self._noise_from
        if start < 0 or start + count > len(self._noise):
            self._noise_from, start = len(self.text), 0
            self._noise = self.rng.advance(self._noise_from).gumbel_noise(max(count, _NOISE_AHEAD), width)
        return self._noise[start : start + count]


@dataclass(frozen=True)
class _Step:
    """Where a step began, and the ids it gave, with shape (characters, rows)."""

    hidden: Floats
    pending: Ids
    recents: list[str]
    ids: Ids


class RecurrentBatch:
    """A Batch over an Engine: the hidden states of all rows in one array, which is made anew when who is in changes."""

    def __init__(self, engine: Engine, vocabulary: Vocabulary, opening: int) -> None:
        self._engine = engine
        self._vocabulary = vocabulary
        self._opening = opening
        self._rows: list[_RecurrentRow] = []
        self._placed: list[_RecurrentRow] = []  # whose hidden states the array holds, in this order
        self._hidden: Floats = np.empty(0, np.float32)
        self._last: _Step | None = None

    def join(
        self,
        state: State,
        seed: str,
        sampling: SamplingConfig,
        rng: Rng,
        is_scored: bool = False,
        most: int | None = None,
    ) -> _RecurrentRow:
        ids = self._vocabulary.encode(seed)
        pending, recent = state.pending, state.recent
        if pending is None and len(ids) and not is_scored:  # the first of all: nothing to put through the network yet
            pending, ids = int(ids[0]), ids[1:]
            recent = chr(pending)
        if pending is None:
            pending = self._opening
        row = _RecurrentRow(state.weights, state.hidden, pending, recent, ids, sampling, rng, is_scored, most)
        self._rows.append(row)
        return row

    def step(self) -> None:
        """As many characters as the engine writes in one call: first from the row's seed, then drawn.

        Fewer where a row is at its end before: one more call is less than to put again through the network what it has.
        """
        self._place()
        block, width = self._engine.block(len(self._rows)), self._engine.width
        steps = min(row.part_of(block) for row in self._rows)
        reads = [min(len(row.unread), steps) for row in self._rows]
        noise = np.zeros((steps, len(self._rows), width), np.float32)
        for index, (row, read) in enumerate(zip(self._rows, reads, strict=True)):
            if read < steps:
                noise[read:, index] = row.noise(steps - read, width)
        given = self._given(reads, steps) if any(reads) else None
        pending = np.array([row.pending for row in self._rows], np.int32)
        hidden, recents = self._hidden, self._sampler.recents
        is_scored = given is not None and any(row.is_scored and row.is_reading for row in self._rows)
        written = self._engine.write(hidden, pending, self._sampler, noise, given, is_scored)
        self._hidden = written.hidden
        self._last = _Step(hidden, pending, recents, written.ids)
        for index, (row, read, ids) in enumerate(zip(self._rows, reads, written.ids.T.tolist(), strict=True)):
            if written.nats is not None and row.is_scored:
                row.nats += written.nats[:read, index].tolist()
            if read:
                row.unread = row.unread[read:]
            row.pending = ids[-1]
            row.recent = self._sampler.recents[index]
            row.text += self._vocabulary.decode(ids[read:])

    def _given(self, reads: Sequence[int], steps: int) -> Ids:
        """So many ids of each row's seed, with shape (steps, rows), and that the rest is to be drawn."""
        given = np.full((steps, len(reads)), DRAWN, np.int32)
        for index, read in enumerate(reads):
            given[:read, index] = self._rows[index].unread[:read]
        return given

    def leave(self, row: Row, length: int | None = None) -> tuple[State, Rng]:
        """Raises ValueError for a row that is not in it, or a length from before the last step."""
        if not isinstance(row, _RecurrentRow) or row not in self._rows:
            raise ValueError("expected a row of this batch")
        surplus = 0 if length is None else len(row.text) - length
        hidden, recent = self._hidden_of(row), row.recent
        if surplus:
            hidden, recent = self._back(row, surplus)
        self._rows.remove(row)
        return State(row.weights, hidden, recent), row.rng.advance(len(row.text) - surplus)

    def _place(self) -> None:
        """The hidden states of the rows one after another: (rows, layers, 2, units)."""
        if self._placed != self._rows:
            self._hidden = np.stack([self._hidden_of(row) for row in self._rows])
            self._placed = list(self._rows)
            self._sampler = Sampler([row.sampling for row in self._rows], [row.recent for row in self._rows])

    def _hidden_of(self, row: _RecurrentRow) -> Floats:
        return self._hidden[self._placed.index(row)].copy() if row in self._placed else row.hidden

    def _back(self, row: _RecurrentRow, surplus: int) -> tuple[Floats, str]:
        """The hidden state and the history before the last characters of the last step."""
        last, index = self._last, self._placed.index(row)
        if last is None or not 0 < surplus <= len(last.ids):
            raise ValueError("expected a length within the last step")
        hidden, recent = last.hidden[index], last.recents[index]
        kept = last.ids[: len(last.ids) - surplus, index]
        if not len(kept):
            return hidden.copy(), recent
        hidden = self._engine.advance(hidden, np.concatenate([last.pending[index : index + 1], kept[:-1]]))
        return hidden, remember(recent, "".join(map(chr, kept.tolist())))
