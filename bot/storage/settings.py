"""What each chat has set: how the bot talks there, when it speaks unasked, and who may change that."""

from dataclasses import asdict, dataclass
from typing import Literal

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import settings
from bot.storage.upsert import upsert
from model.config import SamplingConfig

DEFAULT_LENGTH = 300  # characters: a paragraph, read before one loses interest
DEFAULT_COOLDOWN = 600  # seconds between two chime-ins: ten minutes of talk are not interrupted twice

Ending = Literal["length", "sentence", "line"]
WhoMayChange = Literal["everybody", "admins"]
WhoMayPress = Literal["asker", "admins", "everybody"]


@dataclass(frozen=True)
class ChatSettings:
    """How the bot talks in a chat.

    length: characters, at most. ending: where a reply ends before that. chime_in_percent: of the messages that
    are none of the bot's business; 0 is never. chime_in_cooldown: seconds. quiet_from, quiet_until: minutes since
    midnight in UTC, None without quiet hours. language: an IETF tag, None for each person's own. voice: the name of
    a checkpoint of the operator's, None for the first.
    """

    temperature: float = SamplingConfig().temperature
    top_p: float = SamplingConfig().top_p
    length: int = DEFAULT_LENGTH
    ending: Ending = "length"
    chime_in_percent: int = 0  # nobody likes to be interrupted by a machine they did not ask
    chime_in_cooldown: int = DEFAULT_COOLDOWN
    quiet_from: int | None = None
    quiet_until: int | None = None
    who_may_change: WhoMayChange = "everybody"
    who_may_press: WhoMayPress = "asker"
    language: str | None = None
    voice: str | None = None

    @property
    def sampling(self) -> SamplingConfig:
        return SamplingConfig(self.temperature, self.top_p)


_COLUMNS = [settings.c[name] for name in ChatSettings.__dataclass_fields__]

_OF_CHAT = select(*_COLUMNS).where(settings.c.chat_id == bindparam("chat_id"))  # built once, asked with each update


class SettingsOfChats:
    """The table `settings`; commits nothing. A chat without a row has the defaults."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self, chat_id: int) -> ChatSettings:
        row = (await self._connection.execute(_OF_CHAT, {"chat_id": chat_id})).one_or_none()
        return ChatSettings() if row is None else ChatSettings(*row)

    async def put(self, chat_id: int, new: ChatSettings) -> None:
        await upsert(self._connection, settings, {"chat_id": chat_id} | asdict(new))
