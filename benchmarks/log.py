"""The prompt log at size: python -m benchmarks.log [--rows 10000000] [--database FILE] [--step purge].

Generates a database as years of use would leave it, then measures what the bot does in it, what its operator does,
and how long a reply ever waits while the log is purged, by the bot itself and by `cotorra logs purge`. `--database`
keeps the file, to be used again; what was due in it is erased after the step `purge`, which then needs a fresh one.
"""

import argparse
import asyncio
import datetime as dt
import json
import multiprocessing
import os
import random
import resource
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from rich.console import Console
from rich.table import Table

from bot.log.export import export_file
from bot.log.filters import KINDS, Filter
from bot.log.stats import stats
from bot.privacy.retention import Purged, Retention
from bot.privacy.terms import Terms
from bot.storage import schema
from bot.storage.book import Book, Occasion
from bot.storage.chats import Chat
from bot.storage.consent_book import ConsentBook
from bot.storage.database import Database
from bot.storage.prompt_texts import hash_of
from bot.storage.prompts import Answer
from bot.storage.users import User

RESULTS = Path(__file__).parent / "results" / "log.json"
NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
DAYS = 730  # that the generated log spans
KEPT_DAYS = 30  # of words that nobody allowed to be kept
UNPURGED = 45  # days of them: half a month of them is due
STEPS = ("queries", "stats", "export", "purge")
PAGE = 50_000  # prompts generated at a time
EXPORTED = 5  # a fifth of the time is exported: of ten million prompts a million whose words people allowed
CALLS = 300  # of each of the bot's queries
COLD_CALLS = 100  # of each, with nothing of the file in memory
STATE = 16_384  # bytes of two layers of 1024
EVERY = 0.01  # seconds between two replies while the log is purged
_FINGERPRINT = "0123456789abcdef0123456789abcdef/litert-int8"
_WORDS = ("la", "cotorra", "no", "calla", "ni", "debajo", "del", "agua", "y", "lo", "que", "oye", "lo", "cuenta")


@dataclass(frozen=True)
class World:
    """Who is in the generated log. A person's number is from 1 to `people`, a chat's below zero."""

    rows: int

    @property
    def people(self) -> int:
        return max(self.rows // 200, 10)

    @property
    def chats(self) -> int:
        return max(self.rows // 2_000, 5)

    def allowed(self, user: int) -> bool:
        """Two in five allowed their words to be kept."""
        return user % 5 < 2


def generate(path: Path, world: World) -> None:
    """A database of so many prompts, in order of time; indexes are made at the end, which is quicker."""
    address = f"sqlite:///{path}"
    schema.upgrade(address)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        made = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        found = f"{made} AND tbl_name LIKE 'prompt%'"
        indexes = connection.execute(found).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        _people(connection, world)
        chance = random.Random(1)
        text = " ".join(chance.choice(_WORDS) for _ in range(20_000))
        for first in range(1, world.rows + 1, PAGE):
            _insert_prompts(connection, world, first, min(PAGE, world.rows + 1 - first), text)
            connection.commit()
        for _, sql in indexes:
            connection.execute(sql)
        connection.commit()
        connection.execute("PRAGMA journal_mode = WAL")


def _people(connection: sqlite3.Connection, world: World) -> None:
    then = _stored(NOW - dt.timedelta(days=DAYS))
    people = ((n, f"Person {n}", None, "es", then, _stored(NOW), "1") for n in range(1, world.people + 1))
    connection.executemany("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?)", people)
    places = ((-n, "group", f"Group {n}", None, then, _stored(NOW), None) for n in range(1, world.chats + 1))
    connection.executemany("INSERT INTO chats VALUES (?, ?, ?, ?, ?, ?, ?, NULL)", places)
    question = Terms().question()
    connection.execute(
        "INSERT INTO consent_texts VALUES (?, ?, ?, ?)", (question.version, "en", question.sentence, then)
    )
    decisions = (
        (n, n, question.version, "en", "allowed", then, None) for n in range(1, world.people + 1) if world.allowed(n)
    )
    connection.executemany("INSERT INTO consents VALUES (?, ?, ?, ?, ?, ?, ?)", decisions)


_COLUMNS = (
    *("id", "bot_id", "update_id", "part", "chat_id", "user_id", "message_id", "kind", "asked_at", "temperature"),
    *("top_p", "repetition_brake", "length", "ending", "rng_seed", "fingerprint", "consent_id", "outcome"),
    *("reply_message_id", "characters", "latency_ms", "waiting_ms", "generating_ms", "characters_per_second"),
    "erased_at",
)


def _insert_prompts(connection: sqlite3.Connection, world: World, first: int, count: int, text: str) -> None:
    """The prompts with so many ids from `first` on: a few people, chats and seeds have most of them."""
    chance = np.random.default_rng(first)
    ids = range(first, first + count)
    begin = (NOW - dt.timedelta(days=DAYS)).timestamp()
    seconds = begin + DAYS * 86_400 * np.arange(first, first + count) / world.rows
    asked_at = [f"{time} " for time in np.datetime_as_string(seconds.astype("datetime64[s]"), unit="s")]
    asked_at = [time.replace("T", " ").strip() + ".000000" for time in asked_at]
    users = np.minimum(chance.pareto(0.6, count) + 1, world.people).astype(int).tolist()
    chats = (-np.minimum(chance.pareto(0.5, count) + 1, world.chats).astype(int)).tolist()
    seeds = (np.minimum(chance.pareto(0.4, count), 1e12).astype(int) % 1_000_000).tolist()
    characters = np.minimum(chance.exponential(250, count) + 20, 2_000).astype(int).tolist()
    kinds = np.where(chance.random(count) < 0.7, "seed", chance.choice(KINDS, count)).tolist()
    temperatures = chance.choice((0.3, 0.5, 0.5, 0.5, 0.7, 1.0, 1.3), count).tolist()
    outcomes = np.where(chance.random(count) < 0.98, "answered", "failed").tolist()
    latencies = chance.lognormal(5.5, 0.7, count).astype(int).tolist()
    rng_seeds = chance.integers(0, 2**63 - 1, count).tolist()
    places = chance.integers(0, len(text) - 2_000, count).tolist()
    is_recent = (seconds > NOW.timestamp() - UNPURGED * 86_400).tolist()
    allowed = [world.allowed(user) for user in users]
    rows = (
        (
            *(
                id_,
                1,
                id_,
                0,
                chats[n],
                users[n],
                id_,
                kinds[n],
                asked_at[n],
                temperatures[n],
                1.0,
                0.05,
                300,
                "length",
            ),
            *(rng_seeds[n], _FINGERPRINT, users[n] if allowed[n] else None, outcomes[n], id_, characters[n]),
            *(latencies[n], 5, characters[n] // 8, 8_000.0, None if allowed[n] or is_recent[n] else asked_at[n]),
        )
        for n, id_ in enumerate(ids)
    )
    into = f"INSERT INTO prompts ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608
    connection.executemany(into, rows)
    asked = [f"{_WORDS[seed % len(_WORDS)]} {seed} " for seed in seeds]
    words = (
        (id_, asked[n], asked[n] + text[places[n] : places[n] + characters[n]], hash_of(asked[n]))
        for n, id_ in enumerate(ids)
        if allowed[n] or is_recent[n]
    )
    connection.executemany("INSERT INTO prompt_texts VALUES (?, ?, ?, ?)", words)
    messages = ((chats[n], id_, id_) for n, id_ in enumerate(ids[:1_000]))
    connection.executemany("INSERT INTO reply_messages VALUES (?, ?, ?)", messages)
    states = ((id_, chats[n], bytes(STATE), asked_at[n]) for n, id_ in enumerate(ids) if not id_ % 1_000)
    connection.executemany("INSERT INTO states (prompt_id, chat_id, state, saved_at) VALUES (?, ?, ?, ?)", states)


def _stored(time: dt.datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S.%f")


# --- measuring ------------------------------------------------------------------------------------------


class Replier:
    """What the bot does for a reply, in the database alone."""

    def __init__(self, database: Database, world: World) -> None:
        self._database = database
        self._world = world
        self._book = Book(database, Terms().version)
        self._number = int(time.time() * 1_000)
        self._chance = random.Random(2)

    async def reply(self) -> None:
        """A prompt from its arrival to its end."""
        self._number += 1
        user = self._chance.randrange(1, self._world.people)
        chat = Chat(-self._chance.randrange(1, self._world.chats), "group", "Group")
        occasion = Occasion(1, self._number, chat, User(user, "Person"), self._number, dt.datetime.now(dt.UTC))
        prompt = await self._book.open_prompt(occasion, "seed", "la cotorra ", 1, "f")
        answer = Answer("answered", "la cotorra calla", self._number, 100, 8_000.0, 5)
        await self._book.close_prompt(prompt.id, answer, state=bytes(STATE))

    def queries(self) -> dict[str, Callable[[], Awaitable[object]]]:
        """Each of the bot's own questions to the log."""
        book, consents, chance, world = self._book, ConsentBook(self._database), self._chance, self._world

        def person() -> int:
            return chance.randrange(1, world.people)

        def chat() -> int:
            return -chance.randrange(1, world.chats)

        version = Terms().version
        return {
            "a reply's rows, opened and closed": self.reply,
            "a prompt by its id": lambda: book.find_prompt(chance.randrange(1, world.rows)),
            "a prompt by its message": lambda: book.prompt_of_message(chat(), chance.randrange(1, world.rows)),
            "a chat's settings": lambda: book.settings(chat()),
            "a chat's last reply": lambda: book.last_prompt(chat()),
            "a person's decision": lambda: consents.decision(person()),
            "whether a person is to be asked": lambda: consents.is_due(person(), version, 1, None),
        }


async def milliseconds(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return (time.perf_counter() - began) * 1_000


async def measure_queries(replier: Replier, file: BinaryIO, calls: int = CALLS) -> dict[str, dict[str, float]]:
    """Median and 99th percentile of each, in milliseconds, and those with nothing of the file in memory.

    file: the database, opened before and closed after SQLite has it: closing it takes SQLite's locks away.
    """
    found = {}
    for name, work in replier.queries().items():
        await work()
        times = [await milliseconds(work) for _ in range(calls)]
        found[name] = {"median": statistics.median(times), "99 %": _percentile(times)}
        if hasattr(os, "posix_fadvise"):
            cold = []
            for _ in range(min(calls, COLD_CALLS)):
                _drop(file)
                cold.append(await milliseconds(work))
            found[name] |= {"cold median": statistics.median(cold), "cold 99 %": _percentile(cold)}
    return found


def _percentile(times: list[float], percent: int = 99) -> float:
    return sorted(times)[max(len(times) * percent // 100 - 1, 0)]


def _drop(file: BinaryIO) -> None:
    """Have the system forget what it keeps of a file in memory; the connections keep two megabytes each."""
    os.fsync(file.fileno())
    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


async def measure_purge(replier: Replier, purge: Callable[[], Awaitable[Purged]]) -> dict[str, float]:
    """How long the purge takes, and how long replies' rows took meanwhile, in milliseconds."""
    times: list[float] = []

    async def reply_for_ever() -> None:
        while True:
            times.append(await milliseconds(replier.reply))
            await asyncio.sleep(EVERY)

    replies = asyncio.create_task(reply_for_ever())
    began = time.perf_counter()
    purged = await purge()
    seconds = time.perf_counter() - began
    replies.cancel()
    await asyncio.gather(replies, return_exceptions=True)
    times = times or [await milliseconds(replier.reply)]  # it was over at once
    slowest = {"median_ms": statistics.median(times), "99_%_ms": _percentile(times), "longest_reply_ms": max(times)}
    return {"seconds": seconds, "words": purged.words, "states": purged.states, "replies": len(times), **slowest}


def _purge(path: Path, folder: Path) -> Purged:
    """As `cotorra logs purge`, in a process of its own."""

    async def opened() -> Purged:
        async with Database(f"sqlite:///{path}") as database:
            return await Retention(database, folder, KEPT_DAYS).purge(whole=True)

    return asyncio.run(opened())


async def measure_purges(database: Database, replier: Replier, path: Path, folder: Path) -> dict[str, dict[str, float]]:
    """Half of what is due is purged by the bot, and half by the command beside it."""
    halfway = Retention(database, folder, (UNPURGED + KEPT_DAYS) // 2)
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        await loop.run_in_executor(pool, _nothing)  # its start is not measured
        return {
            "by the bot": await measure_purge(replier, lambda: halfway.purge(whole=True)),
            "by the command": await measure_purge(replier, lambda: loop.run_in_executor(pool, _purge, path, folder)),
        }


def _nothing() -> None:
    """What a process does that is to be there."""


async def measure(path: Path, size: int, world: World, folder: Path, steps: Collection[str] = STEPS) -> dict[str, Any]:
    result: dict[str, Any] = {"rows": world.rows, "bytes": size}
    file = path.open("rb")
    async with Database(f"sqlite:///{path}") as database:
        replier = Replier(database, world)
        if "queries" in steps:
            result["queries_ms"] = await measure_queries(replier, file)
        if "stats" in steps:
            began = time.perf_counter()
            await stats(database, Filter())
            result["stats_seconds"] = time.perf_counter() - began
        if "export" in steps:
            result["export"] = await _measure_export(database, folder)
        if "purge" in steps:
            result["purge"] = await measure_purges(database, replier, path, folder)
    file.close()
    return result


async def _measure_export(database: Database, folder: Path) -> dict[str, float]:
    before = _memory()
    began = time.perf_counter()
    lately = Filter(since=NOW - dt.timedelta(days=DAYS / EXPORTED), consented=True)
    tally = await export_file(database, lately, "jsonl", folder / "log.jsonl", folder)
    seconds = time.perf_counter() - began
    (folder / "log.jsonl").unlink()
    (folder / "log.jsonl.card.md").unlink()
    return {"records": tally.records, "seconds": seconds, "megabytes_more": _memory() - before}


def _memory() -> float:
    """The most this process has held so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024


def show(result: dict[str, Any]) -> None:
    columns = ("median", "99 %", "cold median", "cold 99 %")
    table = Table(f"{result['rows']:,} prompts, {result['bytes'] / 1e9:.1f} GB", *columns)
    for name, times in result.get("queries_ms", {}).items():
        table.add_row(name, *(f"{times[column]:.1f} ms" for column in columns if column in times))
    if "stats_seconds" in result:
        table.add_row("stats", f"{result['stats_seconds']:.1f} s")
    if export := result.get("export"):
        table.add_row(f"export of {export['records']:,}", f"{export['seconds']:.0f} s")
        table.add_row("more memory for it", f"{export['megabytes_more']:.0f} MB")
    for whose, purge in result.get("purge", {}).items():
        table.add_row(f"purge of {purge['words']:,.0f} prompts' words {whose}", f"{purge['seconds']:.0f} s")
        times = (f"{purge['median_ms']:.1f} ms", f"{purge['99_%_ms']:.1f} ms")
        table.add_row(f"{purge['replies']:,} replies' rows meanwhile", *times)
        table.add_row("the longest of them", f"{purge['longest_reply_ms']:.0f} ms")
    Console(width=110).print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--database", type=Path, help="a file to make, or to use where it is there")
    parser.add_argument("--step", choices=STEPS, action="append", help="only this one; may be repeated")
    options = parser.parse_args()
    world = World(options.rows)
    with tempfile.TemporaryDirectory() as name:
        path = options.database or Path(name) / "log.sqlite"
        if not path.exists():
            began = time.perf_counter()
            # In a process of its own, so that its memory is not counted with the export's.
            maker = multiprocessing.get_context("spawn").Process(target=generate, args=(path, world))
            maker.start()
            maker.join()
            print(f"{world.rows:,} prompts made in {time.perf_counter() - began:.0f} s")
        result = asyncio.run(measure(path, path.stat().st_size, world, Path(name), options.step or STEPS))
    show(result)
    if options.step is None:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
