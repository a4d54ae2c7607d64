"""Prompts as a readable table: one line each, at any width."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from bot.log.reading import Seen

HIDDEN = "(not allowed)"  # to be kept; --all shows it
ERASED = "(erased)"
_COLUMNS = {"id": 8, "asked (UTC)": 11, "chat": 14, "kind": 8, "temp": 4, "outcome": 8, "ms": 6}  # and their widths
_WIDE = 110  # characters of a terminal; narrower ones do without the chat and the time it took
_LEFT_OUT = ("chat", "ms")


def show_table(found: Sequence[Seen], console: Console, *, head: bool = True) -> None:
    """A row for each prompt; `head`: with titles above."""
    shown = [name for name in _COLUMNS if console.width >= _WIDE or name not in _LEFT_OUT]
    facts = (Column(name, no_wrap=True, min_width=_COLUMNS[name]) for name in shown)
    words = (Column("seed", no_wrap=True, ratio=1), Column("reply", no_wrap=True, ratio=2))  # they share the rest
    table = Table(*facts, *words, box=None, expand=True, pad_edge=False, show_header=head)
    for seen in found:
        cells = dict(zip(_COLUMNS, _facts(seen), strict=True))
        row = (*(cells[name] for name in shown), *_words(seen))
        table.add_row(*(Text(cell) for cell in row))  # Text: people's brackets are no markup
    console.print(table)


def _facts(seen: Seen) -> tuple[str, ...]:
    asked, answer = seen.prompt.asked, seen.prompt.answer
    return (
        str(seen.prompt.id),
        f"{asked.asked_at:%m-%d %H:%M}",
        "inline" if asked.chat_id is None else str(asked.chat_id),
        asked.kind,
        f"{asked.temperature:g}",
        answer.outcome,
        "" if answer.latency_ms is None else str(answer.latency_ms),
    )


def _words(seen: Seen) -> tuple[str, str]:
    if seen.prompt.erased_at is not None:
        return ERASED, ""
    if not seen.shown:
        return HIDDEN, ""
    seed = seen.seed or ""
    return _brief(seed), _brief((seen.reply or "")[len(seed) :])


def _brief(text: str, width: int = 80) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"
