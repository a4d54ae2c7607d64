"""Reading the log: the newest prompts, those that come, and one by its id. Knows no terminal."""

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Collection
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import LogError
from bot.log.filters import Filter, is_consented
from bot.storage.database import Database
from bot.storage.prompts import COLUMNS, WITH_WORDS, Prompt, Prompts, prompt_of
from bot.storage.tables import prompts

PAUSE = 0.5  # seconds between two looks for new prompts
PAGE = 500  # prompts at a look


@dataclass(frozen=True)
class Seen:
    """A prompt as its operator sees it. `allowed`: whether its words may be kept; `shown`: whether they are shown."""

    prompt: Prompt
    allowed: bool
    shown: bool

    @property
    def seed(self) -> str | None:
        """None where it is hidden or erased."""
        return self.prompt.asked.seed_text if self._has_words else None

    @property
    def reply(self) -> str | None:
        """None where it is hidden or erased, and where there is none."""
        return self.prompt.answer.reply_text if self._has_words else None

    @property
    def _has_words(self) -> bool:
        return self.shown and self.prompt.erased_at is None

    def as_json(self) -> str:
        """A line of JSON; times in ISO 8601."""
        row = {"id": self.prompt.id, **asdict(self.prompt.asked), **asdict(self.prompt.answer)}
        row |= {"consent": "allowed" if self.allowed else "none", "erased_at": self.prompt.erased_at}
        row |= {"seed_text": self.seed, "reply_text": self.reply}
        return json.dumps(row, ensure_ascii=False, default=lambda time: time.isoformat())


async def latest(database: Database, only: Filter, limit: int, everybodys: bool = False) -> list[Seen]:
    """The newest prompts, the oldest of them first. `everybodys`: also with words that nobody allowed to be kept."""
    async with database.reading() as connection:
        newest = _select(only).order_by(prompts.c.id.desc()).limit(limit)
        return (await _all(connection, newest, everybodys))[::-1]


async def where_it_stands(database: Database) -> tuple[int, set[int]]:
    """The id of the newest prompt, 0 where there is none; and of the last ones, those that nothing has come of yet."""
    async with database.reading() as connection:
        last = (await connection.execute(select(func.max(prompts.c.id)))).scalar() or 0
        open_ = select(prompts.c.id).where(prompts.c.id > last - PAGE, prompts.c.outcome == "pending")
        return last, set((await connection.execute(open_)).scalars())


async def follow(
    database: Database,
    only: Filter,
    last: int,
    everybodys: bool = False,
    pause: float = PAUSE,
    pending: Collection[int] = (),
) -> AsyncIterator[Seen]:
    """The prompts that come after the one with id `last`, and the pending ones, until cancelled.

    Each is told once something has come of it.
    """
    fresh = dataclasses.replace(only, outcomes=())
    while True:
        async with database.reading() as connection:
            new = _select(fresh).where(prompts.c.id > last).order_by(prompts.c.id).limit(PAGE)
            found = await _all(connection, new, everybodys)
            last = max((seen.prompt.id for seen in found), default=last)
            old = _select(fresh).where(prompts.c.id.in_(sorted(pending)[:PAGE])).order_by(prompts.c.id)
            found = [*await _all(connection, old, everybodys), *found]
        pending = {seen.prompt.id for seen in found if seen.prompt.answer.outcome == "pending"}
        for seen in found:
            outcome = seen.prompt.answer.outcome
            if outcome != "pending" and (not only.outcomes or outcome in only.outcomes):
                yield seen
        await asyncio.sleep(pause)


async def find(database: Database, prompt_id: int) -> Prompt:
    """One prompt. Raises LogError where there is none of this id."""
    prompt = None
    if 0 < prompt_id < 2**63:  # others no database takes
        async with database.reading() as connection:
            prompt = await Prompts(connection).find(prompt_id)
    if prompt is None:
        raise LogError(f"expected the id of a prompt, got {prompt_id}: see cotorra logs list")
    return prompt


def _select(only: Filter) -> Select[Any]:
    columns = [*COLUMNS, is_consented().label("allowed")]
    return select(*columns).select_from(WITH_WORDS).where(*only.conditions(by_id=True))


async def _all(connection: AsyncConnection, statement: Select[Any], everybodys: bool) -> list[Seen]:
    rows = [row._asdict() for row in await connection.execute(statement)]
    return [Seen(prompt_of(row), bool(row["allowed"]), everybodys or bool(row["allowed"])) for row in rows]
