"""A group that became a supergroup, which is another chat with another id: everything it has goes along.

Its prompts may be millions: they go in batches, after all else, the newest first.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.batches import in_batches
from bot.storage.chats import Chat, Chats
from bot.storage.database import Database
from bot.storage.tables import chats, deliveries, games, inbox, prompts, scores, settings, settings_changes, states

_SUPERGROUP = "supergroup"


async def move_prompts(database: Database, old: int, new: int) -> None:
    """Make all but a few of a group's prompts the supergroup's, before `move_chat`; may be done again."""

    async def move(connection: AsyncConnection, ids: Sequence[int]) -> None:
        await connection.execute(update(prompts).where(prompts.c.id.in_(ids)).values(chat_id=new))

    async with database.writing() as connection:
        if not await _move_all_else(connection, old, new):
            return
    newest = select(prompts.c.id).where(prompts.c.chat_id == old).order_by(prompts.c.asked_at.desc())
    await in_batches(database, lambda _: newest, move)


async def move_chat(connection: AsyncConnection, old: int, new: int) -> bool:
    """Make everything of a group the supergroup's; whether there was anything. Commits nothing; may be done again.

    What the supergroup has of its own stays. Which message was whose reply does not go along: there ids begin anew.
    """
    if not await _move_all_else(connection, old, new):
        return False
    await connection.execute(update(prompts).where(prompts.c.chat_id == old).values(chat_id=new))
    await connection.execute(delete(chats).where(chats.c.id == old))
    return True


async def _move_all_else(connection: AsyncConnection, old: int, new: int) -> bool:
    """Everything but its prompts, and the group's own row, which they need; whether that is there."""
    group = (await connection.execute(select(chats).where(chats.c.id == old))).one_or_none()
    if group is None:
        return False
    if await Chats(connection).find(new) is None:
        await Chats(connection).see(Chat(new, _SUPERGROUP, group.title, group.username), group.first_seen_at)
    await connection.execute(update(chats).where(chats.c.id == new).values(former_id=old))
    for table in (settings_changes, states, games):
        await connection.execute(update(table).where(table.c.chat_id == old).values(chat_id=new))
    if await _count(connection, settings, new) == 0:
        await connection.execute(update(settings).where(settings.c.chat_id == old).values(chat_id=new))
    await _move_scores(connection, old, new)
    return True


async def redirect(connection: AsyncConnection, bot_id: int, old: int, new: int) -> int:
    """What waits in a group is answered in the supergroup; how many updates that are."""
    mine = (inbox.c.bot_id == bot_id) & (inbox.c.chat_id == old) & (inbox.c.state == "waiting")
    rows = (await connection.execute(select(inbox.c.id, inbox.c.payload).where(mine))).all()
    for row in rows:
        payload = json.dumps(_elsewhere(json.loads(row.payload or "null"), old, new))
        await connection.execute(update(inbox).where(inbox.c.id == row.id).values(payload=payload, chat_id=new))
    waiting = (deliveries.c.chat_id == old) & deliveries.c.message_id.is_(None)
    # Nothing arrived there: the group takes no messages any more.
    await connection.execute(update(deliveries).where(waiting).values(chat_id=new, above=None))
    return len(rows)


async def _move_scores(connection: AsyncConnection, old: int, new: int) -> None:
    """A week's points of both are added."""
    for row in (await connection.execute(select(scores).where(scores.c.chat_id == old))).all():
        same = (scores.c.chat_id == new) & (scores.c.week == row.week) & (scores.c.user_id == row.user_id)
        added = update(scores).where(same).values(points=scores.c.points + row.points)
        if (await connection.execute(added)).rowcount:
            continue
        mine = (scores.c.chat_id == old) & (scores.c.week == row.week) & (scores.c.user_id == row.user_id)
        await connection.execute(update(scores).where(mine).values(chat_id=new))


async def _count(connection: AsyncConnection, table: Any, chat_id: int) -> int:
    statement = select(func.count()).select_from(table).where(table.c.chat_id == chat_id)
    found: int = (await connection.execute(statement)).scalar_one()
    return found


def _elsewhere(value: Any, old: int, new: int) -> Any:
    """An update in which the group is the supergroup, wherever it is named."""
    if isinstance(value, list):
        return [_elsewhere(item, old, new) for item in value]
    if not isinstance(value, dict):
        return value
    moved = {name: _elsewhere(item, old, new) for name, item in value.items()}
    if moved.get("id") == old and "type" in moved:
        moved |= {"id": new, "type": _SUPERGROUP}
    return moved
