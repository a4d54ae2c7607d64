"""Which message of the bot belongs to which prompt, so that a reply or a reaction to it finds the way back."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import reply_messages
from bot.storage.upsert import upsert


class ReplyMessages:
    """The table `reply_messages`; commits nothing."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, chat_id: int, message_ids: Sequence[int], prompt_id: int) -> None:
        """These messages are the prompt's reply; saying so twice is fine."""
        for message_id in message_ids:
            row = {"chat_id": chat_id, "message_id": message_id, "prompt_id": prompt_id}
            await upsert(self._connection, reply_messages, row)

    async def prompt_of(self, chat_id: int, message_id: int) -> int | None:
        """The id of the prompt that the message answers; None where it is no reply of ours."""
        here = (reply_messages.c.chat_id == chat_id) & (reply_messages.c.message_id == message_id)
        found: int | None = (await self._connection.execute(select(reply_messages.c.prompt_id).where(here))).scalar()
        return found
