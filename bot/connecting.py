"""Connecting: Telegram knows us, however long it takes to reach it."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from telegram.error import BadRequest, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.authorization import TokenRefused
from bot.context import BotApplication
from bot.errors import ConnectionRefused
from bot.observability.trouble import Trouble
from bot.pauses import pause_after

_log = logging.getLogger(__name__)


@asynccontextmanager
async def connected(application: BotApplication) -> AsyncIterator[None]:
    """The application is initialized within. Raises ConnectionRefused where the server does not want us."""
    try:
        await _reach(application)
        yield
    finally:
        await application.shutdown()
        # What `initialize` made before it failed, python-telegram-bot leaves to us.
        await application.bot.shutdown()


async def _reach(application: BotApplication) -> None:
    trouble = Trouble("the Bot API server", _log)
    attempt = 0
    while True:
        try:
            await application.initialize()
        except (InvalidToken, TokenRefused):
            # The text of the first holds the token: neither shown nor chained.
            raise ConnectionRefused(
                "the Bot API server does not know this token: copy it again from @BotFather "
                "into TELEGRAM_BOT_TOKEN, and check COTORRA_API_BASE_URL"
            ) from None
        except BadRequest as error:
            raise _no_server(application) from error
        except (NetworkError, RetryAfter) as error:
            trouble.begins("silence", f"no answer from the Bot API server ({type(error).__name__}); trying again")
            await asyncio.sleep(pause_after(attempt))
            attempt += 1
        except TelegramError as error:
            raise _no_server(application) from error
        else:
            trouble.ends()
            return


def _no_server(application: BotApplication) -> ConnectionRefused:
    address = application.bot.base_url.removesuffix(application.bot.token).removesuffix("/bot")
    return ConnectionRefused(f"expected a Bot API server at {address}, got another answer: check COTORRA_API_BASE_URL")
