"""The chats the bot was spoken to in."""

import datetime as dt
from dataclasses import asdict, dataclass

from sqlalchemy import select
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
        row = asdict(chat) | {"first_seen_at": at, "last_seen_at": at}
        await upsert(self._connection, chats, row, keep=("first_seen_at",))

    async def find(self, chat_id: int) -> Chat | None:
        columns = (chats.c.id, chats.c.kind, chats.c.title, chats.c.username)
        row = (await self._connection.execute(select(*columns).where(chats.c.id == chat_id))).one_or_none()
        return None if row is None else Chat(*row)
