"""What the network remembers after the last replies of a chat, so that /more goes on with the very same state."""

import datetime as dt

from sqlalchemy import bindparam, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import prompts, states
from bot.storage.upsert import upsert

KEPT = 8  # per chat, or topic of one: the replies whose buttons are still on the screen, 16 KB each

_TOPIC = select(prompts.c.thread_id).where(prompts.c.id == bindparam("prompt_id")).scalar_subquery()
_NEWEST = (
    select(states.c.prompt_id)
    .join(prompts, prompts.c.id == states.c.prompt_id)
    .where(states.c.chat_id == bindparam("chat_id"), prompts.c.thread_id.is_not_distinct_from(_TOPIC))
    .order_by(states.c.prompt_id.desc())
)
_OLD = _NEWEST.offset(KEPT)  # built once


class States:
    """The table `states`; commits nothing."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def save(self, prompt_id: int, chat_id: int, state: bytes, at: dt.datetime) -> None:
        """Keep the state after this prompt's reply; the oldest of its chat, or topic, goes."""
        row = {"prompt_id": prompt_id, "chat_id": chat_id, "state": state, "saved_at": at}
        await upsert(self._connection, states, row)
        old = (await self._connection.execute(_OLD, {"prompt_id": prompt_id, "chat_id": chat_id})).scalars().all()
        if old:
            await self._connection.execute(delete(states).where(states.c.prompt_id.in_(old)))

    async def find(self, prompt_id: int) -> bytes | None:
        """The state after this prompt's reply, as State.to_bytes wrote it; None where it is gone."""
        statement = select(states.c.state).where(states.c.prompt_id == prompt_id)
        found: bytes | None = (await self._connection.execute(statement)).scalar()
        return found
