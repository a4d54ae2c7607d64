"""The display of a run, on stderr: one live line and panel on a terminal, plain lines elsewhere."""

import sys
import time
from types import TracebackType
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from trainer.training import Report
from trainer.units import bits

_PLAIN_SECONDS = 10.0  # between two plain lines


class Watcher(Protocol):
    """Whoever is told how a run goes."""

    def show(self, report: Report) -> None:
        """A step."""
        ...

    def validated(self, loss: float, best: bool, sample: str) -> None:
        """A validation in nats per character, and what the network writes by now."""
        ...


class Display:
    """Shows reports, validations and samples as they come."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stderr, highlight=False)
        self._live = Live(console=self._console, refresh_per_second=4) if self._console.is_terminal else None
        self._validation = ""
        self._sample = ""
        self._last_line = 0.0

    def __enter__(self) -> "Display":
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def say(self, line: str) -> None:
        """A line that stays."""
        self._console.print(line, markup=False, soft_wrap=True)

    def show(self, report: Report) -> None:
        """A step: speed, time left, nats and bits per character."""
        if self._live:
            self._live.update(self._panel(report))
        elif time.monotonic() - self._last_line >= _PLAIN_SECONDS:
            self._last_line = time.monotonic()
            self.say(_line(report))

    def validated(self, loss: float, best: bool, sample: str) -> None:
        """A validation, and what the network writes by now."""
        self._validation = f"validation {loss:.4f} nats, {bits(loss):.4f} bits{' (best so far)' if best else ''}"
        self._sample = sample
        if not self._live:
            self.say(self._validation)
            self.say("  " + " ".join(sample.split())[:100])

    def _panel(self, report: Report) -> Panel:
        grid = Table.grid(padding=(0, 1))
        grid.add_row(ProgressBar(total=1.0, completed=report.share, width=40), f"{report.share:4.0%}")
        lines: list[RenderableType] = [
            grid,
            Text(_line(report)),
            Text(self._validation),
            Text(self._sample, style="dim"),
        ]
        return Panel(Group(*lines), title="cotorra train", border_style="green", width=min(self._console.width, 100))


def _line(report: Report) -> str:
    minutes, seconds = divmod(round(report.seconds_left), 60)
    return (
        f"step {report.step:,}  epoch {report.epoch:.2f}  {report.characters_per_second:,.0f} characters/s  "
        f"{minutes}:{seconds:02d} left  loss {report.loss:.4f} nats, {bits(report.loss):.4f} bits  "
        f"rate {report.learning_rate:.2g}"
    )
