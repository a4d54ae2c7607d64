"""What people thought of a reply: reactions, other takes asked for, games won, the inline result they chose."""

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Literal

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import ratings

RatingKind = Literal["reaction", "again", "warmer", "colder", "chosen", "quiz", "duel"]


@dataclass(frozen=True)
class Rating:
    """One opinion; `user_id` is None where Telegram hides the person. `value`: an emoji, a vote, a number."""

    prompt_id: int
    user_id: int | None
    kind: RatingKind
    value: str
    rated_at: dt.datetime


_COLUMNS = [ratings.c[name] for name in Rating.__dataclass_fields__]


class Ratings:
    """The table `ratings`; commits nothing."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, rating: Rating) -> None:
        await self._connection.execute(insert(ratings).values(**asdict(rating)))

    async def replace(self, prompt_id: int, user_id: int | None, kind: RatingKind, new: list[Rating]) -> None:
        """What somebody thinks now, in place of all they thought before, as with reactions."""
        # Asked for the person too, SQLite would go through all that they ever rated.
        found = select(ratings.c.id, ratings.c.user_id, ratings.c.kind).where(ratings.c.prompt_id == prompt_id)
        rows = await self._connection.execute(found)
        before = [row.id for row in rows if (row.user_id, row.kind) == (user_id, kind)]
        await self._connection.execute(delete(ratings).where(ratings.c.id.in_(before)))
        for rating in new:
            await self.add(rating)

    async def of_prompts(self, prompt_ids: list[int]) -> list[Rating]:
        """The oldest first."""
        return await self._all(ratings.c.prompt_id.in_(prompt_ids))

    async def of_user(self, user_id: int) -> list[Rating]:
        """The oldest first."""
        return await self._all(ratings.c.user_id == user_id)

    async def _all(self, which: ColumnElement[bool]) -> list[Rating]:
        statement = select(*_COLUMNS).where(which).order_by(ratings.c.id)
        return [Rating(*row) for row in await self._connection.execute(statement)]
