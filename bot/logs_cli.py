"""`cotorra logs`: the prompt log in a terminal."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import click

from bot import logs as log
from bot.errors import LogError
from bot.settings import read_settings
from bot.storage.database import Database
from bot.storage.errors import StorageError
from bot.storage.prompts import Prompt

T = TypeVar("T")

_chat = click.option("--chat", type=int, help="Only this chat's.")
_since = click.option("--since", help="Only those asked at or after this time, such as 2026-01-31 (UTC).")


@click.group()
def logs() -> None:
    """The prompt log: list, export, stats, replay, purge."""


@logs.command("list")
@_chat
@_since
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="The newest so many.")
@click.option("--json", "as_json", is_flag=True, help="JSON lines, for programs.")
def list_prompts(chat: int | None, since: str | None, limit: int, as_json: bool) -> None:
    """Show the newest prompts."""
    only = _filter(chat, since)
    found = _with_database(lambda database: log.latest(database, only, limit))
    if as_json:
        for prompt in found:
            click.echo(log.as_json(prompt))
    else:
        _show_table(found)


@logs.command()
@_chat
@_since
@click.option("--out", type=click.Path(path_type=Path), help="A new file; stdout without it.")
def export(chat: int | None, since: str | None, out: Path | None) -> None:
    """Write every prompt as a line of JSON, the oldest first."""
    only = _filter(chat, since)
    if out is None:
        _with_database(lambda database: log.export_to(database, only, sys.stdout))
        return
    with log.new_file(out) as stream:
        count = _with_database(lambda database: log.export_to(database, only, stream))
    click.echo(f"{count} prompts in {out}", err=True)


@logs.command()
@_chat
@_since
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def stats(chat: int | None, since: str | None, as_json: bool) -> None:
    """Count prompts, chats, people, outcomes; latency from the update to the delivered reply."""
    only = _filter(chat, since)
    figures = _with_database(lambda database: log.stats(database, only))
    if as_json:
        click.echo(json.dumps(asdict(figures)))
        return
    click.echo(f"prompts  {figures.prompts} in {figures.chats} chats by {figures.people} people")
    for outcome, count in sorted(figures.by_outcome.items()):
        click.echo(f"{outcome:<9}{count}")
    if figures.latency_median is not None:
        click.echo(f"latency  {figures.latency_median} ms median, {figures.latency_95} ms for 95 %")


@logs.command()
@click.argument("prompt_id", type=int, metavar="ID")
def replay(prompt_id: int) -> None:
    """Generate the reply of prompt ID again, from COTORRA_CHECKPOINT; exit code 1 if it differs."""
    from model.generator import load_generator

    prompt = _with_database(lambda database: log.find(database, prompt_id))
    settings = read_settings()
    engine = settings.engine if settings.engine != "auto" else log.engine_of(prompt)
    generator = load_generator(settings.checkpoint, engine)
    text = log.replay(prompt, generator)
    click.echo(text)
    differs = log.difference(prompt, generator, text)
    if differs:
        raise LogError(differs)


@logs.command()
@click.option("--before", required=True, help="Delete the prompts asked before this time (UTC).")
@click.option("--yes", is_flag=True, help="Do not ask.")
def purge(before: str, yes: bool) -> None:
    """Delete old prompts for good."""
    time = log.parse_time(before)
    count = _with_database(lambda database: log.count_before(database, time))
    if count and not yes:
        _confirm(f"Delete {count} prompts asked before {time:%Y-%m-%d %H:%M %Z}?")
    deleted = _with_database(lambda database: log.purge(database, time)) if count else 0
    click.echo(f"{deleted} prompts deleted", err=True)


def _confirm(question: str) -> None:
    try:
        sure = click.confirm(question, err=True)
    except click.Abort:  # nobody is there to answer
        click.echo(err=True)
        sure = False
    if not sure:
        raise LogError("nothing was deleted: answer yes, or use --yes")


def _filter(chat: int | None, since: str | None) -> log.Filter:
    return log.Filter(chat, None if since is None else log.parse_time(since))


def _with_database(work: Callable[[Database], Awaitable[T]]) -> T:
    """Do the work on the database of the settings, which must be there and up to date."""
    from bot.storage.schema import current_version, head

    async def opened() -> T:
        async with Database(read_settings().database()) as database:
            version = await current_version(database)
            if version != head():
                raise StorageError(
                    f"expected tables of version {head()} in {database.name}, got {version or 'none'}: "
                    "run cotorra db upgrade, or name the database with DATABASE_URL"
                )
            return await work(database)

    return asyncio.run(opened())


def _show_table(found: list[Prompt]) -> None:
    from rich.console import Console
    from rich.table import Column, Table
    from rich.text import Text

    narrow = (Column(title, no_wrap=True) for title in ("id", "asked (UTC)", "chat", "temp", "outcome", "ms"))
    wide = (Column("seed", no_wrap=True, ratio=1), Column("reply", no_wrap=True, ratio=2))  # they share the rest
    table = Table(*narrow, *wide, box=None, expand=True, pad_edge=False)
    for prompt in found:
        asked, answer = prompt.asked, prompt.answer
        continuation = (answer.reply_text or "")[len(asked.seed_text) :]
        cells = (
            str(prompt.id),
            f"{asked.asked_at:%m-%d %H:%M}",
            str(asked.chat_id),
            f"{asked.temperature:g}",
            answer.outcome,
            "" if answer.latency_ms is None else str(answer.latency_ms),
            _brief(asked.seed_text),
            _brief(continuation),
        )
        table.add_row(*(Text(cell) for cell in cells))  # Text: people's brackets are no markup
    Console().print(table)


def _brief(text: str, width: int = 80) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"
