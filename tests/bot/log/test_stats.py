"""Figures over the log, as numbers, as bars and as a picture."""

import dataclasses
import io

import pytest
from PIL import Image
from rich.console import Console

from bot.log.bars import bar, show_stats
from bot.log.filters import Filter
from bot.log.picture import WIDTH, draw_stats
from bot.log.stats import Seed, Stats, stats, whole_days
from bot.storage.database import Database
from tests.bot.log.rows import ANA, EVA, HOUR, LUIS, NOON, add, ask, decide


async def test_everything_is_counted(database: Database) -> None:
    await decide(database, ANA, "allowed")
    for number in range(1, 19):
        await add(database, number, "hello" if number % 3 else None, chat=number % 3 + 1, user=(ANA, LUIS)[number % 2])
    await ask(database, 19, "goodbye", chat=None, user=EVA, kind="inline")
    figures = await stats(database, Filter())
    assert (figures.prompts, figures.people, figures.chats) == (19, 3, 3)
    assert figures.by_day == {"2026-01-31": 11, "2026-02-01": 8}
    assert figures.by_kind == {"seed": 18, "inline": 1}
    assert figures.by_outcome == {"answered": 18, "pending": 1}
    assert figures.by_temperature == {"0.5": 19}
    assert figures.by_length == {"300": 18}
    assert figures.latency_ms == {"50": 90, "90": 170, "95": 180, "99": 180}
    assert figures.top_seeds[0] == Seed("hello", 12)


async def test_filters_choose_what_is_counted(database: Database) -> None:
    for number in range(1, 5):
        await add(database, number, chat=number % 2 + 1)
    figures = await stats(database, Filter(chats=(1,), since=NOON + 3 * HOUR))
    assert (figures.prompts, figures.by_day, figures.latency_ms["50"]) == (1, {"2026-01-31": 1}, 40)
    assert [seed.prompts for seed in figures.top_seeds] == [1]


async def test_a_seed_is_shown_only_where_somebody_allowed_it(database: Database) -> None:
    await add(database, 1, "secret", user=LUIS)
    await add(database, 2, "secret", user=EVA)
    assert (await stats(database, Filter())).top_seeds == [Seed(None, 2)]
    await decide(database, ANA, "allowed")
    await add(database, 3, "secret", user=ANA)
    assert (await stats(database, Filter())).top_seeds == [Seed("secret", 3)]


async def test_an_empty_log_is_zeros(database: Database) -> None:
    figures = await stats(database, Filter())
    assert figures == Stats(0, 0, 0, {}, {}, {}, {}, {}, {}, [])
    assert "prompts: 0;" in shown(figures)
    assert picture(figures).width == WIDTH


def test_days_without_prompts_are_days_too() -> None:
    assert whole_days({"2026-01-30": 2, "2026-02-01": 1}) == {"2026-01-30": 2, "2026-01-31": 0, "2026-02-01": 1}


@pytest.mark.parametrize(("count", "text"), [(0, ""), (1, "▏"), (50, "█████"), (100, "██████████"), (44, "████▍")])
def test_a_bar_is_as_long_as_its_count(count: int, text: str) -> None:
    assert bar(count, 100, 10) == text


def shown(figures: Stats, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    show_stats(figures, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def picture(figures: Stats) -> Image.Image:
    stream = io.BytesIO()
    draw_stats(figures, stream)
    return Image.open(stream)


LARGE = Stats(
    10_000_000,
    50_000,
    5_000,
    {f"2026-01-{day:02}": day * 1_000 for day in range(1, 32)},
    {"seed": 9_000_000, "again": 1_000_000},
    {"answered": 9_900_000, "failed": 100_000},
    {"0.5": 9_000_000, "1": 10},
    {"0": 5, "300": 9},
    {"50": 200, "99": 4_000},
    [Seed("hello [red] " * 20, 7), Seed(None, 3)],
)


@pytest.mark.parametrize("width", [40, 80, 200])
def test_bars_fit_into_the_terminal(width: int) -> None:
    lines = shown(LARGE, width).splitlines()
    assert all(len(line) <= width for line in lines)
    assert "prompts: 10,000,000; people" in lines[0]
    assert any("hello [red]" in line for line in lines)
    assert any("nobody allowed it" in line for line in lines)


def test_a_picture_has_a_chart_for_each_block() -> None:
    whole, part = picture(LARGE), picture(dataclasses.replace(LARGE, by_kind={}))
    assert whole.format == "PNG"
    assert whole.height > part.height
    assert len(whole.getcolors(1 << 24) or []) > 3
