"""What was written into groups within the last minute, which is as far as Telegram's limit looks back."""

import datetime as dt

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import group_calls

KEPT = dt.timedelta(seconds=65)  # a minute, and what a call may take to the server


class GroupCalls:
    """The table `group_calls`; commits nothing."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, chat_id: int, now: dt.datetime) -> None:
        """Something is about to be written; what has grown old is forgotten."""
        await self.forget_old(now)
        await self._connection.execute(insert(group_calls).values(chat_id=chat_id, called_at=now))

    async def forget_old(self, now: dt.datetime) -> None:
        later = group_calls.c.called_at > now + KEPT  # a clock that was set back: nobody knows how old that is
        await self._connection.execute(delete(group_calls).where((group_calls.c.called_at < now - KEPT) | later))

    async def recent(self, now: dt.datetime) -> list[tuple[int, dt.datetime]]:
        """(chat, time) of what was written lately, in order."""
        lately = group_calls.c.called_at.between(now - KEPT, now + KEPT)
        found = select(group_calls.c.chat_id, group_calls.c.called_at).where(lately).order_by(group_calls.c.id)
        return [(row.chat_id, row.called_at) for row in await self._connection.execute(found)]

    async def forget_chat(self, chat_id: int) -> None:
        await self._connection.execute(delete(group_calls).where(group_calls.c.chat_id == chat_id))
