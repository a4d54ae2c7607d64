"""Updates by long polling: brought into the inbox first, and only then confirmed, by the next request.

Knows no handlers. It never ends by itself, however long Telegram or the database is away.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from telegram.error import Conflict, TelegramError
from telegram.ext import ExtBot

from bot.incoming.inbox import Inbox, update_id_of
from bot.insistence import Insistence
from bot.sending.outgoing import RateArgs

LIMIT = 100  # updates in one answer, the most that Telegram gives
POLL = 20  # seconds that Telegram keeps a request waiting for an update
SLACK = 10.0  # seconds more until we take the connection for dead


class UpdatesBot(ExtBot[RateArgs]):
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
        if any(update_id_of(update) is None for update in found):
            raise TelegramError("expected updates with an update_id")
        return found


class Poller:
    """Asks for updates, one long request after another.

    Args:
        bot: Whose updates.
        inbox: Where they go.
        kinds: Which kinds.
        insistence: How what fails is tried again.
    """

    def __init__(self, bot: UpdatesBot, inbox: Inbox, kinds: Sequence[str], insistence: Insistence) -> None:
        self._bot = bot
        self._inbox = inbox
        self._kinds = kinds
        self._insistence = insistence
        self._offset: int | None = None

    async def run(self) -> NoReturn:
        """Poll until cancelled."""
        await self._insistence.insist(self._drop_webhook)
        while True:
            await self._inbox.room()
            await self._insistence.insist(self._poll)

    async def _drop_webhook(self) -> None:
        await self._bot.delete_webhook()

    async def _poll(self) -> None:
        # After a start and after trouble, what waits is to be known at once.
        seconds = POLL if self._inbox.caught_up.is_set() else 0
        try:
            updates = await self._bot.raw_updates(self._offset, seconds, self._kinds)
        except Conflict as conflict:
            if "webhook" in conflict.message.lower():  # left by a program that may be gone: nobody else removes it
                await self._drop_webhook()
            raise
        if updates:
            await self._inbox.accept(updates)
            self._offset = max(int(update["update_id"]) for update in updates) + 1
        if len(updates) < LIMIT:
            self._inbox.caught_up.set()
