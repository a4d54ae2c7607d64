"""Prompts and other rows erased in batches, and the words of prompts wherever they were copied to.

Each batch is read ahead, so that nobody waits for the disk. It knows not whose they are, nor why they go.
"""

import datetime as dt
from collections.abc import Callable, Sequence

from sqlalchemy import ColumnElement, Select, Table, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.batches import in_batches
from bot.storage.database import Database
from bot.storage.prompt_texts import PromptTexts
from bot.storage.prompts import Prompts
from bot.storage.quotations import Quotations
from bot.storage.read_ahead import read_entries, read_rows
from bot.storage.tables import game_options, prompt_texts, prompts, quotations, ratings, reply_messages, states


class BatchErasure:
    """Each method takes as many transactions as it needs, and returns to how many rows it was done.

    Methods raise StorageError, and can be called again.

    now: the time, for the note when words were erased.
    """

    def __init__(self, database: Database, now: Callable[[], dt.datetime]) -> None:
        self._database = database
        self._now = now

    async def erase_words(self, found: Select[int]) -> int:
        """The words of prompts that are then not found any more; their copies' stay."""
        return await in_batches(self._database, lambda _: found, self._erase_words, _read_words)

    async def erase_words_everywhere(self, which: ColumnElement[bool]) -> int:
        """The words of prompts of which something then holds no more, and their copies'."""

        async def erase(connection: AsyncConnection, ids: Sequence[int]) -> None:
            await self._erase_words(connection, await _with_copies(connection, ids))

        async def read(connection: AsyncConnection, ids: Sequence[int]) -> None:
            await _read_words(connection, await _with_copies(connection, ids))

        found = select(prompts.c.id).where(which)
        return await in_batches(self._database, lambda _: found, erase, read)

    async def delete_prompts(self, which: ColumnElement[bool]) -> int:
        """Whole prompts; of their copies the words alone."""

        async def erase(connection: AsyncConnection, ids: Sequence[int]) -> None:
            if copies := await Prompts(connection).copies(ids):
                await self._erase_words(connection, copies)
            await Prompts(connection).delete(ids)

        async def read(connection: AsyncConnection, ids: Sequence[int]) -> None:
            await _read_words(connection, await _with_copies(connection, ids))
            await read_entries(connection, prompts, ids)
            for column in (reply_messages.c.prompt_id, ratings.c.prompt_id, game_options.c.prompt_id):
                await read_rows(connection, column, ids)

        found = select(prompts.c.id).where(which)
        return await in_batches(self._database, lambda _: found, erase, read)

    async def release(self, which: ColumnElement[bool]) -> int:
        """Prompts, and their copies, are no longer covered by a consent."""

        async def release(connection: AsyncConnection, ids: Sequence[int]) -> None:
            both = await _with_copies(connection, ids)
            await connection.execute(update(prompts).where(prompts.c.id.in_(both)).values(consent_id=None))

        async def read(connection: AsyncConnection, ids: Sequence[int]) -> None:
            await read_rows(connection, prompts.c.id, await _with_copies(connection, ids))

        found = select(prompts.c.id).where(which, prompts.c.consent_id.is_not(None)).order_by(prompts.c.id)
        return await in_batches(self._database, lambda last: found.where(prompts.c.id > last), release, read)

    async def delete_rows(self, table: Table, which: ColumnElement[bool]) -> int:
        """Those rows of a table with one key of which something holds."""
        (key,) = table.primary_key

        async def erase(connection: AsyncConnection, ids: Sequence[int]) -> None:
            await connection.execute(delete(table).where(key.in_(ids), which))

        async def read(connection: AsyncConnection, ids: Sequence[int]) -> None:
            await read_entries(connection, table, ids)

        found = select(key).where(which)
        return await in_batches(self._database, lambda _: found, erase, read)

    async def _erase_words(self, connection: AsyncConnection, ids: Sequence[int]) -> None:
        await PromptTexts(connection).erase(ids)
        await Quotations(connection).drop(ids)
        await connection.execute(delete(states).where(states.c.prompt_id.in_(ids)))
        gone = {"erased_at": self._now(), "consent_id": None}
        await connection.execute(update(prompts).where(prompts.c.id.in_(ids)).values(**gone))


async def _read_words(connection: AsyncConnection, ids: Sequence[int]) -> None:
    """What `_erase_words` writes."""
    await read_rows(connection, prompts.c.id, ids)
    for table in (prompt_texts, states, quotations):
        await read_entries(connection, table, ids)


async def _with_copies(connection: AsyncConnection, ids: Sequence[int]) -> list[int]:
    """Prompts, and those with copies of their words."""
    return [*ids, *await Prompts(connection).copies(ids)]
