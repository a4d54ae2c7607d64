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
    bot_id: int | None = None  # the update that asked for it
    update_id: int | None = None


_COLUMNS = [settings_changes.c[name] for name in SettingsChange.__dataclass_fields__]


class SettingsChanges:
    """The table `settings_changes`; commits nothing."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, change: SettingsChange) -> None:
        await self._connection.execute(insert(settings_changes).values(**asdict(change)))

    async def of_update(self, bot_id: int, update_id: int) -> list[SettingsChange]:
        """What this update of Telegram changed already, if it was handled before."""
        same = (settings_changes.c.bot_id == bot_id) & (settings_changes.c.update_id == update_id)
        return [SettingsChange(*row) for row in await self._connection.execute(select(*_COLUMNS).where(same))]

    async def of_chat(self, chat_id: int) -> list[SettingsChange]:
        """The oldest first."""
        statement = select(*_COLUMNS).where(settings_changes.c.chat_id == chat_id).order_by(settings_changes.c.id)
        return [SettingsChange(*row) for row in await self._connection.execute(statement)]
