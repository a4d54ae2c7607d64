"""Until when Telegram wants nothing in which chats."""

import datetime as dt

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import chat_pauses
from bot.storage.upsert import upsert


class ChatPauses:
    """The table `chat_pauses`; commits nothing."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def put(self, chat_id: int, now: dt.datetime, over_at: dt.datetime) -> None:
        """Nothing is wanted in a chat before then; what is over elsewhere is forgotten."""
        await self.forget_old(now)
        await upsert(self._connection, chat_pauses, {"chat_id": chat_id, "told_at": now, "over_at": over_at})

    async def forget_old(self, now: dt.datetime) -> None:
        # Told later than now: the clock was set back, and nobody knows when that is over.
        gone = or_(chat_pauses.c.over_at <= now, chat_pauses.c.told_at > now)
        await self._connection.execute(delete(chat_pauses).where(gone))

    async def left(self, now: dt.datetime) -> list[tuple[int, dt.datetime]]:
        """(chat, end) of those that go on."""
        lasts = (chat_pauses.c.over_at > now) & (chat_pauses.c.told_at <= now)
        found = select(chat_pauses.c.chat_id, chat_pauses.c.over_at).where(lasts)
        return [(row.chat_id, row.over_at) for row in await self._connection.execute(found)]

    async def forget_chat(self, chat_id: int) -> None:
        await self._connection.execute(delete(chat_pauses).where(chat_pauses.c.chat_id == chat_id))
