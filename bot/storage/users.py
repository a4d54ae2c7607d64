"""The people who spoke to the bot."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import users
from bot.storage.upsert import upsert


@dataclass(frozen=True)
class User:
    """A person as Telegram describes them; `language` is an IETF tag."""

    id: int
    name: str
    username: str | None = None
    language: str | None = None


class Users:
    """The table `users`; commits nothing."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def see(self, user: User, at: dt.datetime) -> None:
        """Note the person, new or as they are called now."""
        # Deleted accounts have no name, whatever the libraries' types say.
        row = vars(user) | {"name": user.name or "", "first_seen_at": at, "last_seen_at": at}
        await upsert(self._connection, users, row, keep=("first_seen_at",))

    async def find(self, user_id: int) -> User | None:
        columns = (users.c.id, users.c.name, users.c.username, users.c.language)
        row = (await self._connection.execute(select(*columns).where(users.c.id == user_id))).one_or_none()
        return None if row is None else User(*row)
