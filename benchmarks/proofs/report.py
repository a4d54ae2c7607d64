"""The report of a proof: a table for people, JSON for programs, and an exit code."""

import asyncio
import json
import os
import platform
import signal
import statistics
import sys
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks.proofs.bot_process import BotEnded

RESULTS = Path(__file__).parent.parent / "results"
_SHOWN = 20  # complaints in full

Figures = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What a proof found: figures, and sentences about whatever is not as it should be."""

    figures: Figures
    complaints: list[str]


def percentiles(values: Sequence[float]) -> dict[str, float]:
    """The median, the 95th percentile and the most, in seconds."""
    cuts = statistics.quantiles(values, n=20, method="inclusive") if len(values) > 1 else list(values) * 19
    return {"p50": statistics.median(values), "p95": cuts[18], "most": max(values)} if values else {}


def machine() -> str:
    """On what it was measured."""
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def prove(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Run a proof; SIGTERM ends it, and its bot too. Raises click.ClickException where there is nothing to tell."""
    try:
        return asyncio.run(_until_told(work))
    except asyncio.CancelledError:
        raise click.ClickException("stopped before the end") from None
    except (BotEnded, TimeoutError) as error:
        raise click.ClickException(str(error) or "expected the bot to say something, waited for too long") from error


async def _until_told(work: Coroutine[Any, Any, Outcome]) -> Outcome:
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


def finish(title: str, outcome: Outcome, path: Path) -> None:
    """Show and write what was found, and end the program: 0 if there is nothing to complain of, else 1."""
    table = Table(title, "", title_justify="left")
    for name, value in _flat(outcome.figures):
        table.add_row(name, value)
    table.add_row("complaints", str(len(outcome.complaints)))
    Console(width=100).print(table)
    for complaint in outcome.complaints[:_SHOWN]:
        print(complaint, file=sys.stderr)
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = {"machine": machine(), **outcome.figures, "complaints": outcome.complaints}
    path.write_text(json.dumps(whole, indent=1) + "\n", "utf-8")
    sys.exit(1 if outcome.complaints else 0)


def _flat(figures: Figures, before: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, value in figures.items():
        words = f"{before}{name.replace('_', ' ')}"
        if isinstance(value, Mapping):
            rows += _flat(value, f"{words}, ")
        else:
            rows.append((words, f"{value:,.2f}" if isinstance(value, float) else str(value)))
    return rows
