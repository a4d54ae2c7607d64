"""Insistence: an action is tried until it succeeds, with growing pauses; what keeps it from it is said once.

Knows no inbox: whoever wants to hear of successes and failures says so.
"""

import asyncio
import datetime as dt
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

from telegram.error import Conflict, RetryAfter, TelegramError, TimedOut

from bot.authorization import TokenRefused
from bot.observability.trouble import Trouble
from bot.pauses import pause_after
from bot.storage.errors import StorageError

SOON = 4.0  # seconds between attempts at most that end here: while the token is refused, no call goes out
CALM = 600.0  # seconds without a conflict until it is over: two programs take turns in being refused

Sleep = Callable[[float], Awaitable[None]]
_log = logging.getLogger(__name__)


class Listener(Protocol):
    """Who hears how it goes."""

    def succeeded(self) -> None:
        """An attempt came through."""

    def failed(self, error: Exception) -> None:
        """An attempt did not, and another follows."""


class Insistence:
    """Tries again what fails for want of Telegram or of the database.

    Args:
        name: What is done, as a sentence begins with it.
        listener: Hears of every attempt.
        sleep: Waits so many seconds.
        monotonic: Seconds that never jump.
    """

    def __init__(
        self,
        name: str,
        listener: Listener,
        sleep: Sleep = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._listener = listener
        self._sleep = sleep
        self._failures = 0
        self._trouble = Trouble(name, _log, monotonic)

    async def insist(self, action: Callable[[], Awaitable[None]]) -> None:
        """Do it, as often as it takes."""
        while True:
            try:
                await action()
            except (TelegramError, StorageError) as error:
                self._listener.failed(error)
                pause = self._pause(error)
                if not isinstance(error, TokenRefused):  # `bot.authorization` says that
                    self._trouble.begins(*_trouble(error))
                await self._sleep(pause)
            else:
                self._failures = 0
                self._trouble.ends()
                self._listener.succeeded()
                return

    def _pause(self, error: Exception) -> float:
        pause = pause_after(self._failures)
        self._failures += 1
        if isinstance(error, TokenRefused):
            return min(pause, SOON)
        if isinstance(error, RetryAfter):
            asked = error.retry_after
            return asked.total_seconds() if isinstance(asked, dt.timedelta) else float(asked)
        return 0.0 if isinstance(error, TimedOut) and self._failures == 1 else pause


def _trouble(error: TelegramError | StorageError) -> tuple[str, str, int, float]:
    """What kind of trouble it is, in a word and in a sentence, how grave, and how long it has to be away."""
    if isinstance(error, StorageError):
        return str(error), f"updates stay with Telegram until the database takes them: {error}", logging.ERROR, 0.0
    if isinstance(error, Conflict):
        sentence = "another program receives this bot's messages: stop it, or this bot gets only some of them"
        return "conflict", sentence, logging.ERROR, CALM
    return "silence", f"no answer from the Bot API server ({type(error).__name__}); trying again", logging.WARNING, 0.0
