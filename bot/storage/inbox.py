"""Updates that came in: each is kept whole until it is done with, and known by its number long after."""

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, case, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import inbox

End = Literal["done", "expired", "failed"]
Stage = Literal["waiting", "done", "expired", "failed"]

_AT_ONCE = 500  # values in one IN (...), which databases bound


@dataclass(frozen=True)
class Arrival:
    """An update as it came. `chat_id` is None where no order has to be kept."""

    bot_id: int
    update_id: int
    chat_id: int | None
    message_id: int | None  # of the new message that it brings, if it brings one
    sent_at: dt.datetime  # by Telegram's clock
    payload: str | None  # JSON
    state: Stage = "waiting"
    attempts: int = 0


@dataclass(frozen=True)
class Waiting:
    """An update's place in the inbox; its content stays on disk until its turn comes."""

    id: int
    update_id: int
    chat_id: int | None
    attempts: int = 0


@dataclass(frozen=True)
class Opened:
    """An update whose turn has come, and how often it was begun before."""

    update_id: int
    payload: str
    sent_at: dt.datetime
    attempts: int


_PLACE = [inbox.c[name] for name in Waiting.__dataclass_fields__]
_CAME = [inbox.c[name] for name in Arrival.__dataclass_fields__]


class Inboxes:
    """The table `inbox`; commits nothing."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, arrivals: Sequence[Arrival]) -> list[Waiting]:
        """Their places, in order; all in one statement."""
        if not arrivals:
            return []
        statement = insert(inbox).returning(*_PLACE, sort_by_parameter_order=True)
        rows = await self._connection.execute(statement, [asdict(arrival) for arrival in arrivals])
        return [Waiting(*row) for row in rows]

    async def waiting(self, bot_id: int) -> list[Waiting]:
        """Every update that nothing has come of yet, in order of arrival."""
        mine = (inbox.c.bot_id == bot_id) & (inbox.c.state == "waiting")
        return [
            Waiting(*row) for row in await self._connection.execute(select(*_PLACE).where(mine).order_by(inbox.c.id))
        ]

    async def arrival(self, place: int) -> Arrival | None:
        """An update that nothing has come of yet, as it came; None if something has."""
        mine = (inbox.c.id == place) & (inbox.c.state == "waiting")
        row = (await self._connection.execute(select(*_CAME).where(mine))).one_or_none()
        return None if row is None else Arrival(*row)

    async def ended(self, bot_id: int) -> list[int]:
        """The updates that something has come of, by their numbers."""
        mine = (inbox.c.bot_id == bot_id) & (inbox.c.state != "waiting")
        return list((await self._connection.execute(select(inbox.c.update_id).where(mine))).scalars())

    async def end_known(self, bot_id: int, update_ids: Sequence[int]) -> list[int]:
        """Nothing more is to be done for those of the updates that wait here; the places that were theirs."""
        ended: list[int] = []
        for start in range(0, len(update_ids), _AT_ONCE):
            same = inbox.c.update_id.in_(update_ids[start : start + _AT_ONCE]) & (inbox.c.bot_id == bot_id)
            ended += await self._drop(same)
        return ended

    async def places(self, bot_id: int, update_ids: Sequence[int]) -> dict[int, int]:
        """The places of those of the updates that came, by their numbers."""
        found: dict[int, int] = {}
        for start in range(0, len(update_ids), _AT_ONCE):
            same = inbox.c.update_id.in_(update_ids[start : start + _AT_ONCE]) & (inbox.c.bot_id == bot_id)
            rows = await self._connection.execute(select(inbox.c.update_id, inbox.c.id).where(same))
            found |= {row.update_id: row.id for row in rows}
        return found

    async def open(self, place: int) -> Opened | None:
        """The update, counted as begun once more; None if it waits no longer."""
        before = inbox.c.attempts - 1
        mine = (inbox.c.id == place) & (inbox.c.state == "waiting") & inbox.c.payload.is_not(None)
        counted = update(inbox).where(mine).values(attempts=inbox.c.attempts + 1)
        opened = counted.returning(inbox.c.update_id, inbox.c.payload, inbox.c.sent_at, before)
        row = (await self._connection.execute(opened)).one_or_none()
        return None if row is None else Opened(*row)

    async def set_attempts(self, place: int, attempts: int) -> None:
        await self._connection.execute(update(inbox).where(inbox.c.id == place).values(attempts=attempts))

    async def uncount(self, place: int) -> None:
        """The attempt at hand does not count; that it was begun once stays known."""
        fewer = case((inbox.c.attempts > 1, inbox.c.attempts - 1), else_=1)
        await self._connection.execute(update(inbox).where(inbox.c.id == place).values(attempts=fewer))

    async def end(self, place: int, state: End) -> None:
        """Nothing more is to be done for it; its content goes."""
        await self._connection.execute(update(inbox).where(inbox.c.id == place).values(state=state, payload=None))

    async def forget(self, bot_id: int, keep: int) -> int:
        """Delete updates that are done with, but for the last ones to arrive; how many they were."""
        newest = select(func.max(inbox.c.id)).where(inbox.c.bot_id == bot_id).scalar_subquery()
        old = (inbox.c.bot_id == bot_id) & (inbox.c.state != "waiting") & (inbox.c.id <= newest - keep)
        return (await self._connection.execute(delete(inbox).where(old))).rowcount

    async def forget_chat(self, chat_id: int) -> None:
        """What waits from a chat is not answered any more, and no row tells its number; that updates came stays."""
        await self._drop(inbox.c.chat_id == chat_id)
        here = update(inbox).where(inbox.c.chat_id == chat_id)
        await self._connection.execute(here.values(chat_id=None, message_id=None))

    async def forget_person(self, user_id: int) -> list[int]:
        """What a person said or pressed is not answered any more, wherever it waits; the places that were theirs."""
        waiting = select(inbox.c.id, inbox.c.payload).where(inbox.c.state == "waiting", inbox.c.payload.is_not(None))
        theirs = [row.id for row in await self._connection.execute(waiting) if _names(row.payload, user_id)]
        for start in range(0, len(theirs), _AT_ONCE):
            await self._drop(inbox.c.id.in_(theirs[start : start + _AT_ONCE]))
        return theirs

    async def _drop(self, which: ColumnElement[bool]) -> list[int]:
        dropped = update(inbox).where(which, inbox.c.state == "waiting").values(state="done", payload=None)
        return list((await self._connection.execute(dropped.returning(inbox.c.id))).scalars())

    async def message_ids(self, bot_id: int, above: int) -> list[tuple[int, int]]:
        """(chat, message) of the messages with higher ids that came in."""
        later = (inbox.c.bot_id == bot_id) & (inbox.c.message_id > above)
        rows = await self._connection.execute(select(inbox.c.chat_id, inbox.c.message_id).where(later))
        return [(row.chat_id, row.message_id) for row in rows]


def _names(payload: str, user_id: int) -> bool:
    """Whether the update comes from this person, or holds something that does or that names them."""
    levels: list[Any] = [json.loads(payload)]
    while levels:
        value = levels.pop()
        if isinstance(value, dict):
            if value.get("id") == user_id:  # of a person or their private chat: no other numbers are called so
                return True
            levels += value.values()
        elif isinstance(value, list):
            levels += value
    return False
