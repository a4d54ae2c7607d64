"""The options that choose prompts, the same for every command of `cotorra logs`."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from bot.errors import LogError
from bot.log.filters import KINDS, OUTCOMES, Filter, parse_time
from model.config import parse_temperature

F = TypeVar("F", bound=Callable[..., Any])

_LARGEST = 2**63 - 1  # that a database takes for an id
_ID = click.IntRange(-_LARGEST, _LARGEST)

_OPTIONS = (
    click.option("--since", metavar="DATE", help="Asked at or after this, such as 2026-01-31 or 2026-01-31T18:00."),
    click.option("--until", metavar="DATE", help="Asked before this; UTC, unless it says otherwise."),
    click.option("--chat", "chats", type=_ID, multiple=True, metavar="ID", help="Of this chat; may be repeated."),
    click.option("--person", "people", type=_ID, multiple=True, metavar="ID", help="Of this person; may be repeated."),
    click.option("--kind", "kinds", type=click.Choice(KINDS), multiple=True, help="May be repeated."),
    click.option("--outcome", "outcomes", type=click.Choice(OUTCOMES), multiple=True, help="May be repeated."),
    click.option("--min-temperature", metavar="T", help="At this temperature or a higher one."),
    click.option("--max-temperature", metavar="T", help="At this temperature or a lower one."),
)
NAMES = ("since", "until", "chats", "people", "kinds", "outcomes", "min_temperature", "max_temperature")


def choosing(command: F) -> F:
    """Give a command the options that choose prompts."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def chosen(options: dict[str, Any], consented: bool = False) -> Filter:
    """The filter of these options. Raises LogError, ConfigError."""
    since, until = (None if options[name] is None else parse_time(options[name]) for name in ("since", "until"))
    if since is not None and until is not None and since >= until:
        raise LogError(f"expected --until after --since, got {since:%Y-%m-%d %H:%M} and {until:%Y-%m-%d %H:%M}")
    low, high = (
        None if options[name] is None else parse_temperature(options[name])
        for name in ("min_temperature", "max_temperature")
    )
    if low is not None and high is not None and low > high:
        raise LogError(f"expected --max-temperature above --min-temperature, got {low:g} and {high:g}")
    return Filter(
        since, until, options["chats"], options["people"], options["kinds"], options["outcomes"], low, high, consented
    )
