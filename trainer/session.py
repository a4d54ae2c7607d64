"""A session: what cotorra train does once it can begin, from the first line to the last."""

from collections.abc import Sequence
from pathlib import Path

from model.checkpoint import Checkpoint
from model.errors import CheckpointError
from trainer.curve import CURVE, Curve
from trainer.dataset import Dataset
from trainer.display import Display, Watcher
from trainer.errors import Diverged, Interrupted, TrainerError
from trainer.finetuning import start_from
from trainer.finishing import Sampler, finish
from trainer.interruption import polite_signals
from trainer.preparation import Assignment
from trainer.saving import Saver, clear_leftovers, restore_state, save_weights
from trainer.training import Training


def train(assignment: Assignment, display: Display, others: Sequence[Watcher] = ()) -> Checkpoint:
    """Train, and leave a finished checkpoint in assignment.out. Display and others are told how it goes.

    Raises TrainerError and CheckpointError; Interrupted after Ctrl-C or SIGTERM, with the best kept.
    """
    training = Training(assignment.plan, assignment.dataset)
    if assignment.earlier is not None:
        restore_state(training, assignment.earlier)
    elif assignment.origin is not None:
        start_from(training.network, assignment.origin)
    clear_leftovers(assignment.out)
    display.say(_headline(training))
    saver = Saver(assignment.out, assignment.plan, assignment.corpus, assignment.notes)
    failure = _run(training, saver, display, others)
    if failure and not training.progress.history:
        raise failure  # nothing was saved yet
    display.say("exporting the best weights …")
    checkpoint = finish(training, saver, assignment.command, failure is not None, display.say, assignment.with_lines)
    if failure:
        raise failure
    return checkpoint


def _run(training: Training, saver: Saver, display: Display, others: Sequence[Watcher]) -> TrainerError | None:
    """Train to the end, or to the failure that it returns."""
    sampler, curve, watchers = Sampler(training), Curve(), [display, *others]

    def on_validation(training: Training, best: bool) -> None:
        if training.plan.training.validate_every_epoch and training.at_end_of_epoch:
            _keep_epoch(training, saver.out)  # first: a run killed in between goes through this epoch again
        saver.save(training, best, {CURVE: curve.of(training.progress.history)})
        loss, sample = training.progress.history[-1]["validation"], sampler.sample()
        for watcher in watchers:
            watcher.validated(loss, best, sample)

    with display, polite_signals() as stopped:
        try:
            for report in training.run(on_validation, stopped, display.say, saver.save_state):
                for watcher in watchers:
                    watcher.show(report)
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
    epoch = round(training.progress.step / training.streams.chunks_per_epoch)
    name = f"epoch_{epoch:02d}.weights.h5"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        save_weights(training.network, folder / f".{name}")
        (folder / f".{name}").replace(folder / name)
    except OSError as error:
        raise CheckpointError(
            f"cannot keep the epoch's weights in {folder} ({error.strerror or error}): free some room"
        ) from error


def _headline(training: Training) -> str:
    plan, dataset = training.plan, training.dataset
    network, limit = plan.network, f"{plan.minutes:g} minutes" if plan.minutes else f"{plan.epochs} epochs"
    return (
        f"{dataset.characters:,} characters, {len(dataset.vocabulary.characters):,} different{_left_out(dataset)}; "
        f"preset {plan.preset} "
        f"({plan.reason}): {network.layers} x {network.units}, embedding {network.embedding}, "
        f"{training.network.count_params():,} weights, batch {training.streams.batch_size} x "
        f"{training.streams.sequence_length}, {limit}, {training.dtype.name}"
    )


def _left_out(dataset: Dataset) -> str:
    left_out = dataset.left_out
    if not left_out.characters:
        return ""
    why = f" seen fewer than {left_out.minimum_count:,} times" if left_out.minimum_count > 1 else ""
    share = left_out.characters / dataset.characters
    return f" ({left_out.different:,} more{why} are read as <unk>, {share:.2g} of the text)"
