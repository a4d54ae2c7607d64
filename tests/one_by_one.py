"""A Batch for generators that have none: a fake's, and a second opinion on the real one."""

from dataclasses import dataclass, field

from model.batch import Row
from model.config import SamplingConfig
from model.generator import Generator
from model.sampling import Rng
from model.state import State


@dataclass(eq=False)
class _Single:
    """A row of a OneByOne."""

    state: State
    seed: str
    sampling: SamplingConfig
    rng: Rng
    is_scored: bool = False
    nats: list[float] = field(default_factory=list)
    text: str = ""

    @property
    def is_reading(self) -> bool:
        return bool(self.seed)


class OneByOne:
    """A Batch over any Generator: its rows take turns, one character each."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self._rows: list[_Single] = []

    def join(
        self,
        state: State,
        seed: str,
        sampling: SamplingConfig,
        rng: Rng,
        is_scored: bool = False,
        most: int | None = None,
    ) -> _Single:
        row = _Single(state, seed, sampling, rng, is_scored)
        self._rows.append(row)
        return row

    def step(self) -> None:
        """A whole seed is read in one step: where a seed may be cut is the generator's knowledge."""
        for row in self._rows:
            if row.seed:
                if row.is_scored:
                    row.nats = self._generator.surprise(row.seed, row.state).tolist()
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
