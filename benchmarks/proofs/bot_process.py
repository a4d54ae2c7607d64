"""The bot in a process of its own: started, killed, stopped."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

_STARTS_WITH = ("COTORRA_", "TELEGRAM_", "DATABASE_")  # settings of whoever runs the proofs are none of ours
_LINES = 10  # of a log that are shown
COTORRA = "cotorra"


class BotEnded(Exception):
    """The bot has ended by itself, or never began; the sentence has the end of its log."""


class BotProcess:
    """`cotorra run` in a folder, where its database and its log are too; one process at a time, many in a row.

    Args:
        folder: Where it lives.
        token: The bot's token.
        api_base_url: Its Telegram.
        settings: Further settings, by their variables' names.
        module: What is run, with the argument `run`: `cotorra`, or what stands in its place.
    """

    def __init__(
        self, folder: Path, token: str, api_base_url: str, settings: Mapping[str, str], module: str = COTORRA
    ) -> None:
        self._folder = folder
        self._module = module
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith(_STARTS_WITH)}
        self._environment |= {
            "TELEGRAM_BOT_TOKEN": token,
            "COTORRA_API_BASE_URL": api_base_url,
            "COTORRA_DATA_DIR": str(folder),
            "COTORRA_PERSON_LIMIT": "0",  # what is measured is the bot, and not its manners
            "COTORRA_CHAT_LIMIT": "0",
            **settings,
        }
        self._process: asyncio.subprocess.Process | None = None
        self.database = folder / "cotorra.sqlite"
        self.log = folder / "bot.log"

    @property
    def pid(self) -> int:
        """Raises BotEnded where none runs."""
        return self._running().pid

    async def start(self) -> None:
        """Begin a process; its log goes on in the same file."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                self._module,
                "run",
                cwd=self._folder,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    async def kill(self) -> None:
        """SIGKILL: no warning, no last words. Raises BotEnded if it had ended by itself."""
        process = self._running()
        process.kill()
        if await process.wait() != -signal.SIGKILL:
            raise self._ended()

    async def stop(self) -> int:
        """SIGTERM; the exit code."""
        process = self._running()
        process.terminate()
        return await process.wait()

    async def close(self) -> None:
        """Leave no process behind."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            raise self._ended()
        return self._process

    def _ended(self) -> BotEnded:
        return BotEnded(f"expected the bot to run until it is stopped; its log ends with\n{self.last_words()}")

    def last_words(self) -> str:
        """The end of the log."""
        return "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-_LINES:])
