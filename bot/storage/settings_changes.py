"""Who changed which setting of a chat, from what to what, and when."""

import datetime as dt
from dataclasses import asdict, dataclass

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import settings_changes


@dataclass(frozen=True)
class SettingsChange:
    """One setting, changed once; `user_id` is None where Telegram hides the person."""

    chat_id: int
    user_id: int | None
    name: str
    old: str
    new: str
    changed_at: dt.datetime


class SettingsChanges:
    """The table `settings_changes`; commits nothing."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, change: SettingsChange) -> None:
        await self._connection.execute(insert(settings_changes).values(**asdict(change)))

    async def of_chat(self, chat_id: int) -> list[SettingsChange]:
        """The oldest first."""
        columns = [column for column in settings_changes.c if column.name != "id"]
        statement = select(*columns).where(settings_changes.c.chat_id == chat_id).order_by(settings_changes.c.id)
        return [SettingsChange(*row) for row in await self._connection.execute(statement)]
