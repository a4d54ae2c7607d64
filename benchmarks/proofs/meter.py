"""The meter: memory, processor time, files and threads of a process, as the system says; its tasks, as it says."""

import asyncio
import os
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

MEBI = 2**20


@dataclass(frozen=True)
class Sample:
    """One reading. `memory`: resident bytes; `processor`: seconds so far; `at`: of a clock that never jumps.

    tasks: of the event loop; None where the process was not asked.
    """

    at: float
    memory: int
    processor: float
    files: int
    threads: int
    tasks: int | None = None


def read(pid: int) -> Sample:
    """Raises OSError where the process is gone, or where the system has no /proc."""
    process = Path("/proc") / str(pid)
    # See proc(5): after the name in brackets, which may hold anything, the fields are counted from 3 on.
    fields = (process / "stat").read_text("ascii", "replace").rpartition(")")[2].split()
    user, system, threads, pages = (int(fields[number - 3]) for number in (14, 15, 20, 24))
    return Sample(
        time.monotonic(),
        pages * os.sysconf("SC_PAGE_SIZE"),
        (user + system) / os.sysconf("SC_CLK_TCK"),
        len(list((process / "fd").iterdir())),
        threads,
    )


async def tasks(metrics: str) -> int:
    """How many tasks a bot has whose metrics are at this address. Raises httpx.HTTPError."""
    async with httpx.AsyncClient() as client:
        text = (await client.get(metrics)).text
    return next(int(float(line.split()[1])) for line in text.splitlines() if line.startswith("cotorra_tasks "))


@asynccontextmanager
async def watching(pid: int, every: float, metrics: str | None = None) -> AsyncIterator[list[Sample]]:
    """Readings every so many seconds within, and a last one at its end."""
    samples: list[Sample] = []

    async def look() -> None:
        while True:
            samples.append(replace(read(pid), tasks=None if metrics is None else await tasks(metrics)))
            await asyncio.sleep(every)

    task = asyncio.create_task(look())
    try:
        yield samples
    finally:
        task.cancel()
        await asyncio.wait([task])
    samples.append(replace(read(pid), tasks=None if metrics is None else await tasks(metrics)))


def growth(values: Sequence[float]) -> float:
    """How much more the median of the last quarter is than that of the third one: by then all has warmed up."""
    quarter = max(1, len(values) // 4)
    return statistics.median(values[-quarter:]) - statistics.median(values[-2 * quarter : -quarter] or values)


def summary(samples: Sequence[Sample]) -> dict[str, object]:
    """The figures of a run, for a report."""
    memory = [sample.memory / MEBI for sample in samples]
    first, last = samples[0], samples[-1]
    counts = {"files": [s.files for s in samples], "threads": [s.threads for s in samples]}
    if tasks := [sample.tasks for sample in samples if sample.tasks is not None]:
        counts["tasks"] = tasks
    return {
        "memory_mib": {"first": memory[0], "median": statistics.median(memory), "most": max(memory)},
        "memory_growth_mib": growth(memory),
        **{name: {"median": statistics.median(values), "most": max(values)} for name, values in counts.items()},
        "processor_share": (last.processor - first.processor) / (last.at - first.at) if last.at > first.at else 0.0,
    }
