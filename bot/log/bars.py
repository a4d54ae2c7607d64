"""Figures as bars in a terminal."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.log.stats import LENGTH_STEP, Counts, Stats, whole_days

DAYS = 30  # the newest so many are shown
_EIGHTHS = " ▏▎▍▌▋▊▉"  # of a character's width


def show_stats(figures: Stats, console: Console) -> None:
    """Everything, one block after another."""
    console.print(f"prompts: {figures.prompts:,}; people: {figures.people:,}; chats: {figures.chats:,}")
    for percent, value in figures.latency_ms.items():
        console.print(f"{percent} % of the replies came within {value:,} ms")
    for title, counts in blocks(figures):
        if counts:
            console.print(f"\n{title}")
            console.print(_bars(counts, console.width))
    if figures.top_seeds:
        console.print("\ntop seeds")
        for seed in figures.top_seeds:
            text = "(nobody allowed it to be shown)" if seed.text is None else " ".join(seed.text.split())
            line = Text(f"{seed.prompts:>9,}  {text}", no_wrap=True, overflow="ellipsis")
            console.print(line)


def blocks(figures: Stats) -> Iterator[tuple[str, Counts]]:
    """Each title and its bars, in the order in which they are shown."""
    days = whole_days(figures.by_day)
    yield "days (UTC)", dict(list(days.items())[-DAYS:])
    yield "kinds", figures.by_kind
    yield "outcomes", figures.by_outcome
    yield "temperatures", {f"{float(low):.1f}": count for low, count in figures.by_temperature.items()}
    lengths = figures.by_length.items()
    yield "reply lengths, characters", {f"{low} to {int(low) + LENGTH_STEP - 1}": count for low, count in lengths}


def _bars(counts: Counts, width: int) -> Table:
    """A row for each count; the longest bar takes the width that is left."""
    highest = max(counts.values())
    names = max(map(len, counts))
    room = max(10, width - names - len(f"{highest:,}") - 6)
    table = Table(box=None, show_header=False, pad_edge=False)
    for _ in range(3):
        table.add_column(no_wrap=True)
    table.columns[1].justify = "right"
    for name, count in counts.items():
        table.add_row(Text(name), f"{count:,}", Text(bar(count, highest, room), style="cyan"))
    return table


def bar(count: int, highest: int, width: int) -> str:
    """A bar of at most `width` characters, to an eighth of one; something that is there is never invisible."""
    eighths = max(round(count / max(highest, 1) * width * 8), 1 if count else 0)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()
