"""Call memory: what groups were told within the last minute, and pauses, beyond the end of the process that knew them.

Telegram counts twenty messages a minute in a group, whoever sent them; a bot that began with an empty count would be
refused some. And where it wants nothing for a while, whoever asks all the same may have to wait for longer. By this
machine's clock: the server's is not known yet when a bot begins.
"""

import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Callable

from bot.clock import machine_time
from bot.storage.errors import StorageError
from bot.storage.mail import Mail

ARRIVAL = dt.timedelta(seconds=2)  # after which the server has counted what was noted right before it went

_log = logging.getLogger(__name__)


class CallMemory:
    """Never fails: what could not be noted or read costs a refusal at worst, and the limiter knows how to take one."""

    def __init__(self, mail: Mail, now: Callable[[], dt.datetime] = machine_time) -> None:
        self._mail = mail
        self._now = now

    async def recent(self) -> dict[int, list[float]]:
        """How many seconds ago each group was written to, the longest ago first."""
        now = self._now()
        ages: defaultdict[int, list[float]] = defaultdict(list)
        try:
            for chat_id, at in await self._mail.recent_calls(now):
                ages[chat_id].append(max(0.0, (now - at - ARRIVAL).total_seconds()))
        except StorageError as error:
            _log.warning("what was sent within the last minute is not known: %s", error)
        return ages

    async def note(self, chat_id: int) -> None:
        """A group is about to be written to."""
        try:
            await self._mail.note_call(chat_id, self._now())
        except StorageError as error:
            _log.debug("a message to a group goes without a note: %s", error)

    async def pauses(self) -> dict[int, float]:
        """For how many more seconds Telegram wants nothing in which chats."""
        now = self._now()
        try:
            return {chat_id: (over_at - now).total_seconds() for chat_id, over_at in await self._mail.pauses(now)}
        except StorageError as error:
            _log.warning("which chats Telegram wants nothing in is not known: %s", error)
            return {}

    async def note_pause(self, chat_id: int, seconds: float) -> None:
        """Telegram wants nothing in a chat for so long."""
        now = self._now()
        try:
            await self._mail.note_pause(chat_id, now, now + dt.timedelta(seconds=seconds))
        except StorageError as error:
            _log.debug("a chat's pause is not noted: %s", error)
