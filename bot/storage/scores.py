"""Scores: how many quizzes somebody saw through, by chat and week."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import scores, users
from bot.storage.upsert import upsert


@dataclass(frozen=True)
class Score:
    """Somebody's points in a chat; the name is empty where it was erased."""

    user_id: int
    name: str
    points: int


class Scores:
    """The table `scores`; commits nothing."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add_point(self, chat_id: int, week: str, user_id: int) -> None:
        """week: ISO 8601, such as 2026-W05."""
        mine = (scores.c.chat_id == chat_id) & (scores.c.week == week) & (scores.c.user_id == user_id)
        before = (await self._connection.execute(select(scores.c.points).where(mine))).scalar() or 0
        row = {"chat_id": chat_id, "week": week, "user_id": user_id, "points": before + 1}
        await upsert(self._connection, scores, row)

    async def best(self, chat_id: int, week: str | None = None, limit: int = 10) -> list[Score]:
        """Whoever has most points in a chat, in one week or in all of them."""
        points = func.sum(scores.c.points)
        statement = select(users.c.id, users.c.name, points).join(users, users.c.id == scores.c.user_id)
        statement = statement.where(scores.c.chat_id == chat_id)
        if week is not None:
            statement = statement.where(scores.c.week == week)
        ordered = statement.group_by(users.c.id, users.c.name).order_by(points.desc(), users.c.id).limit(limit)
        return [Score(row[0], row[1], int(row[2])) for row in await self._connection.execute(ordered)]
