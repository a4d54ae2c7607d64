"""What each chat has set: temperature, top-p, length."""

from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import settings
from bot.storage.upsert import upsert
from model.config import SamplingConfig

DEFAULT_LENGTH = 300  # characters: a paragraph, read before one loses interest


@dataclass(frozen=True)
class ChatSettings:
    """How the bot talks in a chat; `length` in characters."""

    temperature: float = SamplingConfig().temperature
    top_p: float = SamplingConfig().top_p
    length: int = DEFAULT_LENGTH

    @property
    def sampling(self) -> SamplingConfig:
        return SamplingConfig(self.temperature, self.top_p)


class SettingsOfChats:
    """The table `settings`; commits nothing. A chat without a row has the defaults."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, chat_id: int) -> ChatSettings:
        columns = (settings.c.temperature, settings.c.top_p, settings.c.length)
        found = await self._connection.execute(select(*columns).where(settings.c.chat_id == chat_id))
        row = found.one_or_none()
        return ChatSettings() if row is None else ChatSettings(*row)

    async def put(self, chat_id: int, new: ChatSettings) -> None:
        await upsert(self._connection, settings, {"chat_id": chat_id} | asdict(new))
