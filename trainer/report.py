"""Report: curve.png, samples.txt and the model card, made from the finished weights."""

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from model.config import SamplingConfig
from model.generator import RecurrentGenerator
from model.sampling import Rng
from trainer.evaluation import bits, nats

NOTEBOOK_SEEDS = ("Domingo", "Jon snow", "Activación", "Redes", "Redes convolucionales")
SAMPLE_LENGTH = 500  # characters, the notebook's


def draw_curve(history: Sequence[Mapping[str, float]]) -> bytes:
    """A PNG of the losses over the minutes of a run, nats on the left and bits on the right."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    minutes = [row["minutes"] for row in history]
    axes.plot(minutes, [row["training"] for row in history], color="#9bb8a0", label="training, state carried")
    axes.plot(
        minutes,
        [row["validation"] for row in history],
        color="#1f7a3d",
        label="validation, from a zero state",
    )
    axes.scatter(minutes, [row["validation"] for row in history], color="#1f7a3d", s=14)
    axes.set(xlabel="minutes", ylabel="nats per character")
    axes.secondary_yaxis("right", functions=(bits, nats)).set_ylabel("bits per character")
    axes.grid(alpha=0.25)
    axes.legend(frameon=False)
    axes.spines[["top"]].set_visible(False)
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_figure(buffer, format="png")
    return buffer.getvalue()


def write_samples(generator: RecurrentGenerator, seeds: Iterable[str], temperature: float = 0.5) -> str:
    """500 characters after each seed, each from a state of its own: nothing leaks from one into the next."""
    parts = []
    for seed in seeds:
        state = generator.feed(generator.initial_state(), seed)
        chunk = generator.generate(state, SAMPLE_LENGTH, SamplingConfig(temperature=temperature), Rng(0))
        parts.append(f"--- {seed!r}, temperature {temperature:g}, rng seed 0\n{seed}{chunk.text}\n")
    return "\n".join(parts)


def model_card(
    title: str,
    command: str,
    network: Mapping[str, int],
    corpus: Mapping[str, Any],
    training: Mapping[str, Any],
    metrics: Mapping[str, float],
    sample: str,
) -> str:
    """The README.md of a checkpoint, in Markdown."""
    rows = "\n".join(f"| {name} | {value:.4f} | {bits(value):.4f} |" for name, value in metrics.items())
    layers = "layer" if network["layers"] == 1 else "layers"
    limit = f"{training['minutes']:g} minutes" if training["minutes"] else f"{training['epochs']} epochs"
    return f"""# {title}

A character-level LSTM: embedding {network["embedding"]}, {network["layers"]} {layers} of {network["units"]} units.

| | |
|---|---|
| corpus | {corpus["name"]}: {corpus["characters"]:,} characters, {corpus["vocabulary"]} different |
| corpus SHA-256 | `{corpus["sha256"]}` |
| held out | the last tenth, {corpus["held_out"]:,} characters, never trained on |
| trained with | `{command}` |
| training | preset {training["preset"]}, {limit}, {training["steps"]:,} steps |

| on the held-out text | nats per character | bits per character |
|---|---|---|
{rows}

From a zero state: windows of 256 characters, the first 32 not counted; that is how a reply starts.

![loss over time](curve.png)

## A sample

```text
{sample.strip()}
```

More in `samples.txt`. The text is made up, character by character: what it says of persons and things is not
so. Whoever trains on what people wrote should have their leave.
"""
