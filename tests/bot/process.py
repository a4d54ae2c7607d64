"""A real `cotorra run` beside a test: its settings, its lines, its end."""

import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bot.playground import Playground

ROOT = Path(__file__).parents[2]


class BotProcess:
    """A process, and what it has written to its log so far."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.lines: list[str] = []
        self._reading = asyncio.create_task(self._read())

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def send(self, number: int) -> float:
        """Send a signal; when."""
        self._process.send_signal(number)
        return time.monotonic()

    async def wait(self, seconds: float = 60) -> int:
        """The exit code, once it has ended and every line is read."""
        async with asyncio.timeout(seconds):
            code = await self._process.wait()
            await self._reading
        return code

    async def until(self, words: str, seconds: float = 60) -> str:
        """The first line with these words."""
        async with asyncio.timeout(seconds):
            while True:
                for line in self.lines:
                    if words in line:
                        return line
                await asyncio.sleep(0.02)

    async def end(self) -> None:
        """End it, however it is."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self.lines.append(line.decode().rstrip("\n"))


@asynccontextmanager
async def bot_process(
    playground: Playground, address: str, *, also: Path | None = None, **settings: str
) -> AsyncIterator[BotProcess]:
    """`cotorra run` on the playground, with the starter checkpoint; killed at the end, if it still runs.

    also: a folder with more modules.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("COTORRA_", "TELEGRAM_", "DATABASE_"))}
    folder = Path(address.removeprefix("sqlite:///")).parent
    settings = {
        "PYTHONPATH": os.pathsep.join(str(folder) for folder in (also, ROOT) if folder),
        "TELEGRAM_BOT_TOKEN": playground.token,
        "COTORRA_API_BASE_URL": playground.api_base_url,
        "COTORRA_DATA_DIR": str(folder),
        "DATABASE_URL": address,
    } | settings
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cotorra", "run", cwd=folder, env=kept | settings, stderr=PIPE
    )
    process = BotProcess(started)
    try:
        yield process
    finally:
        await process.end()
