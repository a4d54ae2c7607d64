"""The export: records out of a consistent snapshot, a few at a time, and a tally of them for the data card."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select, tuple_

from bot.log.card import data_card
from bot.log.files import new_file, refuse_existing
from bot.log.filters import Filter
from bot.log.pseudonyms import Pseudonyms
from bot.log.record import record_of, select_records
from bot.log.tally import Tally
from bot.log.writers import Format, Writer, writer
from bot.storage.database import Database
from bot.storage.ratings import Rating, Ratings
from bot.storage.tables import consent_texts

PAGE = 1_000  # rows in memory at a time


async def export_file(database: Database, only: Filter, format_: Format, path: Path, key_folder: Path) -> Tally:
    """Write a new file, and its data card beside it; what was written.

    Nothing stands under either name before both are whole. Raises LogError, StorageError.
    """
    card_name = card_path(path)
    refuse_existing(path, card_name)
    tally = Tally(dt.datetime.now(dt.UTC))
    with new_file(card_name) as card, new_file(path) as stream:
        with writer(format_, stream) as records:
            await write_records(database, only, records, key_folder, tally)
        card.write(data_card(tally, only, format_, path.name).encode("utf-8"))
        card.flush()
    return tally


def card_path(path: Path) -> Path:
    """Where the data card of an exported file stands."""
    return path.with_name(f"{path.name}.card.md")


async def write_records(
    database: Database, only: Filter, records: Writer, key_folder: Path, tally: Tally, page: int = PAGE
) -> None:
    """Write every record there is now; what the bot writes meanwhile is not among them."""
    pseudonyms = Pseudonyms(key_folder)
    async with database.snapshot() as connection:
        rows = await connection.stream(select_records(only))
        async for some in rows.partitions(page):
            ratings = await _ratings(Ratings(connection), some)
            made = [record_of(row, ratings[row.id], pseudonyms, tally.found) for row in some]
            for record in made:
                tally.add(record)
            records.write(made)
        if tally.texts:
            shown = tuple_(consent_texts.c.version, consent_texts.c.language).in_(list(tally.texts))
            for text in await connection.execute(select(consent_texts).where(shown)):
                tally.sentences[text.version, text.language] = text.sentence


async def _ratings(table: Ratings, rows: Sequence[Row[Any]]) -> dict[int, list[Rating]]:
    found: dict[int, list[Rating]] = defaultdict(list)
    for rating in await table.of_prompts([row.id for row in rows]):
        found[rating.prompt_id].append(rating)
    return found
