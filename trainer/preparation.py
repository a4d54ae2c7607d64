"""Preparation: everything about a run that can be refused before TensorFlow is even imported."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from model.checkpoint import CONFIG, Checkpoint, check_replaceable
from model.config import NetworkConfig
from model.errors import CheckpointMissing, ConfigError
from model.vocabulary import UNKNOWN_ID
from trainer.corpus import Corpus
from trainer.dataset import Dataset
from trainer.errors import CorpusError, TrainerError
from trainer.plan import Plan, TrainingConfig
from trainer.scratch import scratch_folder

_RESTRICTIONS = "restrictions"
_ORIGIN = "from"
_LEFT_OUT = "left_out"
_LOOKED_AT = 32_768  # characters of the held-out text: the fewest that a network is ever measured on


@dataclass(frozen=True)
class Assignment:
    """A run that can begin."""

    out: Path
    dataset: Dataset
    plan: Plan
    corpus: dict[str, Any]  # what config.json will say of it
    command: str  # as it was typed, for the card
    earlier: Checkpoint | None  # the interrupted run to go on with
    origin: Checkpoint | None = None  # whose weights to start from
    notes: dict[str, Any] = field(default_factory=dict)  # what config.json will say of the training besides the plan
    with_lines: bool = True  # some held-out lines go with the checkpoint


def prepare(
    corpus: Corpus,
    out: Path,
    make_plan: Callable[[int], Plan],
    command: str,
    resume: bool = False,
    origin: Checkpoint | None = None,
    restrictions: str | None = None,
    minimum_count: int | None = None,
    with_lines: bool | None = None,
) -> Assignment:
    """Read the corpus, plan the run from its number of training characters, look at what lies in `out`.

    with_lines: whether some held-out lines go with the checkpoint, for games; if nothing is said, where nothing
    is forbidden of the corpus.

    Raises CorpusError, ConfigError, CheckpointError, and TrainerError where there is nothing to resume, or
    where the checkpoint to start from would be written over.
    """
    check_replaceable(out)
    earlier = _interrupted_run(out) if resume else None
    if origin is not None and earlier is None and out.absolute() == origin.path.absolute():
        raise TrainerError(f"expected another folder to write to than the one to start from, got {out} for both")
    known = earlier or origin
    if earlier is not None:
        minimum_count = earlier.corpus.get(_LEFT_OUT, {}).get("minimum_count", 1)
    vocabulary, scratch = known.vocabulary if known else None, scratch_folder(out)
    dataset = Dataset.build(corpus.pieces, minimum_count, vocabulary, earlier is None, scratch, corpus.name)
    _check_held_out(dataset, corpus.name)
    plan = make_plan(len(dataset.training))
    notes = {_ORIGIN: _about_origin(origin, dataset)} if origin else {}
    if earlier is not None:
        _check_same(earlier, dataset, notes)
        plan = _interrupted_plan(earlier, plan)
        notes = {_ORIGIN: earlier.training[_ORIGIN]} if _ORIGIN in earlier.training else {}
    about = {
        "name": corpus.name,
        "characters": dataset.characters,
        "vocabulary": len(dataset.vocabulary.characters),
        "held_out": len(dataset.validation),
        "sha256": dataset.digest,
        _LEFT_OUT: dataset.left_out.to_json(),
    }
    if inherited := _restrictions(known, restrictions):
        about[_RESTRICTIONS] = inherited
    allowed = not inherited if with_lines is None else with_lines
    return Assignment(out, dataset, plan, about, command, earlier, None if earlier else origin, notes, allowed)


def sized_as(origin: Checkpoint, plan: Plan, asked: Mapping[str, Any]) -> Plan:
    """The plan for a network of the origin's size. Its rates stay: a third of them learned less (measured once).

    asked: the preset and the sizes as named, None where nothing was.
    Raises ConfigError for another size than the origin's.
    """
    named = {name: asked[name] for name in ("embedding", "units", "layers") if asked.get(name) is not None}
    wanted = replace(plan.network if asked["preset"] != "auto" else origin.network, **named)
    if wanted != origin.network:
        raise ConfigError(
            f"expected the size of {origin.path}, {_size(origin.network)}, to go on from its weights, "
            f"got {_size(wanted)}: leave out --preset and the sizes"
        )
    return replace(plan, network=origin.network, reason=f"the size of {origin.path}")


def _size(network: NetworkConfig) -> str:
    return f"{network.layers} x {network.units} with embedding {network.embedding}"


def _about_origin(origin: Checkpoint, dataset: Dataset) -> dict[str, Any]:
    return {
        "weights": origin.weights_digest,
        "corpus": str(origin.corpus.get("name")),
        "added_characters": len(dataset.vocabulary) - len(origin.vocabulary),
    }


def _restrictions(known: Checkpoint | None, added: str | None) -> str:
    """What was forbidden of the text learned before holds on; each line once."""
    before = str(known.corpus.get(_RESTRICTIONS) or "") if known else ""
    return "\n".join(dict.fromkeys([*before.splitlines(), *(added or "").strip().splitlines()]))


def _interrupted_run(out: Path) -> Checkpoint:
    try:
        earlier = Checkpoint.open(out)
        if earlier.path == out:
            return earlier
        earlier.path.rename(out)  # a power cut fell between the two renames of a save: this undoes the first
        return Checkpoint.open(out)
    except CheckpointMissing as error:
        raise TrainerError(f"expected a run to resume in {out}, found none: leave out --resume") from error


def _check_held_out(dataset: Dataset, name: str) -> None:
    """Nothing could tell good weights from bad ones, nor be measured in the end."""
    if (dataset.validation[:_LOOKED_AT] == UNKNOWN_ID).all():
        raise CorpusError(
            f"expected characters that are learned in the last tenth of {name}, which is held out, got none: "
            "put another text there, or name a lower --minimum-count"
        )


def _check_same(earlier: Checkpoint, dataset: Dataset, notes: Mapping[str, Any]) -> None:
    if earlier.corpus.get("sha256") != dataset.digest:
        raise TrainerError(f"expected the corpus that {earlier.path} was trained on, got another: leave out --resume")
    if notes and notes[_ORIGIN]["weights"] != earlier.training.get(_ORIGIN, {}).get("weights"):
        raise TrainerError(f"{earlier.path} did not start from these weights: leave out --from to resume it")


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
