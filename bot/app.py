"""A running bot: its parts, put together and taken apart in order.

The same bot runs by itself (`cotorra run`) and inside a loop that runs something else too (`cotorra demo`,
the tests): `running` is its whole life.
"""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import cast

from pydantic import SecretStr
from telegram.error import BadRequest, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.ext import ApplicationBuilder, ContextTypes

from bot.budgets import TELEGRAM_BUDGETS, Budgets
from bot.context import BotApplication, Services
from bot.errors import ConnectionRefused
from bot.handlers import add_handlers
from bot.handlers.errors import on_polling_error
from bot.handlers.help import MENU
from bot.order import InOrderOfChat
from bot.rate_limiter import RateLimiter
from bot.scheduler import Scheduler
from bot.settings import TELEGRAM
from bot.storage.book import Book
from bot.storage.database import Database
from bot.storage.schema import prepare_schema
from model.generator import Generator, load_generator

UPDATES = ("message", "channel_post")  # what Telegram is asked for; edited messages trigger nothing
LAST_REPLIES = 6.0  # seconds at a shutdown for what is being answered; a container leaves 10 in all
_RETRIES = (1, 2, 4, 8, 15, 30)  # seconds between attempts to reach the server at the start

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BotConfig:
    """What a bot needs to know to run."""

    token: SecretStr
    database: str
    checkpoint: Path
    engine: str = "auto"
    api_base_url: str = TELEGRAM
    allowed_chats: frozenset[int] = frozenset()
    budgets: Budgets = TELEGRAM_BUDGETS


@asynccontextmanager
async def running(config: BotConfig, generator: Generator | None = None) -> AsyncIterator[BotApplication]:
    """A bot from its first connection to its last reply; `generator` in place of the checkpoint's.

    Raises CheckpointError, StorageError or ConnectionRefused where it cannot start.
    """
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database(config.database))
        if await prepare_schema(database, config.database):
            _log.info("the database is up to date: %s", database.name)
        load = partial(load_generator, config.checkpoint, config.engine)
        scheduler = await stack.enter_async_context(
            Scheduler(await asyncio.to_thread(load), load) if generator is None else Scheduler(generator)
        )
        services = Services(Book(database), scheduler, config.allowed_chats)
        application = build(config, services)
        await stack.enter_async_context(_connected(application))
        await stack.enter_async_context(_polling(application))
        yield application


def build(config: BotConfig, services: Services) -> BotApplication:
    """The application with its handlers; nothing is connected yet."""
    # Periods as timedelta, which python-telegram-bot asks its users to choose before it becomes the only form.
    os.environ.setdefault("PTB_TIMEDELTA", "true")
    # python-telegram-bot calls the type of bot_data once to make it; ours is made already.
    make_services = cast("type[Services]", lambda: services)
    application = (
        ApplicationBuilder()
        .token(config.token.get_secret_value())
        .base_url(f"{config.api_base_url}/bot")
        .base_file_url(f"{config.api_base_url}/file/bot")
        .context_types(ContextTypes(bot_data=make_services))
        .rate_limiter(RateLimiter(config.budgets))
        .concurrent_updates(InOrderOfChat())
        .job_queue(None)
        .build()
    )
    add_handlers(application)
    return application


@asynccontextmanager
async def _connected(application: BotApplication) -> AsyncIterator[None]:
    """Telegram knows us, however long it takes to reach it."""
    try:
        await _reach(application)
        try:
            await application.bot.set_my_commands(MENU)
        except TelegramError as error:  # the menu is decoration
            _log.warning("the command menu was not set: %s", type(error).__name__)
        yield
    finally:
        await application.shutdown()
        # What `initialize` made before it failed, python-telegram-bot leaves to us.
        await application.bot.shutdown()


async def _reach(application: BotApplication) -> None:
    attempt = 0
    while True:
        try:
            await application.initialize()
        except InvalidToken:
            # Its text holds the token: neither shown nor chained.
            raise ConnectionRefused(
                "the Bot API server does not know this token: copy it again from @BotFather "
                "into TELEGRAM_BOT_TOKEN, and check COTORRA_API_BASE_URL"
            ) from None
        except BadRequest as error:
            raise _no_server(application) from error
        except (NetworkError, RetryAfter) as error:
            pause = _RETRIES[min(attempt, len(_RETRIES) - 1)]
            attempt += 1
            _log.warning("no answer from the Bot API server (%s); next try in %d s", type(error).__name__, pause)
            await asyncio.sleep(pause)
        except TelegramError as error:
            raise _no_server(application) from error
        else:
            return


def _no_server(application: BotApplication) -> ConnectionRefused:
    address = application.bot.base_url.removesuffix(application.bot.token).removesuffix("/bot")
    return ConnectionRefused(f"expected a Bot API server at {address}, got another answer: check COTORRA_API_BASE_URL")


@asynccontextmanager
async def _polling(application: BotApplication) -> AsyncIterator[None]:
    """Updates come in and are answered; at the end, those in hand are answered first."""
    updater = application.updater
    if updater is None:
        raise RuntimeError("expected an application with an updater")
    await application.start()
    try:
        await updater.start_polling(
            allowed_updates=list(UPDATES), bootstrap_retries=-1, error_callback=on_polling_error
        )
        yield
    finally:
        if updater.running:
            await updater.stop()
        try:
            async with asyncio.timeout(LAST_REPLIES):
                await application.stop()
        except TimeoutError:
            _log.warning("stopped with replies unfinished")
