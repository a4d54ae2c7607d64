"""Every prompt: who asked what, where, when and under which settings, and what came of it."""

import datetime as dt
from dataclasses import asdict, dataclass
from typing import Literal

from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import prompts

Kind = Literal["seed", "message"]
Outcome = Literal["pending", "answered", "failed", "refused"]


@dataclass(frozen=True)
class Asked:
    """A prompt as it was asked. With the checkpoint of the fingerprint, it says what the reply will be."""

    bot_id: int
    update_id: int
    chat_id: int
    user_id: int | None  # None where Telegram hides the person
    message_id: int
    kind: Kind
    asked_at: dt.datetime
    seed_text: str
    temperature: float
    top_p: float
    length: int  # characters
    rng_seed: int
    fingerprint: str


@dataclass(frozen=True)
class Answer:
    """What came of a prompt; nothing but the outcome where there was no reply."""

    outcome: Outcome
    reply_text: str | None = None
    reply_message_id: int | None = None
    latency_ms: int | None = None
    characters_per_second: float | None = None


@dataclass(frozen=True)
class Prompt:
    """A row of the log."""

    id: int
    asked: Asked
    answer: Answer


_ASKED = tuple(Asked.__dataclass_fields__)
_ANSWER = tuple(Answer.__dataclass_fields__)
_COLUMNS = [prompts.c[name] for name in ("id", *_ASKED, *_ANSWER)]


class Prompts:
    """The table `prompts`; commits nothing."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, asked: Asked) -> Prompt:
        """A new row, pending."""
        answer = Answer("pending")
        statement = insert(prompts).values(**asdict(asked), **asdict(answer)).returning(prompts.c.id)
        return Prompt((await self._connection.execute(statement)).scalar_one(), asked, answer)

    async def complete(self, prompt_id: int, answer: Answer) -> None:
        await self._connection.execute(update(prompts).where(prompts.c.id == prompt_id).values(**asdict(answer)))

    async def find(self, prompt_id: int) -> Prompt | None:
        return await self._one(select(*_COLUMNS).where(prompts.c.id == prompt_id))

    async def find_update(self, bot_id: int, update_id: int) -> Prompt | None:
        """The prompt that this update of Telegram brought."""
        same = (prompts.c.bot_id == bot_id) & (prompts.c.update_id == update_id)
        return await self._one(select(*_COLUMNS).where(same))

    async def page(
        self, after: int = 0, limit: int = 500, chat_id: int | None = None, since: dt.datetime | None = None
    ) -> list[Prompt]:
        """The next prompts with an id above `after`, the oldest first."""
        statement = _filtered(select(*_COLUMNS), chat_id, since).where(prompts.c.id > after)
        return await self._all(statement.order_by(prompts.c.id).limit(limit))

    async def latest(
        self, limit: int = 20, chat_id: int | None = None, since: dt.datetime | None = None
    ) -> list[Prompt]:
        """The newest prompts, the oldest of them first."""
        statement = _filtered(select(*_COLUMNS), chat_id, since)
        return (await self._all(statement.order_by(prompts.c.id.desc()).limit(limit)))[::-1]

    async def delete_before(self, time: dt.datetime, limit: int) -> int:
        """Delete at most `limit` prompts asked before this time; how many they were."""
        old = select(prompts.c.id).where(prompts.c.asked_at < time).limit(limit)
        return (await self._connection.execute(delete(prompts).where(prompts.c.id.in_(old)))).rowcount

    async def _one(self, statement: Select[tuple[object, ...]]) -> Prompt | None:
        found = await self._all(statement)
        return found[0] if found else None

    async def _all(self, statement: Select[tuple[object, ...]]) -> list[Prompt]:
        found = []
        for row in await self._connection.execute(statement):
            fields = row._asdict()
            asked = Asked(**{name: fields[name] for name in _ASKED})
            found.append(Prompt(fields["id"], asked, Answer(**{name: fields[name] for name in _ANSWER})))
        return found


def _filtered(
    statement: Select[tuple[object, ...]], chat_id: int | None, since: dt.datetime | None
) -> Select[tuple[object, ...]]:
    if chat_id is not None:
        statement = statement.where(prompts.c.chat_id == chat_id)
    if since is not None:
        statement = statement.where(prompts.c.asked_at >= since)
    return statement
