"""Who was forgotten or took back a yes, by keyed hashes: the database's own copy, for programs that share no folder."""

import datetime as dt

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import tombstones
from bot.storage.upsert import upsert


class TombstoneRows:
    """The table `tombstones`; commits nothing."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def put(self, subject: str, at: dt.datetime) -> None:
        await upsert(self._connection, tombstones, {"subject": subject, "forgotten_at": at})

    async def all(self) -> dict[str, dt.datetime]:
        """Every subject, and when it was forgotten."""
        statement = select(tombstones.c.subject, tombstones.c.forgotten_at)
        return {str(subject): at for subject, at in await self._connection.execute(statement)}
