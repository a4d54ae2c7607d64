"""The export: records out of a consistent snapshot, a few at a time, and a tally of them for the data card."""

import datetime as dt
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Row, Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.log import changes, record
from bot.log.card import data_card
from bot.log.files import new_file, refuse_existing
from bot.log.filters import Filter
from bot.log.pseudonyms import Pseudonyms
from bot.log.schema import Schema, Value
from bot.log.tally import Tally
from bot.log.writers import Format, Writer, writer
from bot.storage.database import Database
from bot.storage.tables import consent_texts

Records = Callable[[AsyncConnection, Sequence[Row[Any]], Pseudonyms, Counter[str]], Awaitable[list[tuple[Value, ...]]]]


@dataclass(frozen=True)
class DataSet:
    """What can be exported: how its rows are found, and what records are made of them."""

    schema: Schema
    select: Callable[[Filter], Select[Any]]
    records: Records


PROMPTS = DataSet(record.SCHEMA, record.select_records, record.records_of_prompts)
SETTINGS = DataSet(changes.SCHEMA, changes.select_changes, changes.records_of_changes)
DATA_SETS = {"prompts": PROMPTS, "settings": SETTINGS}

PAGE = 1_000  # rows in memory at a time


async def export_file(
    database: Database, only: Filter, format_: Format, path: Path, key_folder: Path, data: DataSet = PROMPTS
) -> Tally:
    """Write a new file, and its data card beside it; what was written.

    Nothing stands under either name before both are whole. Raises LogError, StorageError.
    """
    card_name = card_path(path)
    refuse_existing(path, card_name)
    tally = Tally(dt.datetime.now(dt.UTC), data.schema)
    with new_file(card_name) as card, new_file(path) as stream:
        with writer(format_, stream, data.schema) as records:
            await write_records(database, only, records, key_folder, tally, data=data)
        card.write(data_card(tally, only, format_, path.name).encode("utf-8"))
        card.flush()
    return tally


def card_path(path: Path) -> Path:
    """Where the data card of an exported file stands."""
    return path.with_name(f"{path.name}.card.md")


async def write_records(
    database: Database,
    only: Filter,
    records: Writer,
    key_folder: Path,
    tally: Tally,
    page: int = PAGE,
    data: DataSet = PROMPTS,
) -> None:
    """Write every record there is now; what the bot writes meanwhile is not among them."""
    pseudonyms = Pseudonyms(key_folder)
    chosen = data.select(only)
    async with database.snapshot() as connection:
        rows = await connection.stream(chosen)
        async for some in rows.partitions(page):
            made = await data.records(connection, some, pseudonyms, tally.found)
            for each in made:
                tally.add(each)
            records.write(made)
        if tally.texts:
            shown = tuple_(consent_texts.c.version, consent_texts.c.language).in_(list(tally.texts))
            for text in await connection.execute(select(consent_texts).where(shown)):
                tally.sentences[text.version, text.language] = text.sentence
