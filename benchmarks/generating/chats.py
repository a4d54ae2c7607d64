"""Many chats: what each of them sees, through the bot's scheduler, when so many want a reply at once."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

import numpy as np

from benchmarks.generating.report import LONG, LONG_CHATS
from bot.generating.scheduler import Scheduler
from bot.generating.turns import Turn, Watch
from model.config import SamplingConfig
from model.generator import Generator
from model.sampling import Rng

SIZES = (1, 2, 4, 8, 32, 128)
ROUNDS, ROUNDS_SECONDS = 5, 30.0  # after so long no further one begins: a slow engine has fewer
REPLY, FIRST = 300, 32  # characters
NEWCOMERS, NEWCOMERS_SECONDS = 25, 30.0  # the same for those who come beside long replies
DEADLINE = 3_600.0  # seconds: a reply is waited for, however slow an engine is

_seeds = count(1)


@dataclass
class Waits:
    """Seconds that people waited: for the first characters, and for the whole reply; and characters a second in all."""

    first: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    totals: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, float]:
        """Milliseconds, and the median of the totals."""
        return {
            "total": float(np.median(self.totals)) if self.totals else 0.0,
            "each": REPLY / float(np.median(self.whole)),
            **{f"first p{p}": 1_000 * float(np.percentile(self.first, p)) for p in (50, 95)},
            **{f"whole p{p}": 1_000 * float(np.percentile(self.whole, p)) for p in (50, 95)},
        }


async def measure(generator: Callable[[], Generator]) -> dict[str, dict[str, float]]:
    """For each number of chats, by turns, and for a newcomer among long replies: see Waits.summary."""
    results = {size: Waits() for size in SIZES}
    async with Scheduler(generator(), deadline=DEADLINE) as scheduler:
        ends = time.perf_counter() + ROUNDS_SECONDS
        for done in range(ROUNDS):
            if done and time.perf_counter() > ends:
                break
            for size, waits in results.items():
                for _ in range(max(1, 8 // size)):
                    began = time.perf_counter()
                    await asyncio.gather(*(_reply(scheduler, REPLY, waits) for _ in range(size)))
                    waits.totals.append(size * REPLY / (time.perf_counter() - began))
        newcomer = await _newcomer(scheduler)
    named = {str(size): waits.summary() for size, waits in results.items()}
    return named | {"newcomer": newcomer.summary()}


async def _newcomer(scheduler: Scheduler) -> Waits:
    """One after another comes, while so many chats have long replies written all the time."""

    async def keep_asking() -> None:
        while True:
            await _reply(scheduler, LONG, Waits())

    waits = Waits()
    others = [asyncio.create_task(keep_asking()) for _ in range(LONG_CHATS)]
    await asyncio.sleep(0.5)
    ends = time.perf_counter() + NEWCOMERS_SECONDS
    while len(waits.whole) < NEWCOMERS and time.perf_counter() < ends:
        await _reply(scheduler, REPLY, waits)
    for each in others:
        each.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    return waits


async def _reply(scheduler: Scheduler, length: int, waits: Waits) -> None:
    watch, number, began = Watch(), next(_seeds), time.perf_counter()

    async def first() -> None:
        while len(await watch.changed()) < FIRST:
            pass
        waits.first.append(time.perf_counter() - began)

    looking = asyncio.create_task(first())
    await scheduler.run(Turn("Domingo", length, SamplingConfig(), Rng(number), chat=number), watch)
    waits.whole.append(time.perf_counter() - began)
    with contextlib.suppress(asyncio.CancelledError):
        await looking
