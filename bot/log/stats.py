"""Figures over the log, computed by the database along its indexes, so that ten million prompts take seconds."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.log.filters import Filter, is_consented
from bot.storage.database import Database
from bot.storage.tables import prompt_texts, prompts

QUANTILES = (50, 90, 95, 99)  # percent
SEEDS = 10
LENGTH_STEP = 100  # characters, the width of a bar of reply lengths
TEMPERATURE_STEP = 0.1

Counts = dict[str, int]
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Seed:
    """A seed that was asked for often. `text`: None where nobody who asked for it allowed it to be kept."""

    text: str | None
    prompts: int


@dataclass(frozen=True)
class Stats:
    """Figures over the log.

    by_day: by ISO date, UTC. by_temperature, by_length: by the lower end of a range of 0.1, of 100 characters.
    latency_ms: by percentile, over answered prompts, from the message's arrival to the reply's delivery.
    """

    prompts: int
    people: int
    chats: int
    by_day: Counts
    by_kind: Counts
    by_outcome: Counts
    by_temperature: Counts
    by_length: Counts
    latency_ms: dict[str, int]
    top_seeds: list[Seed]


async def stats(database: Database, only: Filter) -> Stats:
    """Count what the filter chooses; all figures are of one moment."""
    where = only.conditions()
    async with database.snapshot() as connection:
        total = await _scalar(connection, select(func.count()).select_from(prompts).where(*where))
        people = await _distinct(connection, prompts.c.user_id, where)
        chats = await _distinct(connection, prompts.c.chat_id, where)
        by_day = await _days(connection, where)
        grouped = await _groups(connection, where)
        latencies = await _latencies(connection, where)
        seeds = await _seeds(connection, where)
    by_kind: Counts = {}
    by_outcome: Counts = {}
    by_temperature: dict[float, int] = {}
    by_length: dict[int, int] = {}
    for kind, outcome, temperature, length, count in grouped:
        by_kind[kind] = by_kind.get(kind, 0) + count
        by_outcome[outcome] = by_outcome.get(outcome, 0) + count
        step = round(int(temperature / TEMPERATURE_STEP + 1e-9) * TEMPERATURE_STEP, 1)
        by_temperature[step] = by_temperature.get(step, 0) + count
        if length is not None:
            low = length // LENGTH_STEP * LENGTH_STEP
            by_length[low] = by_length.get(low, 0) + count
    return Stats(
        total,
        people,
        chats,
        by_day,
        _largest_first(by_kind),
        _largest_first(by_outcome),
        {f"{key:g}": by_temperature[key] for key in sorted(by_temperature)},
        {str(key): by_length[key] for key in sorted(by_length)},
        latencies,
        seeds,
    )


async def _scalar(connection: AsyncConnection, statement: Select[int]) -> int:
    value: int = (await connection.execute(statement)).scalar_one()
    return value


async def _distinct(connection: AsyncConnection, column: ColumnElement[Any], where: list[ColumnElement[bool]]) -> int:
    """How many values: walks along the column's index where count(DISTINCT) would build a tree."""
    values = select(column).where(column.is_not(None), *where).distinct()
    return await _scalar(connection, select(func.count()).select_from(values.subquery()))


async def _days(connection: AsyncConnection, where: list[ColumnElement[bool]]) -> Counts:
    """Day by day along the index of times, where grouping by the day would sort everything first."""
    ends = select(func.min(prompts.c.asked_at)), select(func.max(prompts.c.asked_at))
    first, last = [(await connection.execute(end.where(*where))).scalar() for end in ends]
    found: Counts = {}
    day = None if first is None else first.replace(hour=0, minute=0, second=0, microsecond=0)
    while day is not None and last is not None and day <= last:
        here = (prompts.c.asked_at >= day, prompts.c.asked_at < day + _DAY)
        if count := await _scalar(connection, select(func.count()).select_from(prompts).where(*here, *where)):
            found[day.date().isoformat()] = count
        day += _DAY
    return found


async def _groups(
    connection: AsyncConnection, where: list[ColumnElement[bool]]
) -> list[tuple[str, str, float, int | None, int]]:
    """(kind, outcome, temperature, characters, count), in the order of the one index that has them all."""
    columns = (prompts.c.kind, prompts.c.outcome, prompts.c.temperature, prompts.c.characters)
    statement = select(*columns, func.count()).where(*where).group_by(*columns)
    return [(*row,) for row in await connection.execute(statement)]


async def _latencies(connection: AsyncConnection, where: list[ColumnElement[bool]]) -> dict[str, int]:
    known = select(prompts.c.latency_ms).where(prompts.c.latency_ms.is_not(None), *where)
    count = await _scalar(connection, select(func.count()).select_from(known.subquery()))
    found: dict[str, int] = {}
    for percent in QUANTILES if count else ():
        at = known.order_by(prompts.c.latency_ms).offset(-(-percent * count // 100) - 1).limit(1)
        found[str(percent)] = await _scalar(connection, at)
    return found


async def _seeds(connection: AsyncConnection, where: list[ColumnElement[bool]]) -> list[Seed]:
    """The most frequent, counted by their hashes; shown where somebody who asked for it allowed it to be kept."""
    counted = func.count().label("prompts")
    hashes = select(prompt_texts.c.seed_hash, counted).where(prompt_texts.c.seed_hash.is_not(None))
    joined = hashes.join(prompts, prompts.c.id == prompt_texts.c.prompt_id).where(*where) if where else hashes
    often = joined.group_by(prompt_texts.c.seed_hash).order_by(counted.desc(), prompt_texts.c.seed_hash).limit(SEEDS)
    found = []
    for hash_, count in (await connection.execute(often)).all():
        text = select(prompt_texts.c.seed_text).join(prompts, prompts.c.id == prompt_texts.c.prompt_id)
        allowed = text.where(prompt_texts.c.seed_hash == hash_, is_consented(), *where).limit(1)
        found.append(Seed((await connection.execute(allowed)).scalar(), count))
    return found


def _largest_first(counts: Counts) -> Counts:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def whole_days(by_day: Counts) -> Counts:
    """The same, with a zero for each day on which nobody asked."""
    if not by_day:
        return {}
    first, last = dt.date.fromisoformat(min(by_day)), dt.date.fromisoformat(max(by_day))
    days = (first + dt.timedelta(days=n) for n in range((last - first).days + 1))
    return {day.isoformat(): by_day.get(day.isoformat(), 0) for day in days}
