"""Probes: one question to each part of the bot, answered only by a part that works."""

import asyncio
from collections.abc import Callable, Iterable

from sqlalchemy import text

from bot.errors import SchedulerFull
from bot.generating.scheduler import Scheduler, Turn
from bot.observability.health import Unhealthy
from bot.storage.database import Database
from model.config import SamplingConfig
from model.sampling import Rng

SILENCE = 90.0  # seconds; a long poll comes back after some twenty, even if there is nothing
BUSY = 60.0  # seconds without a free place before a full generator counts as stuck
# Changes nothing, but has to be written: a database that only reads, or a full disk, shows.
_TOUCH = text("UPDATE alembic_version SET version_num = version_num")


class Heartbeat:
    """When something last happened; the beating part calls `beat`."""

    def __init__(self, patience: float = SILENCE) -> None:
        self._patience = patience
        self._last: float | None = None

    def beat(self) -> None:
        """It happened now."""
        self._last = asyncio.get_running_loop().time()

    async def check(self) -> None:
        """Raises Unhealthy where it never happened, or too long ago."""
        if self._last is None:
            raise Unhealthy("has not succeeded yet")
        if (silent := asyncio.get_running_loop().time() - self._last) > self._patience:
            raise Unhealthy(f"has not succeeded for {silent:.0f} s")


async def check_database(database: Database) -> None:
    """A round trip that writes. Raises StorageError."""
    async with database.writing() as connection:
        await connection.execute(_TOUCH)


async def check_listener(host: str, port: int) -> None:
    """Somebody answers at our own address. Raises Unhealthy."""
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError as error:
        raise Unhealthy("nobody listens where the webhook should be") from error
    writer.close()


class GeneratorProbe:
    """A character of each voice, written by the same road as everybody's."""

    def __init__(self, schedulers: Callable[[], Iterable[Scheduler]], patience: float = BUSY) -> None:
        self._schedulers = schedulers
        self._patience = patience
        self._well = asyncio.get_running_loop().time()

    async def check(self) -> None:
        """Raises TurnRefused, or Unhealthy where there has been no place for long; being busy is no illness."""
        now = asyncio.get_running_loop().time()
        try:
            for scheduler in self._schedulers():
                await scheduler.run(Turn("a", 1, SamplingConfig(), Rng(0)))
        except SchedulerFull:
            if (full := now - self._well) > self._patience:
                raise Unhealthy(f"has had no free place for {full:.0f} s") from None
        else:
            self._well = now
