"""From the inbox to the handlers: so many updates in hand at once, each until something has come of it.

Knows no conversation. What fails for want of Telegram or of the database is handled again, as often as it
takes; its slot is free meanwhile, and its chat waits behind it.
"""

import asyncio
import contextlib
import datetime as dt
import json
import logging
import time
from collections.abc import AsyncIterator, Mapping

from telegram import Update
from telegram.constants import UpdateType
from telegram.error import RetryAfter

from bot.authorization import TokenRefused
from bot.context import BotApplication
from bot.errors import TurnRefused
from bot.incoming.inbox import Inbox
from bot.observability.logging_setup import outline
from bot.observability.request import request
from bot.observability.trouble import Trouble
from bot.sending.delivery import Uncertain
from bot.storage.errors import StorageError
from bot.storage.inbox import Opened

AT_ONCE = 256  # updates in hand: many chats waiting for Telegram's limits hold up nobody else
FIRST_PAUSE = 0.25  # seconds before an update is handled again; doubled each time
LONGEST_PAUSE = 30.0
LONGEST_WAIT = 2.0  # the same for what only waits for another update of its chat: that ends soon, as a rule
ALONE = 10.0  # seconds for which one that the process may have died on keeps all others waiting
# What the library raises at what is no update; the last two at times that no calendar has.
_UNREADABLE = (TypeError, ValueError, AttributeError, LookupError, OverflowError, OSError)

_log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def dispatching(application: BotApplication, inbox: Inbox, patience: float) -> AsyncIterator[None]:
    """Updates are handled; at the end nothing new is begun, and what is in hand has `patience` seconds.

    What is not done by then stays in the inbox, and goes on after the next start.
    """
    dispatcher = Dispatcher(application, inbox)
    working = asyncio.create_task(dispatcher.run(), name="dispatcher")
    try:
        yield
    finally:
        working.cancel()
        await asyncio.wait([working])
        if parked := await dispatcher.stop(patience):
            _log.warning("stopped with %d updates unfinished: they go on after the next start", parked)


class Dispatcher:
    """Handles updates, at most `at_once` together and of each chat one after another."""

    def __init__(self, application: BotApplication, inbox: Inbox, at_once: int = AT_ONCE) -> None:
        self._application = application
        self._inbox = inbox
        self._slots = asyncio.Semaphore(at_once)
        self._tasks: set[asyncio.Task[None]] = set()
        self._naps: dict[int, asyncio.TimerHandle] = {}
        self._pauses: dict[int, float] = {}
        self._metrics = application.bot_data.metrics
        self._trouble = Trouble("answering", _log)

    async def run(self) -> None:
        """Hand out updates until cancelled; what is in hand then goes on."""
        for _ in range(self._inbox.suspects):  # a process that dies now dies of this one, and of no other
            await asyncio.wait([await self._begin()], timeout=ALONE)
        while True:
            await self._begin()

    async def stop(self, patience: float) -> int:
        """Wait so many seconds for what is in hand, and stop the rest; how many that were."""
        for nap in self._naps.values():
            nap.cancel()
        if not self._tasks:
            return 0
        _, late = await asyncio.wait(self._tasks, timeout=patience)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)
        return len(late)

    async def _begin(self) -> "asyncio.Task[None]":
        """The work on the next update, as soon as there is one, and a slot for it."""
        await self._slots.acquire()
        place = await self._inbox.take()
        task = asyncio.create_task(self._work(place), name=f"update in place {place}")
        self._tasks.add(task)
        task.add_done_callback(self._over)
        return task

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._slots.release()
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("the dispatcher failed: %s", outline(error))

    async def _work(self, place: int) -> None:
        """One attempt at an update."""
        try:
            trouble = await self._attempt(place)
        except StorageError as error:
            trouble = error
        if trouble is None:
            self._pauses.pop(place, None)
            self._trouble.ends()
        else:
            self._metrics.error(trouble)
            self._later(place, trouble)

    async def _attempt(self, place: int) -> Exception | None:
        """Handle an update; what went wrong, if it is to be handled again. Raises StorageError."""
        opened = await self._inbox.mail.open(place)
        if opened is None:  # somebody cleared the table
            self._inbox.forget(place)
            return None
        with request(opened.update_id):
            if (end := self._inbox.verdict(opened)) is not None:
                _log.log(*_WHY[end], place)
                await self._inbox.leave(place, end)
                return None
            return await self._read(place, opened)

    async def _read(self, place: int, opened: Opened) -> Exception | None:
        try:
            content = json.loads(opened.payload)
            update = Update.de_json(content, self._application.bot)
        except _UNREADABLE as error:
            _log.error("an update could not be read: %s", outline(error))
            self._metrics.error(error)
            await self._inbox.leave(place, "failed")
            return None
        self._metrics.update_began(_kind(content))
        start = time.monotonic()
        try:
            return await self._handle(place, update)
        finally:
            self._metrics.update_ended(time.monotonic() - start)

    async def _handle(self, place: int, update: Update) -> Exception | None:
        held = self._inbox.hold(place, update.update_id)
        try:
            await self._application.process_update(update)
        finally:
            self._inbox.release(held)
        if held.trouble is not None:
            await self._inbox.mail.excuse(place)
            return held.trouble
        await self._inbox.leave(place, held.end)
        _log.debug("the update is %s", held.end)
        return None

    def _later(self, place: int, trouble: Exception) -> None:
        """Give the slot back, and the update another turn after a pause."""
        pause = self._pauses.get(place, FIRST_PAUSE)
        self._pauses[place] = min(2 * pause, LONGEST_WAIT if isinstance(trouble, Uncertain) else LONGEST_PAUSE)
        if isinstance(trouble, RetryAfter):  # a chat's own limit, or everybody's: no trouble, only patience
            asked = trouble.retry_after
            pause = max(pause, asked.total_seconds() if isinstance(asked, dt.timedelta) else asked)
        elif not isinstance(trouble, TurnRefused | Uncertain | TokenRefused):  # of the last, others tell
            kind = str(trouble) if isinstance(trouble, StorageError) else type(trouble).__name__
            self._trouble.begins("trouble", f"what cannot be answered now is tried again ({kind})")
        self._naps[place] = asyncio.get_running_loop().call_later(pause, self._wake, place)

    def _wake(self, place: int) -> None:
        del self._naps[place]
        self._inbox.again(place)


_WHY = {
    "expired": (logging.INFO, "the update in place %d came too long ago to be answered"),
    "failed": (logging.ERROR, "the update in place %d is given up: the process died on it again and again"),
    "done": (logging.DEBUG, "the update in place %d is done"),
}
_KINDS = frozenset(kind.value for kind in UpdateType)


def _kind(update: Mapping[str, object]) -> str:
    """What kind of update it is; one of a few words, whatever came."""
    return next((name for name in update if name in _KINDS), "unknown")
