"""Preparation: everything about a run that can be refused before TensorFlow is even imported."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from model.checkpoint import CONFIG, Checkpoint, check_replaceable
from model.errors import CheckpointMissing
from trainer.corpus import Corpus
from trainer.dataset import Dataset
from trainer.errors import TrainerError
from trainer.plan import Plan, TrainingConfig


@dataclass(frozen=True)
class Assignment:
    """A run that can begin."""

    out: Path
    dataset: Dataset
    plan: Plan
    corpus: dict[str, Any]  # what config.json will say of it
    command: str  # as it was typed, for the card
    earlier: Checkpoint | None  # the interrupted run to go on with


def prepare(
    corpus: Corpus, out: Path, make_plan: Callable[[int], Plan], command: str, resume: bool = False
) -> Assignment:
    """Read the corpus, plan the run from its number of training characters, look at what lies in `out`.

    Raises CorpusError, ConfigError, CheckpointError, and TrainerError where there is nothing to resume.
    """
    check_replaceable(out)
    dataset = Dataset.build(corpus.pieces)
    plan = make_plan(len(dataset.training))
    earlier = _earlier_run(out, dataset) if resume else None
    if earlier is not None:
        plan = _interrupted_plan(earlier, plan)
    about = {
        "name": corpus.name,
        "characters": dataset.characters,
        "vocabulary": len(dataset.vocabulary.characters),
        "held_out": len(dataset.validation),
        "sha256": dataset.digest,
    }
    return Assignment(out, dataset, plan, about, command, earlier)


def _earlier_run(out: Path, dataset: Dataset) -> Checkpoint:
    try:
        checkpoint = Checkpoint.open(out)
    except CheckpointMissing as error:
        raise TrainerError(f"expected a run to resume in {out}, found none: leave out --resume") from error
    if checkpoint.corpus.get("sha256") != dataset.digest:
        raise TrainerError(f"expected the corpus that {out} was trained on, got another: leave out --resume")
    return checkpoint


def _interrupted_plan(checkpoint: Checkpoint, plan: Plan) -> Plan:
    """The plan that the interrupted run was made with, in place of the one asked for now."""
    how = checkpoint.training
    return replace(
        plan,
        preset=str(how["preset"]),
        network=checkpoint.network,
        training=TrainingConfig.from_json(how),
        minutes=how["minutes"],
        epochs=how["epochs"],
        reason=f"as {checkpoint.path / CONFIG} says",
    )
