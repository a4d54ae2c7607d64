"""The prompt log for its operator: rows as JSON, export, figures, replay, purge.

Knows no terminal: bot.logs_cli shows what is found here.
"""

import datetime as dt
import json
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import func, select

from bot.errors import LogError
from bot.storage.database import Database
from bot.storage.prompts import Prompt, Prompts
from bot.storage.tables import prompts
from bot.text import clean
from model.config import SamplingConfig
from model.generator import ENGINES, Generator
from model.sampling import Rng

PAGE = 500  # rows in memory at a time
PURGE = 1_000  # rows deleted in one transaction, so that no reply waits long for the lock


@dataclass(frozen=True)
class Filter:
    """Which prompts: of one chat, asked at or after a time; None leaves either open."""

    chat_id: int | None = None
    since: dt.datetime | None = None


@dataclass(frozen=True)
class Stats:
    """Figures over the log; latencies in milliseconds, over answered prompts, None where there are none."""

    prompts: int
    chats: int
    people: int
    by_outcome: dict[str, int]
    latency_median: int | None
    latency_95: int | None


def as_json(prompt: Prompt) -> str:
    """A prompt as a line of JSON; times in ISO 8601."""
    row = {"id": prompt.id, **asdict(prompt.asked), **asdict(prompt.answer)}
    row["asked_at"] = prompt.asked.asked_at.isoformat()
    return json.dumps(row, ensure_ascii=False)


def parse_time(text: str) -> dt.datetime:
    """An ISO 8601 date or time; UTC unless it says otherwise. Raises LogError."""
    try:
        time = dt.datetime.fromisoformat(text)
    except ValueError:
        raise LogError(f"expected a date such as 2026-01-31 or 2026-01-31T18:00, got {text[:40]!r}") from None
    return time if time.tzinfo else time.replace(tzinfo=dt.UTC)


async def latest(database: Database, only: Filter, limit: int) -> list[Prompt]:
    """The newest prompts, the oldest of them first."""
    async with database.reading() as connection:
        return await Prompts(connection).latest(limit, only.chat_id, only.since)


async def each(database: Database, only: Filter) -> AsyncIterator[Prompt]:
    """Every prompt there is now, the oldest first, a page at a time."""
    async with database.reading() as connection:
        last: int = (await connection.execute(select(func.max(prompts.c.id)))).scalar() or 0
    after = 0
    while True:
        async with database.reading() as connection:
            page = await Prompts(connection).page(after, PAGE, only.chat_id, only.since)
        for prompt in page:
            if prompt.id > last:
                return
            yield prompt
        if len(page) < PAGE:
            return
        after = page[-1].id


async def export_to(database: Database, only: Filter, stream: TextIO) -> int:
    """Write JSON lines; how many they were."""
    count = 0
    async for prompt in each(database, only):
        stream.write(as_json(prompt) + "\n")
        count += 1
    return count


@contextmanager
def new_file(path: Path) -> Iterator[TextIO]:
    """A file that has its name only once it is whole and on the disk.

    Raises LogError where there is one of this name already, or none can be written.
    """
    if path.exists():
        raise LogError(f"expected a new file, but {path} exists: choose another name")
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise LogError(f"expected to write into {path.parent}: {error.strerror}") from error
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            yield stream
            stream.flush()
            os.fsync(handle)
        os.link(name, path)  # unlike a renaming, it refuses to replace a file made meanwhile
    except OSError as error:
        raise LogError(f"expected to write {path}: {error.strerror}") from error
    finally:
        Path(name).unlink()


async def stats(database: Database, only: Filter) -> Stats:
    """Counts and latencies, computed by the database."""
    where = _where(only)
    async with database.reading() as connection:
        counted = select(
            func.count(), func.count(prompts.c.chat_id.distinct()), func.count(prompts.c.user_id.distinct())
        ).where(*where)
        total, chats, people = (await connection.execute(counted)).one()
        grouped = select(prompts.c.outcome, func.count()).where(*where).group_by(prompts.c.outcome)
        outcomes = {str(name): int(count) for name, count in await connection.execute(grouped)}
        latency = (
            select(prompts.c.latency_ms)
            .where(*where, prompts.c.outcome == "answered", prompts.c.latency_ms.is_not(None))
            .order_by(prompts.c.latency_ms)
        )
        answered: int = (await connection.execute(select(func.count()).select_from(latency.subquery()))).scalar_one()
        at = [latency.offset(int(share * max(answered - 1, 0))).limit(1) for share in (0.5, 0.95)]
        middle, high = [(await connection.execute(statement)).scalar() for statement in at]
    return Stats(total, chats, people, outcomes, middle, high)


async def find(database: Database, prompt_id: int) -> Prompt:
    """One prompt. Raises LogError where there is none of this id."""
    async with database.reading() as connection:
        prompt = await Prompts(connection).find(prompt_id)
    if prompt is None:
        raise LogError(f"expected the id of a prompt, got {prompt_id}: see cotorra logs list")
    return prompt


def engine_of(prompt: Prompt) -> str:
    """The engine that gave the reply, as load_generator calls it: another may draw another text."""
    name = prompt.asked.fingerprint.rpartition("/")[2].partition("-")[0]
    return name if name in ENGINES else "auto"


def replay(prompt: Prompt, generator: Generator) -> str:
    """The text that this generator gives for the prompt now."""
    asked = prompt.asked
    state = generator.feed(generator.initial_state(), asked.seed_text)
    sampling = SamplingConfig(asked.temperature, asked.top_p)
    chunk = generator.generate(state, asked.length, sampling, Rng(asked.rng_seed))
    return clean(asked.seed_text + chunk.text)


def difference(prompt: Prompt, generator: Generator, text: str) -> str | None:
    """What differs from the reply that was sent, in a sentence; None where nothing does."""
    sent = prompt.answer.reply_text
    if prompt.asked.fingerprint != generator.fingerprint:
        return f"this checkpoint is {generator.fingerprint}, the reply came from {prompt.asked.fingerprint}"
    if sent is None:
        return f"there was no reply: the prompt is {prompt.answer.outcome}"
    if sent != text:
        same = next((i for i, (a, b) in enumerate(zip(sent, text, strict=False)) if a != b), min(len(sent), len(text)))
        return f"the text differs from its character {same + 1} on, with the same checkpoint and engine"
    return None


async def count_before(database: Database, time: dt.datetime) -> int:
    """How many prompts were asked before this time."""
    async with database.reading() as connection:
        counted: int = (await connection.execute(select(func.count()).where(prompts.c.asked_at < time))).scalar_one()
    return counted


async def purge(database: Database, time: dt.datetime) -> int:
    """Delete the prompts asked before this time, some at a time; how many they were."""
    deleted = 0
    while True:
        async with database.writing() as connection:
            count = await Prompts(connection).delete_before(time, PURGE)
        deleted += count
        if count < PURGE:
            return deleted


def _where(only: Filter) -> list[Any]:
    conditions: list[Any] = []
    if only.chat_id is not None:
        conditions.append(prompts.c.chat_id == only.chat_id)
    if only.since is not None:
        conditions.append(prompts.c.asked_at >= only.since)
    return conditions
