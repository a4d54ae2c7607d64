"""The chats the bot was spoken to in."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import chats
from bot.storage.upsert import upsert


@dataclass(frozen=True)
class Chat:
    """A chat as Telegram describes it; `kind` is private, group, supergroup or channel."""

    id: int
    kind: str
    title: str | None = None
    username: str | None = None


class Chats:
    """The table `chats`; commits nothing."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def see(self, chat: Chat, at: dt.datetime) -> None:
        """Note the chat, new or as it is called now."""
        row = vars(chat) | {"first_seen_at": at, "last_seen_at": at}
        await upsert(self._connection, chats, row, keep=("first_seen_at",))

    async def note_presence(self, chat_id: int, left_at: dt.datetime | None) -> None:
        """Since when the bot may not write there; None where it may. Nothing for an unknown chat."""
        await self._connection.execute(update(chats).where(chats.c.id == chat_id).values(left_at=left_at))

    async def left_at(self, chat_id: int) -> dt.datetime | None:
        """Since when the bot may not write there; None where it may, as far as anybody knows."""
        statement = select(chats.c.left_at).where(chats.c.id == chat_id)
        found: dt.datetime | None = (await self._connection.execute(statement)).scalar()
        return found

    async def find(self, chat_id: int) -> Chat | None:
        columns = (chats.c.id, chats.c.kind, chats.c.title, chats.c.username)
        row = (await self._connection.execute(select(*columns).where(chats.c.id == chat_id))).one_or_none()
        return None if row is None else Chat(*row)
