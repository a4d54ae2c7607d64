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
_LIVE_SECONDS = 0.25  # between two pictures
_SAMPLE_LINES = 6


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

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(file=sys.stderr, highlight=False)
        self._live = Live(console=self._console, auto_refresh=False) if self._console.is_terminal else None
        self._validation = ("", "", "not yet")
        self._sample = ""
        self._shown = -float("inf")

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
        """A step: how far, how fast, time left, losses, rate; a few times a second, or a plain line now and then."""
        interval = _LIVE_SECONDS if self._live else _PLAIN_SECONDS
        if time.monotonic() - self._shown < interval:
            return
        self._shown = time.monotonic()
        if self._live:
            self._live.update(self._panel(report), refresh=True)
        else:
            self.say(_line(report))

    def validated(self, loss: float, best: bool, sample: str) -> None:
        """A validation, and what the network writes by now."""
        self._validation = (f"{loss:.4f} nats", f"{bits(loss):.4f} bits", "best so far" if best else "no better")
        self._sample = _printable(sample)
        if not self._live:
            self.say(f"validation {', '.join(self._validation)}")
            self.say("  " + " ".join(self._sample.split())[:100])

    def _panel(self, report: Report) -> Panel:
        head = Table.grid(padding=(0, 2))
        head.add_row(ProgressBar(total=1.0, completed=report.share, width=32), f"{report.share:4.0%}", _left(report))
        losses = Table.grid(padding=(0, 2))
        loss = report.loss
        losses.add_row("training", f"{loss:.4f} nats", f"{bits(loss):.4f} bits", f"epoch {report.epoch:.2f}")
        losses.add_row("validation", *self._validation)
        losses.add_row("speed", f"{report.characters_per_second:,.0f} /s", f"step {report.step:,}", _rate(report))
        sample = Text("\n".join(self._sample.splitlines()[:_SAMPLE_LINES]), style="dim")
        parts: list[RenderableType] = [head, "", losses, *(("", sample) if self._sample else ())]
        return Panel(Group(*parts), title="cotorra train", border_style="green", width=min(self._console.width, 100))


def _line(report: Report) -> str:
    return (
        f"step {report.step:,}  epoch {report.epoch:.2f}  {report.characters_per_second:,.0f} characters/s  "
        f"{_left(report)}  loss {report.loss:.4f} nats, {bits(report.loss):.4f} bits  {_rate(report)}"
    )


def _left(report: Report) -> str:
    minutes, seconds = divmod(round(report.seconds_left), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d} left" if hours else f"{minutes}:{seconds:02d} left"


def _rate(report: Report) -> str:
    return f"rate {report.learning_rate:.2g}"


def _printable(text: str) -> str:
    """Without what would move a terminal's cursor or change its colours."""
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text)
