"""Receiving: updates come in, by long polling or by the webhook, for as long as a context lasts.

Knows no handlers. Whether updates really come is what `check` says.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NoReturn

from bot.context import Services
from bot.errors import ConnectionRefused, InboxFull
from bot.incoming.polling import POLL, SLACK, Poller, UpdatesBot
from bot.incoming.webhook import webhook_server
from bot.incoming.webhook_config import WebhookConfig
from bot.incoming.webhook_upkeep import ANSWER, ROUND, Upkeep
from bot.insistence import Insistence
from bot.observability.health import Unhealthy
from bot.observability.logging_setup import outline
from bot.observability.probes import Heartbeat, check_listener
from bot.observability.trouble import Trouble
from bot.storage.errors import StorageError
from model.errors import CotorraError

_log = logging.getLogger(__name__)


class Receiving:
    """The road from Telegram to one bot's inbox.

    Args:
        bot: Whose updates.
        services: The inbox they go to, the time, who counts, and the life that ends where receiving cannot go on.
        kinds: Which kinds.
        webhook: Where Telegram brings them; None where the bot fetches them.
    """

    def __init__(
        self,
        bot: UpdatesBot,
        services: Services,
        kinds: Sequence[str],
        webhook: WebhookConfig | None,
    ) -> None:
        self._services = services
        self._webhook = webhook
        self._heart = Heartbeat(POLL + SLACK if webhook is None else ROUND + ANSWER)
        self._trouble = Trouble("receiving", _log)
        self._port = 0
        insistence = Insistence("receiving", self)
        self._poller = Poller(bot, services.inbox, kinds, insistence)
        self._upkeep = (
            None if webhook is None else Upkeep(bot, webhook, kinds, services.inbox, services.clock, insistence)
        )

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Updates come in within. Raises ListenRefused."""
        async with AsyncExitStack() as stack:
            work: Coroutine[Any, Any, NoReturn]
            if self._webhook is None or self._upkeep is None:
                work = self._poller.run()
            else:
                self._port = await stack.enter_async_context(webhook_server(self._webhook, self._take))
                work = self._upkeep.run()
            task = asyncio.create_task(work, name="receiving")
            task.add_done_callback(self._judge)
            try:
                yield
            finally:
                task.cancel()
                await asyncio.wait([task])

    async def check(self) -> None:
        """Raises Unhealthy where no updates come, or could come."""
        await self._heart.check()
        if self._webhook is not None and self._upkeep is not None:
            await check_listener(self._webhook.host, self._port)
            if self._upkeep.complaint is not None:
                raise Unhealthy(f"Telegram cannot bring updates: {self._upkeep.complaint}")

    # --- how it goes --------------------------------------------------------------------------------------

    def succeeded(self) -> None:
        self._heart.beat()
        self._services.metrics.received()

    def failed(self, error: Exception) -> None:
        self._heart.miss(error)
        self._lost(error)

    def _lost(self, error: Exception) -> None:
        """What could not be taken waits at Telegram."""
        self._services.metrics.error(error)
        self._services.inbox.caught_up.clear()

    async def _take(self, update: Mapping[str, Any]) -> None:
        """One update, brought by Telegram. Raises UpdateUnreadable, InboxFull or StorageError."""
        inbox = self._services.inbox
        if inbox.is_full:
            raise InboxFull("expected room in the inbox, but too many updates wait: Telegram keeps this one")
        try:
            await inbox.accept([update])
        except StorageError as error:
            self._lost(error)  # the way is sound: `succeeded` and `failed` are about Telegram's end of it
            sentence = f"updates stay with Telegram until the database takes them: {error}"
            self._trouble.begins(str(error), sentence, logging.ERROR)
            raise
        self._trouble.ends()

    def _judge(self, task: "asyncio.Task[NoReturn]") -> None:
        """A part that must not end has ended: so does the bot, unless it was told to."""
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, CotorraError):
            self._services.fail(error)
        elif error is not None:
            _log.critical("receiving failed: %s", outline(error))
            self._services.fail(ConnectionRefused("receiving updates failed, see the log: this is a bug; start again"))
