"""Report: samples.txt and the model card, made from the finished weights."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from model.checkpoint import Checkpoint
from model.config import SamplingConfig
from model.generator import RecurrentGenerator
from model.sampling import Rng
from trainer.comparison import Comparison

NOTEBOOK_SEEDS = ("Domingo", "Jon snow", "Activación", "Redes", "Redes convolucionales")
SAMPLE_LENGTH = 500  # characters, the notebook's


def write_samples(generator: RecurrentGenerator, seeds: Iterable[str], temperature: float = 0.5) -> str:
    """500 characters after each seed, each from a state of its own: nothing leaks from one into the next."""
    parts = []
    for seed in seeds:
        state = generator.feed(generator.initial_state(), seed)
        chunk = generator.generate(state, SAMPLE_LENGTH, SamplingConfig(temperature=temperature), Rng(0))
        parts.append(f"--- {seed!r}, temperature {temperature:g}, rng seed 0\n{seed}{chunk.text}\n")
    return "\n".join(parts)


def model_card(description: Checkpoint, command: str, figures: Comparison, sample: str) -> str:
    """The README.md of a checkpoint, in Markdown.

    description: what config.json will say; the corpus's restrictions and the run's origin may be missing.
    """
    network, corpus, training = description.network, description.corpus, description.training
    layers = "layer" if network.layers == 1 else "layers"
    return f"""# {corpus["name"]}, {training["preset"]}

A character-level LSTM: embedding {network.embedding}, {network.layers} {layers} of {network.units} units.
{_restrictions(corpus)}
| | |
|---|---|
| corpus | {_cell(corpus["name"])}: {corpus["characters"]:,} characters, {corpus["vocabulary"]} different |
{_left_out(corpus)}| corpus SHA-256 | `{corpus["sha256"]}` |
| held out | the last tenth, {corpus["held_out"]:,} characters, never trained on |
| training | {_training(training)} |
{_calibration(description)}{_origin(training)}
{_fenced(command, "sh")}

## How well it predicts, and how much it copies

{figures.to_markdown()}

From a zero state: windows of 256 characters, each from zeros, the first 32 not counted; that is how a reply starts.
Carried: one stream from end to end. The compressors and the n-gram are yardsticks. Copies are sought in the
training text: the longest verbatim stretch in characters, and the share of stretches of 20 characters that stand
in it. Distinct-n: different runs of n words as a share of all. Known words: the share that the training text has.

![loss over time](curve.png)

## A sample

{_fenced(sample, "text")}

More in `samples.txt`. The text is made up, character by character: what it says of persons and things is not
so. Whoever trains on what people wrote should have their leave.
"""


def card_of_lines() -> str:
    """What the card says besides of a checkpoint that has lines of its corpus in it."""
    return (
        "\n`lines.txt` has lines of the held-out text, as somebody wrote them: "
        "the bot's quiz hides them among its own.\n"
    )


def _training(training: Mapping[str, Any]) -> str:
    limit = f"{training['minutes']:g} minutes" if training["minutes"] else f"{training['epochs']} epochs"
    return f"preset {training['preset']}, {limit}, {training['steps']:,} steps"


def _calibration(description: Checkpoint) -> str:
    temperature = description.metrics.get("calibration", 1.0)
    if temperature == 1:
        return ""
    return f"| calibration | logits divided by {temperature:g}, the one number that was found on held-out text |\n"


def _left_out(corpus: Mapping[str, Any]) -> str:
    rare = corpus.get("left_out")
    if not rare or not rare["characters"]:
        return ""
    why = f", seen fewer than {rare['minimum_count']:,} times each" if rare["minimum_count"] > 1 else ""
    return f"| read as `<unk>` | {rare['different']:,} more characters{why}; {rare['characters']:,} places in all |\n"


def _restrictions(corpus: Mapping[str, Any]) -> str:
    """What the operator forbids, quoted, before anything else."""
    text = str(corpus.get("restrictions") or "")
    quoted = "\n>\n".join(f"> {line}" for line in text.splitlines())
    return f"\n## What it must not be used for\n\n{quoted}\n\n## What it is\n" if text else ""


def _origin(training: Mapping[str, Any]) -> str:
    origin = training.get("from")
    if not origin:
        return ""
    added = origin["added_characters"]
    return (
        f"| started from | {_cell(origin['corpus'])}, weights `{origin['weights']}`; "
        f"{added:,} new {'character' if added == 1 else 'characters'} |\n"
    )


def _cell(text: str) -> str:
    """Text that ends no cell of a table."""
    return text.replace("|", "\\|")


def _fenced(text: str, language: str) -> str:
    """A code block whose fence is longer than any within it."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.strip()}\n{fence}"
