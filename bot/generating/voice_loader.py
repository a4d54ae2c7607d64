"""The voice loader: from a checkpoint's folder to a generator, and to the card that says what it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from model.checkpoint import Checkpoint
from model.generator import Generator, load_generator
from model.held_out import read_lines

T = TypeVar("T")


@dataclass(frozen=True)
class Card:
    """What a checkpoint says of itself; None for what it does not know.

    weights: the digest of its weights, the same for every engine. corpus: what the corpus is called; characters:
    how long it was; corpus_digest: the SHA-256 of its text. bits: per character of text it was not trained on, from
    a zero state, as it is served. network: its layers, their units and kind; alphabet: the characters it
    knows. lines: some that it was not trained on.
    """

    weights: str
    network: str = ""
    alphabet: int = 0
    corpus: str | None = None
    characters: int | None = None
    corpus_digest: str | None = None
    bits: float | None = None
    lines: tuple[str, ...] = ()


class VoiceLoader(Protocol):
    """Reads a folder; both methods block, and raise CheckpointError or EngineError."""

    def card(self, path: Path) -> Card:
        """What the folder's checkpoint is, verified but not loaded."""
        ...

    def generator(self, path: Path) -> Generator:
        """Its generator, ready to write."""
        ...


@dataclass(frozen=True)
class CheckpointLoader:
    """Reads what `cotorra train` wrote, for this engine."""

    engine: str = "auto"

    def card(self, path: Path) -> Card:
        return card_of(Checkpoint.open(path))

    def generator(self, path: Path) -> Generator:
        return load_generator(path, self.engine, warm_up=True)


def card_of(checkpoint: Checkpoint) -> Card:
    """What may be told of a checkpoint to anybody."""
    network, corpus = checkpoint.network, checkpoint.corpus
    return Card(
        checkpoint.weights_digest,
        f"{network.layers} × {network.units} LSTM",
        len(checkpoint.vocabulary.characters),
        _of_kind(str, corpus.get("name")),
        _of_kind(int, corpus.get("characters")),
        _of_kind(str, corpus.get("sha256")),
        _bits(checkpoint.metrics),
        read_lines(checkpoint),
    )


def _bits(metrics: Mapping[str, Any]) -> float | None:
    engines = metrics.get("engines")
    measured = engines if isinstance(engines, dict) else {}
    for name in ("LiteRT int8, zero state", "Keras fp32, zero state"):
        entry = measured.get(name)
        if isinstance(entry, dict) and isinstance(entry.get("bits"), float):
            return float(entry["bits"])
    return None


def _of_kind(kind: type[T], value: object) -> T | None:
    return value if isinstance(value, kind) else None
