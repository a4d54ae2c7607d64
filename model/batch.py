"""A batch: texts that go on together, one step after another; they join and leave between any two steps.

Knows no chat and no clock: who is in a batch, and for how long, is the caller's to say.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from model.config import SamplingConfig
from model.sampling import Rng
from model.state import State

if TYPE_CHECKING:
    from model.generator import Generator


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


class Batch(Protocol):
    """Texts that go on together. Not to be shared between threads."""

    def join(self, state: State, seed: str, sampling: SamplingConfig, rng: Rng) -> Row:
        """A new row, which reads the seed on top of the state and then writes."""
        ...

    def step(self) -> None:
        """Every row reads or writes on; an engine chooses how many characters a step has."""
        ...

    def leave(self, row: Row, length: int | None = None) -> tuple[State, Rng]:
        """Take a row out: its state and random stream after so many characters of its text; None for all of it."""
        ...


@dataclass(eq=False)
class _Single:
    """A row of a OneByOne."""

    state: State
    seed: str
    sampling: SamplingConfig
    rng: Rng
    text: str = ""

    @property
    def is_reading(self) -> bool:
        return bool(self.seed)


class OneByOne:
    """A Batch over any Generator: its rows take turns, one character each."""

    def __init__(self, generator: "Generator") -> None:
        self._generator = generator
        self._rows: list[_Single] = []

    def join(self, state: State, seed: str, sampling: SamplingConfig, rng: Rng) -> _Single:
        row = _Single(state, seed, sampling, rng)
        self._rows.append(row)
        return row

    def step(self) -> None:
        """A whole seed is read in one step: where a seed may be cut is the generator's knowledge."""
        for row in self._rows:
            if row.seed:
                row.state, row.seed = self._generator.feed(row.state, row.seed), ""
            else:
                chunk = self._generator.generate(row.state, 1, row.sampling, row.rng)
                row.state, row.rng, row.text = chunk.state, chunk.rng, row.text + chunk.text

    def leave(self, row: Row, length: int | None = None) -> tuple[State, Rng]:
        """Raises ValueError for a length that is not the text's: a step has one character here."""
        if not isinstance(row, _Single) or length not in (None, len(row.text)):
            raise ValueError("expected a row of this batch, and the length of its text")
        self._rows.remove(row)
        return row.state, row.rng
