"""The comparison: every figure of a network on a text, beside baselines, as a table, as JSON or in Markdown."""

from dataclasses import dataclass, field
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from trainer.originality import GRAM, Originality
from trainer.units import bits, nats

_ORIGINALITY = ("written at", "longest copy", f"{GRAM}-grams copied", "distinct-1", "-2", "-3", "known words")


@dataclass(frozen=True)
class Comparison:
    """What one checkpoint makes of one text."""

    text: str  # its name
    characters: int  # measured: all of the text, or of a long one the first
    of: int  # the text's
    unknown: float  # share of characters outside the vocabulary
    nats: dict[str, float] = field(default_factory=dict)  # per character, by engine and state
    baselines: dict[str, float] = field(default_factory=dict)  # bits per character on the same text, by name
    originality: dict[str, Originality] = field(default_factory=dict)  # of texts by temperature, and of this one
    learned: int = 0  # characters that baselines learned and copies were sought in: the last before the text
    trained_on: int = 0  # characters there were

    @property
    def extent(self) -> str:
        """How much was measured, in words."""
        if self.characters < self.of:
            return f"the first {self.characters:,} of {self.of:,} characters"
        return f"{self.characters:,} characters"

    @property
    def before(self) -> str:
        """What baselines learned, and copies were sought in, in words."""
        if self.learned < self.trained_on:
            return f"the last {self.learned:,} of the {self.trained_on:,} characters trained on"
        return f"the {self.learned:,} characters trained on"

    def to_json(self) -> dict[str, Any]:
        """For programs: nats and bits by name."""
        return {
            "text": self.text,
            "characters": self.characters,
            "of": self.of,
            "learned": self.learned,
            "trained_on": self.trained_on,
            "unknown": self.unknown,
            "engines": {name: {"nats": n, "bits": bits(n)} for name, n in self.nats.items()},
            "baselines": {name: {"nats": nats(b), "bits": b} for name, b in self.baselines.items()},
            "originality": {name: figures.to_json() for name, figures in self.originality.items()},
        }

    def to_text(self) -> str:
        """For people: a table of losses, and one of originality where there is something to compare with."""
        about = f"{self.text}: {self.extent}"
        if self.unknown:
            about += f", {self.unknown:.2%} of them unknown to the network"
        tables = [_table(about, ("", "nats per character", "bits per character"), self._loss_rows())]
        if self.originality:
            tables.append(_table(f"written texts beside {self.before}", _ORIGINALITY, self._originality_rows()))
        console = Console(width=100)
        with console.capture() as capture:
            for table in tables:
                console.print(table)
        return capture.get()

    def to_markdown(self) -> str:
        """For the model card: the same tables."""
        parts = [f"Measured on {self.extent}{f', beside {self.before}' if self.originality else ''}."]
        parts += [_markdown(("on the held-out text", "nats per character", "bits per character"), self._loss_rows())]
        if self.originality:
            parts.append(_markdown(_ORIGINALITY, self._originality_rows()))
        return "\n\n".join(parts)

    def _loss_rows(self) -> list[tuple[str, ...]]:
        losses = self.nats | {name: nats(value) for name, value in self.baselines.items()}
        return [(name, f"{value:.4f}", f"{bits(value):.4f}") for name, value in losses.items()]

    def _originality_rows(self) -> list[tuple[str, ...]]:
        return [
            (
                name,
                f"{figures.longest_copy:,}",
                f"{figures.copied:.1%}",
                *(f"{share:.2f}" for share in figures.distinct_words),
                f"{figures.known_words:.1%}",
            )
            for name, figures in self.originality.items()
        ]


def _table(title: str, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for index, name in enumerate(head):
        table.add_column(name, justify="right" if index else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def _markdown(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---", *("---:" for _ in head[1:])), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
