"""Authorization: whether Telegram knows the bot's token. While it does not, one call asks, and no other goes out.

Telegram answers 401 to a token that was revoked, and now and then for a while to one that is good. Both look the same
until it is over, so nothing ends: what is refused is tried again like anything else that Telegram does not take now.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

from telegram.error import TelegramError
from telegram.request import HTTPXRequest

from bot.observability.health import Unhealthy
from bot.observability.trouble import Trouble
from bot.pauses import pause_after

CALM = 10.0  # seconds without a refusal until it is over: such a trouble of Telegram's comes and goes
UNAUTHORIZED, NOT_FOUND = 401, 404
QUESTION = "/getMe"  # the end of the address of the call that asks
REFUSED = (
    "Telegram does not know this bot's token; it is asked again until it does, and what people write waits, so nothing "
    "is lost: if the token was revoked, copy the new one from @BotFather into TELEGRAM_BOT_TOKEN and start again"
)

_log = logging.getLogger(__name__)


class TokenRefused(TelegramError):
    """Telegram does not know the token: it said so to this call, or to an earlier one, and this one did not go out."""

    def __init__(self) -> None:
        super().__init__("Telegram does not know the token")


class Authorization:
    """What Telegram's answers say of the token.

    Args:
        sleep: Waits so many seconds.
        monotonic: Seconds that never jump.
    """

    def __init__(
        self,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sleep = sleep
        self._trouble = Trouble("the token", _log, monotonic)
        self._was_known = False
        self._refused = asyncio.Event()

    @property
    def is_refused(self) -> bool:
        """Whether no call should go out but the one that asks."""
        return self._refused.is_set()

    def refused(self) -> None:
        """Telegram did not know the token. One that it never knew is the business of whoever begins to use it."""
        if self._was_known:
            self._refused.set()

    def accepted(self, asked: bool) -> None:
        """Telegram did what it was told; asked: by the call that asks. Others may have gone out before the refusal."""
        self._was_known = True
        if asked:
            self._refused.clear()
        if not self.is_refused:
            self._trouble.ends()

    async def check(self) -> None:
        """Raises Unhealthy while Telegram does not know the token."""
        if self.is_refused:
            raise Unhealthy("Telegram does not know it")

    async def keep(self, ask: Callable[[], Awaitable[object]]) -> NoReturn:
        """Whenever the token is refused, ask until it is not: one call at a time, with growing pauses.

        ask: calls `getMe`. Only what is refused twice in a row is told.
        """
        while True:
            await self._refused.wait()
            failures = 0
            while self.is_refused:
                try:
                    await ask()
                except TokenRefused:
                    self._trouble.begins("refused", REFUSED, logging.ERROR, CALM)
                except TelegramError as error:
                    _log.debug("no answer about the token: %s", type(error).__name__)
                if self.is_refused:
                    await self._sleep(pause_after(failures))
                    failures += 1


class AuthorizedRequest(HTTPXRequest):
    """Calls over HTTP that tell an authorization what becomes of them, and do not go out while the token is refused."""

    def __init__(self, authorization: Authorization, **how: Any) -> None:
        super().__init__(**how)
        self._authorization = authorization

    async def do_request(self, url: str, *arguments: Any, **named: Any) -> tuple[int, bytes]:
        """The status and the body of an answer. Raises TokenRefused, or another TelegramError."""
        asks = url.endswith(QUESTION)
        if self._authorization.is_refused and not asks:
            raise TokenRefused
        code, body = await super().do_request(url, *arguments, **named)
        # 404 is a method that the server does not have; every server has this one, so it means a malformed token.
        if code == UNAUTHORIZED or (asks and code == NOT_FOUND):
            self._authorization.refused()
            raise TokenRefused
        if 200 <= code < 300:
            self._authorization.accepted(asks)
        return code, body
