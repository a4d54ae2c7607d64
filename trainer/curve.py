"""curve.png: the losses over the minutes of a run, drawn anew as it goes."""

import io
import time
from collections.abc import Mapping, Sequence

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from trainer.units import bits, nats

CURVE = "curve.png"
_SECONDS_BETWEEN = 30.0  # drawing takes a tenth of a second from the training


class Curve:
    """The picture of a run so far, no older than 30 seconds when it is asked for."""

    def __init__(self) -> None:
        self._drawn = -float("inf")
        self._picture = b""

    def of(self, history: Sequence[Mapping[str, float]]) -> bytes:
        """A PNG."""
        if time.monotonic() - self._drawn >= _SECONDS_BETWEEN:
            self._picture = draw_curve(history)
            self._drawn = time.monotonic()
        return self._picture


def draw_curve(history: Sequence[Mapping[str, float]]) -> bytes:
    """A PNG of a row for each validation: minutes, training and validation in nats; bits on the right."""
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
