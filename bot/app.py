"""A running bot: its parts, put together and taken apart in order.

The same bot runs by itself (`cotorra run`) and inside a loop that runs something else too (`cotorra demo`,
the tests): `running` is its whole life.
"""

import asyncio
import datetime as dt
import logging
import os
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, cast

from pydantic import SecretStr
from telegram.error import BadRequest, InvalidToken, NetworkError, RetryAfter, TelegramError
from telegram.ext import ApplicationBuilder, ContextTypes, ExtBot
from telegram.request import HTTPXRequest

from bot.budgets import TELEGRAM_BUDGETS, Budgets
from bot.callbacks import Callbacks
from bot.clock import ServerClock
from bot.context import BotApplication, Services
from bot.dispatcher import dispatching
from bot.errors import ConnectionRefused
from bot.handlers import add_handlers
from bot.handlers.help import menu
from bot.inbox import AGE_LIMIT, Inbox
from bot.languages import LANGUAGES, SOURCE, load_all, phrases
from bot.logging_setup import outline
from bot.outgoing import Priority
from bot.polling import Poller, UpdatesBot
from bot.rate_limiter import RateLimiter
from bot.retention import Retention
from bot.scheduler import Scheduler
from bot.settings import TELEGRAM
from bot.storage.book import Book
from bot.storage.consent_book import ConsentBook
from bot.storage.database import Database
from bot.storage.errors import DatabaseFull, DatabaseLocked, DatabaseUnreachable
from bot.storage.mail import Mail
from bot.storage.schema import prepare_schema
from bot.terms import Terms
from bot.trouble import Trouble
from model.errors import CotorraError
from model.generator import Generator, load_generator

UPDATES = ("message", "channel_post", "callback_query")  # what Telegram is asked for; edited messages trigger nothing
LAST_REPLIES = 4.0  # seconds at a shutdown for what is being answered; all of it may take 8
ANSWER = 25.0  # seconds to wait for the answer to a call; Telegram itself needs far less than one
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
    age_limit: dt.timedelta = AGE_LIMIT
    patience: float = LAST_REPLIES
    data_dir: Path = Path()  # where the key of the tombstones lies, and they themselves
    terms: Terms = field(default_factory=Terms)

    @property
    def bot_id(self) -> int:
        """The number that the token begins with; 0 for what is no token, which the server refuses."""
        number = self.token.get_secret_value().partition(":")[0]
        return int(number) if number.isdecimal() else 0


@asynccontextmanager
async def running(config: BotConfig, generator: Generator | None = None) -> AsyncIterator[BotApplication]:
    """A bot from its first connection to its last reply; `generator` in place of the checkpoint's.

    Where it cannot go on, `application.bot_data.life` fails.
    Raises CheckpointError, StorageError or ConnectionRefused where it cannot start.
    """
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database(config.database))
        await _prepare(database, config)
        load = partial(load_generator, config.checkpoint, config.engine, warm_up=True)
        scheduler = await stack.enter_async_context(
            Scheduler(await asyncio.to_thread(load), load) if generator is None else Scheduler(generator)
        )
        await asyncio.to_thread(load_all)
        clock = ServerClock()
        inbox = Inbox(Mail(database, config.bot_id), clock, config.age_limit)
        retention = Retention(database, config.data_dir, config.terms.retention_days)
        services = Services(
            Book(database, config.terms.version),
            scheduler,
            inbox,
            _life(),
            database,
            config.terms,
            ConsentBook(database),
            retention,
            Callbacks(config.token.get_secret_value()),
            config.allowed_chats,
        )
        application = build(config, services, clock)
        await stack.enter_async_context(_connected(application))
        await stack.enter_async_context(_meanwhile(retention.keep()))
        if waiting := await inbox.load():
            _log.info("%d updates wait to be answered", waiting)
        await stack.enter_async_context(dispatching(application, inbox, config.patience))
        await stack.enter_async_context(_polling(application, services))
        yield application


@asynccontextmanager
async def _meanwhile(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Work that goes on beside everything else, and ends with it."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def build(config: BotConfig, services: Services, clock: ServerClock) -> BotApplication:
    """The application with its handlers; nothing is connected yet."""
    # Periods as timedelta, which python-telegram-bot asks its users to choose before it becomes the only form.
    os.environ.setdefault("PTB_TIMEDELTA", "true")
    # python-telegram-bot calls the type of bot_data once to make it; ours is made already.
    make_services = cast("type[Services]", lambda: services)
    hooks = {"event_hooks": {"response": [clock.read]}}
    bot: ExtBot[Priority] = UpdatesBot(
        config.token.get_secret_value(),
        f"{config.api_base_url}/bot",
        f"{config.api_base_url}/file/bot",
        # Giving up early on a slow answer costs a search for the message; see bot.delivery.
        request=HTTPXRequest(read_timeout=ANSWER, httpx_kwargs=hooks),
        get_updates_request=HTTPXRequest(connection_pool_size=2, httpx_kwargs=hooks),
        rate_limiter=RateLimiter(config.budgets),
    )
    application = (
        ApplicationBuilder()
        .bot(bot)
        .updater(None)
        .context_types(ContextTypes(bot_data=make_services))
        .job_queue(None)
        .build()
    )
    add_handlers(application)
    return application


async def _prepare(database: Database, config: BotConfig) -> None:
    """The newest tables, however long the database is busy elsewhere."""
    trouble = Trouble("the database", _log)
    attempt = 0
    while True:
        try:
            upgraded = await prepare_schema(database, config.database)
        except (DatabaseLocked, DatabaseFull, DatabaseUnreachable) as error:
            trouble.begins("database", f"{error}; trying again")
            await asyncio.sleep(_RETRIES[min(attempt, len(_RETRIES) - 1)])
            attempt += 1
            continue
        trouble.ends()
        if upgraded:
            _log.info("the database is up to date: %s", database.name)
        return


def _life() -> "asyncio.Future[None]":
    life: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    life.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # whoever asks is told; nobody has to
    return life


@asynccontextmanager
async def _connected(application: BotApplication) -> AsyncIterator[None]:
    """Telegram knows us, however long it takes to reach it."""
    try:
        await _reach(application)
        try:
            await application.bot.set_my_commands(menu(phrases(SOURCE)))
            for language in LANGUAGES.keys() - {SOURCE}:
                await application.bot.set_my_commands(menu(phrases(language)), language_code=language)
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
async def _polling(application: BotApplication, services: Services) -> AsyncIterator[None]:
    """Updates come in."""
    poller = Poller(cast("UpdatesBot", application.bot), services.inbox, UPDATES)
    task = asyncio.create_task(poller.run(), name="poller")
    task.add_done_callback(lambda ended: _judge(ended, services))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def _judge(task: "asyncio.Task[NoReturn]", services: Services) -> None:
    """A part that must not end has ended: so does the bot, unless it was told to."""
    if task.cancelled():
        return
    error = task.exception()
    if isinstance(error, CotorraError):
        services.fail(error)
    elif error is not None:
        _log.critical("receiving failed: %s", outline(error))
        services.fail(ConnectionRefused("receiving updates failed, see the log: this is a bug; start again"))
