"""A session: corpus in, finished checkpoint out; what cotorra train does, from the first line to the last."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from model.checkpoint import Checkpoint
from model.errors import CheckpointMissing
from trainer.corpus import Corpus
from trainer.dataset import Dataset
from trainer.display import Display
from trainer.errors import Diverged, Interrupted, TrainerError
from trainer.finishing import Sampler, finish
from trainer.interruption import polite_signals
from trainer.plan import Plan
from trainer.saving import Saver, interrupted_plan, restore_state
from trainer.training import Training


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line."""

    out: Path
    make_plan: Callable[[int], Plan]  # from the number of training characters
    command: str  # as it was typed, for the card
    resume: bool = False


def train(corpus: Corpus, request: Request, display: Display) -> Checkpoint:
    """Train, and leave a finished checkpoint in request.out.

    Raises TrainerError and CheckpointError; Interrupted after Ctrl-C or SIGTERM, with the best kept.
    """
    dataset = Dataset.build(corpus.pieces)
    about = {
        "name": corpus.name,
        "characters": dataset.characters,
        "vocabulary": len(dataset.vocabulary.characters),
        "held_out": len(dataset.validation),
        "sha256": dataset.digest,
    }
    plan = request.make_plan(len(dataset.training))
    earlier = _earlier_run(request, dataset)
    if earlier is not None:
        plan = interrupted_plan(earlier, plan)
    training = Training(plan, dataset)
    if earlier is not None:
        restore_state(training, earlier)
    display.say(_headline(plan, dataset, training))
    saver = Saver(request.out, plan, about)
    failure = _run(training, saver, display)
    if failure and not training.progress.history:
        raise failure  # nothing was saved yet
    display.say("exporting and evaluating the best weights …")
    checkpoint = finish(training, saver, about, request.command, resumable=failure is not None)
    if failure:
        raise failure
    return checkpoint


def _run(training: Training, saver: Saver, display: Display) -> TrainerError | None:
    """Train to the end, or to the failure that it returns."""
    sampler = Sampler(training)

    def on_validation(training: Training, best: bool) -> None:
        saver.save(training, best)
        if training.plan.training.validate_every_epoch:
            _keep_epoch(training, saver.out)
        display.validated(training.progress.history[-1]["validation"], best, sampler.sample())

    with display, polite_signals() as stopped:
        try:
            for report in training.run(on_validation, stopped):
                display.show(report)
        except Diverged as error:
            return error
    if not stopped():
        return None
    return Interrupted(
        f"interrupted at step {training.progress.step:,}: the best checkpoint so far is in {saver.out}, "
        "and can be used as it is; the same command with --resume goes on"
    )


def _keep_epoch(training: Training, out: Path) -> None:
    """The notebook's habit: the weights of every epoch, in a folder beside the checkpoint."""
    folder = out.absolute().with_name(f"{out.absolute().name}-epochs")
    folder.mkdir(parents=True, exist_ok=True)
    epoch = round(training.progress.step / training.streams.chunks_per_epoch)
    training.network.save_weights(folder / f"epoch_{epoch:02d}.weights.h5")


def _earlier_run(request: Request, dataset: Dataset) -> Checkpoint | None:
    if not request.resume:
        return None
    try:
        checkpoint = Checkpoint.open(request.out)
    except CheckpointMissing as error:
        raise TrainerError(f"expected a run to resume in {request.out}, found none: leave out --resume") from error
    if checkpoint.corpus.get("sha256") != dataset.digest:
        raise TrainerError(
            f"expected the corpus that {request.out} was trained on, got another: train anew without --resume"
        )
    return checkpoint


def _headline(plan: Plan, dataset: Dataset, training: Training) -> str:
    network, limit = plan.network, f"{plan.minutes:g} minutes" if plan.minutes else f"{plan.epochs} epochs"
    return (
        f"{dataset.characters:,} characters, {len(dataset.vocabulary.characters)} different; preset {plan.preset} "
        f"({plan.reason}): {network.layers} x {network.units}, embedding {network.embedding}, "
        f"{training.network.count_params():,} weights, batch {training.streams.batch_size} x "
        f"{training.streams.sequence_length}, {limit}, {training.dtype.name}"
    )
