"""Probes: one question to each part of the bot, answered only by a part that works."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import closing

from sqlalchemy import text

from bot.errors import SchedulerFull
from bot.generating.scheduler import Scheduler, Turn
from bot.observability.health import Unhealthy
from bot.storage.database import Database
from model.config import SamplingConfig
from model.sampling import Rng

TROUBLE = 15.0  # seconds of errors and nothing else; a connection that was dropped is tried again at once
BUSY = 60.0  # seconds without a free place before a full generator counts as stuck
# Changes nothing, but has to be written: a database that only reads, or a full disk, shows.
_TOUCH = text("UPDATE alembic_version SET version_num = version_num")


class Heartbeat:
    """Whether something goes on happening; the beating part calls `beat` when it did, and `miss` when it failed.

    rhythm: seconds between two beats, at most, one that fails included; trouble: seconds more until it counts as
    stopped, and of failures and nothing else.
    """

    def __init__(self, rhythm: float, trouble: float = TROUBLE) -> None:
        self._silence = rhythm + trouble
        self._trouble = trouble
        self._last: float | None = None
        self._failing_since: float | None = None
        self._error = ""

    def beat(self) -> None:
        """It happened now."""
        self._last = asyncio.get_running_loop().time()
        self._failing_since = None

    def miss(self, error: Exception) -> None:
        """It failed now."""
        if self._failing_since is None:
            self._failing_since = asyncio.get_running_loop().time()
        self._error = type(error).__name__

    async def check(self) -> None:
        """Raises Unhealthy where it never happened, too long ago, or has done nothing but fail since."""
        now = asyncio.get_running_loop().time()
        if self._last is None:
            raise Unhealthy("has not succeeded yet")
        if self._failing_since is not None and (failing := now - self._failing_since) > self._trouble:
            raise Unhealthy(f"has failed for {failing:.0f} s: {self._error}")
        if (silent := now - self._last) > self._silence:
            raise Unhealthy(f"has not succeeded for {silent:.0f} s")


async def check_database(database: Database) -> None:
    """A round trip that writes. Raises StorageError."""
    async with database.writing() as connection:
        await connection.execute(_TOUCH)


async def check_listener(host: str, port: int) -> None:
    """Somebody answers at our own address, in HTTP. Raises Unhealthy."""
    try:
        reader, writer = await asyncio.open_connection(host, port)
        with closing(writer):
            writer.write(b"GET / HTTP/1.0\r\n\r\n")
            answer = await reader.readline()
    except OSError as error:
        raise Unhealthy("nobody listens where the webhook should be") from error
    if not answer.startswith(b"HTTP/"):
        raise Unhealthy("nobody answers where the webhook should be")


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
