"""The trainer's commands: cotorra train and cotorra evaluate. TensorFlow is imported only to work."""

import importlib
import importlib.util
import json
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from model.checkpoint import Checkpoint
from model.config import check_integer
from model.errors import EngineError
from trainer.corpus import Corpus, ReadingOptions, open_corpus
from trainer.plan import OPTIMIZERS, PRESETS, SCHEDULES, TWO_CORES, Plan, Speed, make_plan
from trainer.preparation import prepare, sized_as
from trainer.scratch import scratch_folder

_SECONDS_BETWEEN_LINES = 10.0
_NETWORK = ("embedding", "units", "layers")
_TRAINING = (
    click.option("--batch-size", type=int, help="Streams read side by side."),
    click.option("--sequence-length", type=int, help="Characters of back-propagation through time."),
    click.option("--learning-rate", type=float, help="At its peak."),
    click.option("--schedule", type=click.Choice(SCHEDULES), help="How the rate goes on after its warm-up."),
    click.option("--warm-up", type=float, help="Share of the run in which the rate grows."),
    click.option("--optimizer", type=click.Choice(OPTIMIZERS), help="adam is with Keras' defaults."),
    click.option("--beta-2", type=float, help="Of AdamW: nearer 1 is a longer memory of the gradient's size."),
    click.option("--weight-decay", type=float, help="Of AdamW, on matrices only."),
    click.option("--clip-norm", type=float, help="Longest gradient of AdamW; 0 is any length."),
    click.option("--dropout", type=float, help="After each LSTM layer."),
    click.option("--recurrent-dropout", type=float, help="Of what enters an LSTM layer's cells."),
    click.option("--reset-probability", type=float, help="For a stream to begin afresh, per sequence."),
    click.option("--unknown-rate", type=float, help="Share of the characters read as <unk>."),
    click.option("--calibrate/--no-calibrate", default=None, help="Divide the logits by one number at the end."),
)
_READING = (
    click.option("--encoding", help="Of files that do not tell theirs, such as latin-1."),
    click.option("--column", help="Of a table, CSV or JSON Lines; text, message or content if nothing is said."),
    click.option(
        "--author", "authors", multiple=True, help="Learn from this person's messages alone; may be repeated."
    ),
    click.option("--speakers/--no-speakers", default=False, show_default=True, help="Write who speaks: 'Ana: hello'."),
    click.option(
        "--keep-personal-data", is_flag=True, help="Do not mask user names, phones, e-mail, links and numbers."
    ),
    click.option("--keep-forwards", is_flag=True, help="Learn from forwarded messages too."),
    click.option("--plain", is_flag=True, help="Read every file as plain text, whatever it looks like."),
)


def with_training_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command with every rate and size of a run."""
    for option in reversed(_TRAINING):
        command = option(command)
    return command


def reads_corpus(command: Callable[..., Any]) -> Callable[..., Any]:
    """The command with every option about reading, so that the same words read the same text in each."""
    for option in reversed(_READING):
        command = option(command)
    return command


@click.command()
@click.argument("corpus", nargs=-1, required=True)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The checkpoint folder to write.")
@click.option("--preset", type=click.Choice(PRESETS), default="auto", show_default=True, help="The network's size.")
@click.option("--minutes", type=float, help="Time to train; 10 if nothing is said.")
@click.option("--epochs", type=int, help="Passes over the text, instead of a time; the notebook's are 50.")
@click.option("--resume", is_flag=True, help="Go on with the interrupted run in --out.")
@click.option("--from", "origin", type=click.Path(path_type=Path), help="Start from this checkpoint's weights.")
@click.option("--restrictions", help="Who and what the corpus must not be used for: kept with the checkpoint.")
@click.option(
    "--lines/--no-lines",
    "with_lines",
    default=None,
    help="Keep some held-out lines with the checkpoint, for /quiz; kept unless there are restrictions.",
)
@click.option("--tensorboard", type=click.Path(path_type=Path), help="Write the run's figures here for TensorBoard.")
@reads_corpus
@click.option(
    "--minimum-count", type=int, help="Characters seen fewer times become <unk>; if nothing is said, 1 in 5 million."
)
@click.option("--seed", type=int, help="For weights, dropout and resets; 0 if nothing is said.")
@click.option("--embedding", type=int, help="Width of a character's vector.")
@click.option("--units", type=int, help="Width of an LSTM layer.")
@click.option("--layers", type=int, help="LSTM layers.")
@with_training_options
def train(corpus: tuple[str, ...], out: Path, resume: bool, encoding: str | None, **options: Any) -> None:
    """Learn from a CORPUS: files, folders, addresses, or python-docs, tinyshakespeare, quijote.

    A file may be text, .gz, .zip, CSV, JSON Lines, a chat exported from Telegram or WhatsApp, or the prompt log.

    The last line on stdout is the checkpoint folder.
    """
    _require_tensorflow()

    origin = Checkpoint.open(options["origin"]) if options["origin"] else None

    measure = _known_speed if resume else _measure_speed  # a resumed run keeps its plan

    def plan_for(characters: int, speed: Callable[[float], Speed] = measure) -> Plan:
        preset = _preset_of(origin) if origin and options["preset"] == "auto" else options["preset"]
        plan = _with_overrides(make_plan(preset, characters, options["minutes"], options["epochs"], speed), options)
        return sized_as(origin, plan, options) if origin else plan

    plan_for(1, _known_speed)  # what cannot be planned is refused before the corpus is read
    command = shlex.join(["cotorra", *sys.argv[1:]])
    if options["minimum_count"] is not None:
        check_integer("a minimum count", options["minimum_count"], 1, 2**31)
    text = told(open_corpus(corpus, encoding, reading_options(options), scratch_folder(out)))
    assignment = prepare(
        text,
        out,
        plan_for,
        command,
        resume,
        origin,
        options["restrictions"],
        options["minimum_count"],
        options["with_lines"],
    )
    _import_tensorflow()
    from trainer.display import Display
    from trainer.session import train
    from trainer.tensorboard import TensorBoard

    others = [TensorBoard(options["tensorboard"])] if options["tensorboard"] else []
    click.echo(train(assignment, Display(), others).path)


@click.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.argument("text", nargs=-1)
@reads_corpus
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def evaluate(checkpoint: Path, text: tuple[str, ...], encoding: str | None, as_json: bool, **options: Any) -> None:
    """How well a CHECKPOINT predicts a TEXT, in nats and bits per character, beside baselines.

    TEXT is what cotorra train reads. The corpus that the checkpoint was trained on, read with the same options,
    is taken for its held-out tenth, and the rest of it for an n-gram and to look for copies; any other text is
    taken whole. Without TEXT it is the corpus by name that the checkpoint was trained on.
    """
    _require_tensorflow()
    _import_tensorflow()
    from trainer.measuring import compare

    say = partial(click.echo, err=True)
    table = compare(checkpoint, text, encoding, reading_options(options), say)
    click.echo(json.dumps(table.to_json(), indent=1) if as_json else table.to_text())


def _preset_of(origin: Checkpoint) -> str:
    """The preset whose rates go with the origin's size."""
    preset = origin.training.get("preset")
    return preset if preset in PRESETS else "auto"


def _with_overrides(plan: Plan, options: dict[str, Any]) -> Plan:
    """The plan with every single value that was named on the command line."""
    network = {name: options[name] for name in _NETWORK if options[name] is not None}
    rates = {field.name for field in fields(plan.training)} & set(options)
    training = {name: options[name] for name in rates if options[name] is not None}
    return replace(plan, network=replace(plan.network, **network), training=replace(plan.training, **training))


def reading_options(options: dict[str, Any]) -> ReadingOptions:
    """What was said on the command line about reading."""
    return ReadingOptions(
        column=options["column"],
        authors=options["authors"],
        speakers=options["speakers"],
        mask=not options["keep_personal_data"],
        forwards=options["keep_forwards"],
        plain=options["plain"],
    )


def told(corpus: Corpus) -> Corpus:
    """The corpus, with a line on stderr now and then while a long one is read."""

    def pieces() -> Iterator[str]:
        count, last = 0, time.monotonic()
        for piece in corpus.pieces:
            yield piece
            count += len(piece)
            if time.monotonic() - last > _SECONDS_BETWEEN_LINES:
                last = time.monotonic()
                click.echo(f"reading {corpus.name}: {count:,} characters so far", err=True)

    return replace(corpus, pieces=pieces())


def _require_tensorflow() -> None:
    if importlib.util.find_spec("tensorflow") is None:
        raise EngineError("expected TensorFlow to train or evaluate with: install it with pip install 'cotorra[train]'")


def _known_speed(_minutes: float) -> Speed:
    return TWO_CORES


def _measure_speed(minutes: float) -> Speed:
    click.echo("measuring how fast this machine trains …", err=True)
    _import_tensorflow()
    from trainer.probe import measure_speed

    return measure_speed(minutes, partial(click.echo, err=True))


def _import_tensorflow() -> None:
    importlib.import_module("trainer.device")  # in silence
