"""The table of cotorra evaluate: each engine from a zero state and with carried state, beside baselines."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from model.checkpoint import WEIGHTS, Checkpoint
from model.generator import load_generator
from model.network import build_network
from trainer.corpus import NAMED, open_corpus
from trainer.dataset import Dataset, EncodedText
from trainer.errors import CorpusError
from trainer.evaluation import Evaluator, bits, compressed_bits, engine_loss

_ENGINE_CHARACTERS = 10_000  # the engines go character by character: enough for the third decimal


@dataclass(frozen=True)
class Comparison:
    """Nats per character by engine and state; bits per character of compressors on the same text."""

    text: str
    characters: int
    nats: dict[str, float]
    baselines: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        """For programs: nats and bits by name."""
        rows = {name: {"nats": nats, "bits": bits(nats)} for name, nats in self.nats.items()}
        baselines = {name: {"bits": value} for name, value in self.baselines.items()}
        return {"text": self.text, "characters": self.characters, "engines": rows, "baselines": baselines}

    def to_text(self) -> str:
        """For people: a table."""
        table = Table(
            "",
            "nats per character",
            "bits per character",
            title=f"{self.text}: {self.characters:,} characters",
        )
        for name, nats in self.nats.items():
            table.add_row(name, f"{nats:.4f}", f"{bits(nats):.4f}")
        for name, value in self.baselines.items():
            table.add_row(name, "", f"{value:.4f}", style="dim")
        console = Console(width=100)
        with console.capture() as capture:
            console.print(table)
        return capture.get()


def compare(path: Path, text: str | None, encoding: str | None) -> Comparison:
    """Evaluate a checkpoint on a whole text, or on what it held out. Raises CotorraError."""
    checkpoint = Checkpoint.open(path)
    name, ids, plain = _text(checkpoint, text, encoding)
    network = build_network(checkpoint.network, len(checkpoint.vocabulary))
    network.load_weights(checkpoint.path / WEIGHTS)
    evaluator = Evaluator(network)
    part = plain[:_ENGINE_CHARACTERS]
    nats = {
        "Keras fp32, zero state": evaluator.zero_state_loss(ids),
        "Keras fp32, carried state": evaluator.carried_loss(ids),
    }
    for engine in ("tensorflow", "litert"):
        generator = load_generator(path, engine)
        label = generator.fingerprint.partition("/")[2]
        nats[f"{label}, first {len(part):,} characters"] = engine_loss(generator, part)
    return Comparison(name, len(ids), nats, compressed_bits(plain))


def _text(checkpoint: Checkpoint, text: str | None, encoding: str | None) -> tuple[str, EncodedText, str]:
    """What it is called, its ids in the checkpoint's vocabulary, and the characters themselves."""
    source = text or str(checkpoint.corpus.get("name"))
    if text is None and source not in NAMED:
        raise CorpusError(f"{checkpoint.path} was trained on {source!r}: name a text to evaluate it on")
    plain = "".join(open_corpus([source], encoding).pieces)
    dataset = Dataset.build([plain], vocabulary=checkpoint.vocabulary)
    if text is not None:
        return source, dataset.whole, plain
    return f"{source}, held out", dataset.validation, plain[len(dataset.training) :]
