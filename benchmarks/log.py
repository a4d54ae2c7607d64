"""The prompt log at size: python -m benchmarks.log [--rows 10000000] [--database FILE] [--step purge].

Generates a database as years of use would leave it, then measures what the bot does in it (wanted: 5 ms), what its
operator does (figures in 10 s, an export of any size in the same memory), and how long a reply ever waits while the log
is purged, by the bot itself and by `cotorra logs purge` (100 ms). `--database` keeps the file, to be used again; what
was due in it is erased after the step `purge`, which then needs a fresh one. Without `--step` the results are kept.
"""

import argparse
import asyncio
import datetime as dt
import json
import multiprocessing
import os
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

from rich.console import Console
from rich.table import Table

from benchmarks.generating.memory import most_memory
from benchmarks.large_log import DAYS, NOW, STATE, UNPURGED, World, generate
from bot.garbage import settle
from bot.log.export import export_file
from bot.log.filters import Filter
from bot.log.purge import purge_all
from bot.log.stats import stats
from bot.privacy.retention import Purged, Retention
from bot.privacy.terms import Terms
from bot.storage import schema
from bot.storage.book import Book, Occasion
from bot.storage.chats import Chat
from bot.storage.consent_book import ConsentBook
from bot.storage.database import Database
from bot.storage.prompts import Answer
from bot.storage.users import User

RESULTS = Path(__file__).parent / "results" / "log.json"
KEPT_DAYS = 30  # of words that nobody allowed to be kept
STEPS = ("queries", "stats", "export", "purge")
EXPORTED = 5  # a fifth of the time is exported: of ten million prompts a million whose words people allowed
FEWER = 50  # times as few records are exported first, to see how much memory many take beyond few
CALLS = 300  # of each of the bot's queries
COLD_CALLS = 100  # of each, with nothing of the file in memory
EVERY = 0.01  # seconds between two replies while the log is purged


class Replier:
    """What the bot does for a reply, in the database alone."""

    def __init__(self, database: Database, world: World) -> None:
        self._database = database
        self._world = world
        self._book = Book(database, Terms().version)
        self._number = int(time.time() * 1_000)
        self._chance = random.Random(2)
        self._open: list[int] = []

    async def reply(self) -> None:
        """A prompt from its arrival to its end."""
        await self.open()
        await self.close()

    async def open(self) -> None:
        """Its rows as they are written when it has arrived."""
        self._number += 1
        user = self._chance.randrange(1, self._world.people)
        chat = Chat(-self._chance.randrange(1, self._world.chats), "group", "Group")
        occasion = Occasion(1, self._number, chat, User(user, "Person"), self._number, dt.datetime.now(dt.UTC))
        prompt = await self._book.open_prompt(occasion, "seed", "la cotorra ", 1, "f")
        self._open.append(prompt.id)

    async def close(self) -> None:
        """What came of one that is open, and the state after it."""
        answer = Answer("answered", "la cotorra calla", self._number, 100, 8_000.0, 5)
        await self._book.close_prompt(self._open.pop(), answer, state=bytes(STATE))

    def queries(self) -> dict[str, Callable[[], Awaitable[object]]]:
        """Each of the bot's own questions to the log."""
        book, consents, chance, world = self._book, ConsentBook(self._database), self._chance, self._world

        def person() -> int:
            return chance.randrange(1, world.people)

        def chat() -> int:
            return -chance.randrange(1, world.chats)

        version = Terms().version
        return {
            "a prompt's rows, opened": self.open,
            "its answer and state": self.close,  # as often as the one above
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
            return await purge_all(database, folder, KEPT_DAYS)

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
        await schema.prepare_schema(database, f"sqlite:///{path}")  # a file that was kept may be an older one
        replier = Replier(database, world)
        settle()
        if "queries" in steps:
            result["queries_ms"] = await measure_queries(replier, file)
        if "stats" in steps:
            began = time.perf_counter()
            await stats(database, Filter())
            result["stats_seconds"] = time.perf_counter() - began
        if "export" in steps:
            result["export"] = await _measure_export(path, folder)
        if "purge" in steps:
            result["purge"] = await measure_purges(database, replier, path, folder)
    file.close()
    return result


async def _measure_export(path: Path, folder: Path) -> dict[str, float]:
    """In a process of its own, whose memory nothing else has stretched before."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, _exports, path, folder)


def _exports(path: Path, folder: Path) -> dict[str, float]:
    """Few records, then many: how long the many take, and how much more memory."""

    async def export(days: float) -> int:
        lately = Filter(since=NOW - dt.timedelta(days=days), consented=True)
        async with Database(f"sqlite:///{path}") as database:
            tally = await export_file(database, lately, "jsonl", folder / "log.jsonl", folder)
        (folder / "log.jsonl").unlink()
        (folder / "log.jsonl.card.md").unlink()
        return tally.records

    few = asyncio.run(export(DAYS / EXPORTED / FEWER))
    megabytes = most_memory() / 1e6
    began = time.perf_counter()
    many = asyncio.run(export(DAYS / EXPORTED))
    seconds = time.perf_counter() - began
    more = most_memory() / 1e6 - megabytes
    return {"records": many, "seconds": seconds, "fewer": few, "megabytes": megabytes, "more": more}


def show(result: dict[str, Any]) -> None:
    columns = ("median", "99 %", "cold median", "cold 99 %")
    table = Table(f"{result['rows']:,} prompts, {result['bytes'] / 1e9:.1f} GB", *columns)
    for name, times in result.get("queries_ms", {}).items():
        table.add_row(name, *(f"{times[column]:.1f} ms" for column in columns if column in times))
    if "stats_seconds" in result:
        table.add_row("stats", f"{result['stats_seconds']:.1f} s")
    if export := result.get("export"):
        table.add_row(f"export of {export['records']:,}", f"{export['seconds']:.0f} s")
        table.add_row(f"memory for {export['fewer']:,}, and more for all", *_of(export, "megabytes", "more", unit="MB"))
    for whose, purge in result.get("purge", {}).items():
        table.add_row(f"purge of {purge['words']:,.0f} prompts' words {whose}", f"{purge['seconds']:.0f} s")
        table.add_row(f"{purge['replies']:,} replies' rows meanwhile", *_of(purge, "median_ms", "99_%_ms", unit="ms"))
        table.add_row("the longest of them", f"{purge['longest_reply_ms']:.0f} ms")
    Console(width=110).print(table)


def _of(figures: dict[str, float], *names: str, unit: str) -> list[str]:
    return [f"{figures[name]:.1f} {unit}" for name in names]


def make(path: Path, world: World) -> None:
    """The database, unless it is there; it has its name only once it is whole."""
    if path.exists():
        return
    began, part = time.perf_counter(), path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    # In a process of its own, so that its memory is not counted with what is measured.
    maker = multiprocessing.get_context("spawn").Process(target=generate, args=(part, world))
    maker.start()
    maker.join()
    if maker.exitcode != 0:
        raise SystemExit(f"expected {path} to be made, but its maker ended with {maker.exitcode}: it says why above")
    with part.open("rb") as made:  # what is measured first would wait for the disk otherwise
        os.fsync(made.fileno())
    part.rename(path)
    print(f"{world.rows:,} prompts made in {time.perf_counter() - began:.0f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--database", type=Path, help="a file to make, or to use where it is there")
    parser.add_argument("--step", choices=STEPS, action="append", help="only this one; may be repeated")
    options = parser.parse_args()
    world = World(options.rows)
    with tempfile.TemporaryDirectory() as name:
        path = options.database or Path(name) / "log.sqlite"
        make(path, world)
        result = asyncio.run(measure(path, path.stat().st_size, world, Path(name), options.step or STEPS))
    show(result)
    if options.step is None:
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(result, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
