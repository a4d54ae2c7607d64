"""The Engine: the network as numbers, ids in, logits or drawn ids out; what each file of `model.engines` implements.

Knows no characters, and nothing of what a text was before: that is `model.generator`'s.
"""

from typing import NamedTuple, Protocol

from model.sampling import Floats, Sampler
from model.vocabulary import Ids

DRAWN = -1  # among the ids that a row is given: this one is to be drawn


class Written(NamedTuple):
    """What an engine wrote: ids and their nats, with shape (characters, rows), and the new hidden."""

    ids: Ids
    hidden: Floats
    nats: Floats | None = None  # -log p as the network has it, before all sampling options; only where asked for


class Engine(Protocol):
    """The network as numbers."""

    name: str
    width: int  # of the logits: the vocabulary's

    def block(self, rows: int) -> int:
        """Characters worth asking for in one call: nobody can join meanwhile."""
        ...

    def advance(self, hidden: Floats, ids: Ids) -> Floats:
        """Put the ids of one text through the network: the new (layers, 2, units)."""
        ...

    def logits(self, hidden: Floats, ids: Ids) -> tuple[Floats, Floats]:
        """Logits after each id of one text, with shape (len(ids), vocabulary), and the new (layers, 2, units)."""
        ...

    def write(
        self,
        hidden: Floats,
        pending: Ids,
        sampler: Sampler,
        noise: Floats,
        given: Ids | None = None,
        is_scored: bool = False,
    ) -> Written:
        """The next ids of several texts, and the new hidden; with their nats, if they are scored.

        hidden: (rows, layers, 2, units). pending: (rows,), each text's last id, not yet put through. noise:
        (characters, rows, vocabulary). given: (characters, rows), ids that are read instead of drawn, DRAWN for the
        others; None where all are drawn. The ids: (characters, rows); the sampler remembers them.
        """
        ...
