"""`cotorra db`: the database's tables, seen and brought up to date."""

import asyncio
import json

import click

from bot.settings import read_settings
from bot.storage.database import Database, refuse_missing
from bot.storage.errors import StorageError


@click.group()
def db() -> None:
    """The database's tables: upgrade, current, check."""


@db.command()
def upgrade() -> None:
    """Bring the tables up to date; `run` and `demo` do it too."""
    from bot.storage.schema import head, prepare_schema

    async def work() -> bool:
        address = read_settings().database()
        async with Database(address) as database:
            return await prepare_schema(database, address)

    done = asyncio.run(work())
    click.echo(f"{'upgraded to' if done else 'already at'} version {head()}")


@db.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def current(as_json: bool) -> None:
    """The version of the tables, and the newest this program knows."""
    name, version, newest = asyncio.run(_versions())
    if as_json:
        click.echo(json.dumps({"database": name, "version": version, "newest": newest}))
    else:
        click.echo(f"{name}: version {version or 'none'}, newest {newest}")


@db.command()
def check() -> None:
    """Whether the database can be used as it is: exit code 0 if so, 1 with a sentence if not."""
    name, version, newest = asyncio.run(_versions())
    if version != newest:
        raise StorageError(
            f"expected tables of version {newest} in {name}, got {version or 'none'}: cotorra db upgrade"
        )
    click.echo(f"{name}: version {version}, sound")


async def _versions() -> tuple[str, str | None, str]:
    from bot.storage.schema import check_soundness, current_version, head

    address = read_settings().database()
    refuse_missing(address)
    async with Database(address) as database:
        version = await current_version(database)
        await check_soundness(database)
        return database.name, version, head()
