"""The webhook's upkeep: Telegram is told where to bring updates, and asked now and then whether it can.

Knows no handlers and no HTTP: `bot.incoming.webhook` takes what is brought.
"""

import asyncio
import datetime as dt
import logging
from collections.abc import Sequence
from typing import Any, NoReturn

from telegram import Bot, WebhookInfo
from telegram.error import BadRequest

from bot.clock import ServerClock
from bot.errors import ConnectionRefused
from bot.incoming.inbox import Inbox
from bot.incoming.webhook_config import WebhookConfig
from bot.insistence import Insistence, Sleep
from bot.observability.trouble import Trouble

ROUND = 30.0  # seconds between two questions
ANSWER = 10.0  # seconds to wait for its answer
SOON = 1.0  # seconds, while updates wait at Telegram
RECENT = dt.timedelta(seconds=3 * ROUND)  # an error that is older is over
ONE_BY_ONE = 1  # connections: with more of them, two messages of a chat might change places

_log = logging.getLogger(__name__)


class Upkeep:
    """Keeps Telegram bringing updates.

    Args:
        bot: Whose updates.
        config: Where they are brought, and what Telegram has to know.
        kinds: Which kinds.
        inbox: Is told when none is known to wait at Telegram.
        clock: The server's time.
        insistence: How what fails is tried again.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        bot: Bot,
        config: WebhookConfig,
        kinds: Sequence[str],
        inbox: Inbox,
        clock: ServerClock,
        insistence: Insistence,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._bot = bot
        self._config = config
        self._kinds = kinds
        self._inbox = inbox
        self._clock = clock
        self._insistence = insistence
        self._sleep = sleep
        self._taken = Trouble("receiving", _log)
        self._undelivered = Trouble("Telegram's way to the webhook", _log)
        self.complaint: str | None = None  # why Telegram cannot bring updates, in its words

    async def run(self) -> NoReturn:
        """Keep at it until cancelled. Raises ConnectionRefused where Telegram takes no such address."""
        await self._insistence.insist(self._register)
        while True:
            await self._insistence.insist(self._look)
            await self._sleep(ROUND if self._inbox.caught_up.is_set() else SOON)

    async def _register(self) -> None:
        try:
            await self._bot.set_webhook(
                self._config.url,
                allowed_updates=self._kinds,
                secret_token=self._config.secret.get_secret_value(),
                max_connections=ONE_BY_ONE,
            )
        except BadRequest as error:
            raise ConnectionRefused(
                f"COTORRA_WEBHOOK_URL: expected an address that Telegram takes, and it says: {error.message}"
            ) from error

    async def _look(self) -> None:
        # Typed by hand: python-telegram-bot's rate limiter hides what the call returns.
        info: Any = await self._bot.get_webhook_info(read_timeout=ANSWER)
        await self._judge(info)

    async def _judge(self, info: WebhookInfo) -> None:
        if info.url != self._config.url:
            self._taken.begins(
                "taken", "another program took this bot's messages away: stop it; they are fetched back", logging.ERROR
            )
            await self._register()
            return
        self._taken.ends()
        self.complaint = self._problem(info)
        if self.complaint is None:
            self._undelivered.ends()
        else:
            self._undelivered.begins(self.complaint, f"Telegram cannot bring updates: {self.complaint}", logging.ERROR)
        if info.pending_update_count == 0:
            self._inbox.caught_up.set()

    def _problem(self, info: WebhookInfo) -> str | None:
        """What keeps updates from coming just now."""
        if not info.pending_update_count or info.last_error_date is None:
            return None
        if self._clock.now() - info.last_error_date > RECENT:
            return None
        return info.last_error_message or "it does not say why"
