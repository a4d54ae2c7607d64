"""`cotorra logs`: the prompt log in a terminal."""

import asyncio
import datetime as dt
import json
import signal
import threading
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import click

from bot.errors import LogError
from bot.log.filters import Filter, parse_time
from bot.log.options import choosing, chosen
from bot.settings import read_settings
from bot.storage.database import Database, refuse_missing
from bot.storage.errors import StorageError

T = TypeVar("T")

EVERYBODYS = (
    "This includes the words of people who did not allow them to be kept or used: it is for your own eyes. "
    "Do not train on it, publish it or pass it on."
)
_all = click.option("--all", "everybodys", is_flag=True, help="Also words that nobody allowed to be kept or used.")
_json = click.option("--json", "as_json", is_flag=True, help="For programs.")


@click.group()
def logs() -> None:
    """The prompt log: list, export, stats, replay, serve, purge."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: what is half written is taken away


@logs.command("list")
@choosing
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1), help="The newest so many.")
@click.option("--follow", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="JSON lines, for programs.")
@_all
def list_prompts(limit: int, follow: bool, as_json: bool, everybodys: bool, **options: Any) -> None:
    """Show the newest prompts; words only where people allowed them to be kept."""
    only = chosen(options)
    try:
        _with_database(lambda database: _list(database, only, limit, follow, as_json, everybodys))
    except KeyboardInterrupt:
        if not follow:  # to end it so is what it was asked for
            raise


async def _list(database: Database, only: Filter, limit: int, follow: bool, as_json: bool, everybodys: bool) -> None:
    from rich.console import Console

    from bot.log import reading
    from bot.log.listing import show_table

    console = Console()
    last, pending = await reading.where_it_stands(database)
    found = await reading.latest(database, only, limit, everybodys)
    for seen in found if as_json else ():
        click.echo(seen.as_json())
    if not as_json:
        show_table(found, console)
    if not follow:
        return
    async for seen in reading.follow(database, only, last, everybodys, pending=pending):
        if as_json:
            click.echo(seen.as_json())
        else:
            show_table([seen], console, head=False)


@logs.command()
@choosing
@click.option("--what", type=click.Choice(("prompts", "settings")), default="prompts", help="Or settings changes.")
@click.option("--format", "format_", type=click.Choice(("jsonl", "csv", "parquet")), help="jsonl, or as --out ends.")
@click.option("--out", type=click.Path(path_type=Path), help="A new file, with a data card beside it; else stdout.")
@_all
def export(what: str, format_: str | None, out: Path | None, everybodys: bool, **options: Any) -> None:
    """Write a data set: what people allowed to be used, people as codes, personal data masked."""
    from bot.log.export import DATA_SETS, export_file
    from bot.log.purge import check_purged
    from bot.log.tally import Tally

    data = DATA_SETS[what]
    only = chosen(options, consented=not everybodys)
    chosen_format: Any = format_ or _format_of(out)
    folder = read_settings().data_dir.expanduser()
    if everybodys:
        click.secho(f"WARNING: {EVERYBODYS}", err=True, fg="red", bold=True)

    async def write(database: Database) -> Tally | None:
        await check_purged(database, folder)
        if out is None:
            await _export_to_stdout(database, only, chosen_format, folder, data)
            return None
        return await export_file(database, only, chosen_format, out, folder, data)

    if (tally := _with_database(write)) is not None:
        click.echo(f"{tally.records} {data.schema.rows} in {out}, with a data card beside it", err=True)


async def _export_to_stdout(database: Database, only: Filter, format_: Any, folder: Path, data: Any) -> None:
    from bot.log.export import write_records
    from bot.log.files import standard_output
    from bot.log.tally import Tally
    from bot.log.writers import writer

    if format_ == "parquet":
        raise LogError("expected --out FILE for Parquet, which is no text for a terminal")
    with standard_output() as stream, writer(format_, stream, data.schema) as records:
        await write_records(database, only, records, folder, Tally(dt.datetime.now(dt.UTC), data.schema), data=data)


@logs.command()
@choosing
@_json
@click.option("--png", type=click.Path(path_type=Path), help="Draw them into a new file.")
def stats(as_json: bool, png: Path | None, **options: Any) -> None:
    """Count prompts by day, kind, outcome, temperature and length; latencies and top seeds."""
    from bot.log.stats import stats as count

    only = chosen(options)
    figures = _with_database(lambda database: count(database, only))
    if png is not None:
        from bot.log.files import new_file
        from bot.log.picture import draw_stats

        with new_file(png) as stream:
            draw_stats(figures, stream)
    if as_json:
        click.echo(json.dumps(asdict(figures), ensure_ascii=False))
    elif png is None:
        from rich.console import Console

        from bot.log.bars import show_stats

        show_stats(figures, Console(highlight=False))


@logs.command()
@click.argument("prompt_id", type=int, metavar="ID")
def replay(prompt_id: int) -> None:
    """Generate the reply of prompt ID again, from the voice that gave it; exit code 1 if it differs."""
    from bot.log.reading import find
    from bot.log.replay import Replay, checkpoint_of, load_replay
    from model.generator import load_generator

    async def load(database: Database) -> Replay:
        return await load_replay(database, await find(database, prompt_id))

    loaded = _with_database(load)
    settings = read_settings()
    engine = settings.engine if settings.engine != "auto" else loaded.engine
    voices = settings.voice_folders.find()
    folder = checkpoint_of(loaded.prompt, voices.values()) if len(voices) > 1 else None
    generator = load_generator(folder or settings.checkpoint, engine)
    text = loaded.text(generator)
    click.echo(text)
    if differs := loaded.difference(generator, text):
        raise LogError(differs)


@logs.command()
@click.option("--port", default=8801, show_default=True, type=click.IntRange(0, 65535), help="On this machine.")
def serve(port: int) -> None:
    """Browse the live database in Datasette, read-only; needs the extra `logs` and SQLite."""
    from bot.log import browsing
    from bot.storage.database import parse_url

    async def is_there(database: Database) -> None:
        """The tables are those that we describe."""

    _with_database(is_there)
    datasette = browsing.browser(parse_url(read_settings().database()))
    click.echo(f"The log is at http://{browsing.LOOPBACK}:{port}, for your own eyes (Ctrl-C ends it)", err=True)
    browsing.serve(datasette, port)


@logs.command()
@click.option("--before", metavar="DATE", help="Delete whole prompts asked before this, words and facts (UTC).")
@click.option("--yes", is_flag=True, help="Do not ask.")
def purge(before: str | None, yes: bool) -> None:
    """Do now what the bot does every hour: erase what is due, and again whom a restored backup brought back.

    With --before, delete old prompts for good besides.
    """
    from bot.log.purge import count_before, delete_before, purge_all

    time = None if before is None else parse_time(before)
    if time is not None:
        count = _with_database(lambda database: count_before(database, time))
        if count and not yes:
            _confirm(f"Delete {count} prompts asked before {time:%Y-%m-%d %H:%M %Z}?")
    settings = read_settings()
    purged = _with_database(
        lambda database: purge_all(database, settings.data_dir.expanduser(), settings.retention_days)
    )
    click.echo(f"{purged}", err=True)
    if time is not None:
        deleted = _with_database(lambda database: delete_before(database, time)) if count else 0
        click.echo(f"{deleted} prompts deleted", err=True)


def _format_of(out: Path | None) -> str:
    ending = "" if out is None else out.suffix.lower().removeprefix(".")
    return ending if ending in ("csv", "parquet") else "jsonl"


def _confirm(question: str) -> None:
    try:
        sure = click.confirm(question, err=True)
    except click.Abort:  # nobody is there to answer
        click.echo(err=True)
        sure = False
    if not sure:
        raise LogError("nothing was deleted: answer yes, or use --yes")


def _with_database(work: Callable[[Database], Awaitable[T]]) -> T:
    """Do the work on the database of the settings, which must be there and up to date."""
    from bot.storage.schema import current_version, head

    async def opened() -> T:
        address = read_settings().database()
        refuse_missing(address)
        async with Database(address) as database:
            version = await current_version(database)
            if version != head():
                raise StorageError(
                    f"expected tables of version {head()} in {database.name}, got {version or 'none'}: "
                    "run cotorra db upgrade, or name the database with DATABASE_URL"
                )
            return await work(database)

    return asyncio.run(opened())
