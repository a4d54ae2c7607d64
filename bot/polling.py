"""Updates by long polling: brought into the inbox first, and only then confirmed, by the next request.

Knows no handlers. It never ends by itself, however long Telegram or the database is away.
"""

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NoReturn

from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError, TimedOut
from telegram.ext import ExtBot

from bot.errors import TokenRevoked
from bot.inbox import Inbox
from bot.outgoing import Priority
from bot.storage.errors import StorageError
from bot.trouble import Trouble

LIMIT = 100  # updates in one answer, the most that Telegram gives
POLL = 20  # seconds that Telegram keeps a request waiting for an update
SLACK = 10.0  # seconds more until we take the connection for dead
PAUSES = (1, 2, 4, 8, 15, 30)  # seconds between attempts

Sleep = Callable[[float], Awaitable[None]]
_log = logging.getLogger(__name__)


class UpdatesBot(ExtBot[Priority]):
    """A bot that also gives updates as they came.

    An update is kept as Telegram wrote it; one that this library cannot read then fails alone, instead of
    keeping back all that came with it.
    """

    async def raw_updates(self, offset: int | None, seconds: int, kinds: Sequence[str]) -> list[Mapping[str, Any]]:
        """What getUpdates answers, after at most `seconds`; what is below the offset is confirmed by it.

        Raises TelegramError.
        """
        data = {"offset": offset, "limit": LIMIT, "timeout": seconds, "allowed_updates": list(kinds)}
        given = {name: value for name, value in data.items() if value is not None}
        found = await self._post("getUpdates", given, read_timeout=seconds + SLACK)
        if not isinstance(found, list):
            raise TelegramError("expected a list of updates")
        if not all(isinstance(update, Mapping) and isinstance(update.get("update_id"), int) for update in found):
            raise TelegramError("expected updates with an update_id")
        return found


class Poller:
    """Asks for updates, one long request after another.

    Args:
        bot: Whose updates.
        inbox: Where they go.
        kinds: Which kinds.
        sleep: Waits so many seconds.
    """

    def __init__(self, bot: UpdatesBot, inbox: Inbox, kinds: Sequence[str], sleep: Sleep = asyncio.sleep) -> None:
        self._bot = bot
        self._inbox = inbox
        self._kinds = kinds
        self._sleep = sleep
        self._offset: int | None = None
        self._failures = 0
        self._trouble = Trouble("receiving", _log)

    async def run(self) -> NoReturn:
        """Poll until cancelled. Raises TokenRevoked once Telegram does not know the token any more."""
        await self._insist(self._drop_webhook)
        while True:
            await self._inbox.room()
            await self._insist(self._poll)

    async def _drop_webhook(self) -> None:
        await self._bot.delete_webhook()

    async def _poll(self) -> None:
        # After a start and after trouble, what waits is to be known at once.
        seconds = POLL if self._inbox.caught_up.is_set() else 0
        updates = await self._bot.raw_updates(self._offset, seconds, self._kinds)
        if updates:
            await self._inbox.accept(updates)
            self._offset = max(int(update["update_id"]) for update in updates) + 1
        if len(updates) < LIMIT:
            self._inbox.caught_up.set()

    async def _insist(self, action: Callable[[], Awaitable[None]]) -> None:
        """Try until it succeeds."""
        while True:
            try:
                await action()
            except InvalidToken:  # its text may hold the token: neither shown nor chained
                raise TokenRevoked() from None
            except (TelegramError, StorageError) as error:
                self._inbox.caught_up.clear()
                pause = self._pause(error)
                self._trouble.begins(*_trouble(error))
                await self._sleep(pause)
            else:
                self._failures = 0
                self._trouble.ends()
                return

    def _pause(self, error: Exception) -> float:
        pause = float(PAUSES[min(self._failures, len(PAUSES) - 1)])
        self._failures += 1
        if isinstance(error, RetryAfter):
            asked = error.retry_after
            return asked.total_seconds() if isinstance(asked, dt.timedelta) else float(asked)
        return 0.0 if isinstance(error, TimedOut) and self._failures == 1 else pause


def _trouble(error: TelegramError | StorageError) -> tuple[str, str, int]:
    """What kind of trouble it is, in a word and in a sentence, and how grave."""
    if isinstance(error, StorageError):
        return str(error), f"updates stay with Telegram until the database takes them: {error}", logging.ERROR
    if isinstance(error, Conflict):
        sentence = "another program receives this bot's messages: stop it, or this bot gets only some of them"
        return "conflict", sentence, logging.ERROR
    return "silence", f"no answer from the Bot API server ({type(error).__name__}); trying again", logging.WARNING
