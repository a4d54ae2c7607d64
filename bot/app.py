"""A running bot: its parts, put together and taken apart in order.

The same bot runs by itself (`cotorra run`) and inside a loop that runs something else too (`cotorra demo`,
the tests): `running` is its whole life.
"""

import asyncio
import datetime as dt
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, cast

from pydantic import SecretStr
from telegram.ext import ApplicationBuilder, ContextTypes, ExtBot

from bot.authorization import Authorization, AuthorizedRequest
from bot.callbacks import Callbacks
from bot.clock import ServerClock
from bot.connecting import connected
from bot.context import BotApplication, Services, end
from bot.generating.scheduler import PATIENCE
from bot.generating.voice_folders import VoiceFolders
from bot.generating.voice_loader import CheckpointLoader, VoiceLoader
from bot.generating.voices import Voices
from bot.handlers import UPDATES, add_handlers
from bot.handlers.duel_ends import end_duels
from bot.incoming.dispatcher import dispatching
from bot.incoming.handover import Handover
from bot.incoming.inbox import AGE_LIMIT, Inbox
from bot.incoming.polling import UpdatesBot
from bot.incoming.receiving import Receiving
from bot.incoming.webhook_config import WebhookConfig
from bot.languages import load_all
from bot.observability.counted import CountedBook, CountedScheduler
from bot.observability.health import Health
from bot.observability.metrics import Metrics
from bot.observability.probes import GeneratorProbe, check_database
from bot.observability.server import PagesConfig, operators_pages
from bot.observability.trouble import Trouble
from bot.operators import end_when_damaged
from bot.pauses import pause_after
from bot.privacy.retention import Retention
from bot.privacy.terms import Terms
from bot.profile import tell_profile
from bot.rules.access import Access
from bot.rules.etiquette import Etiquette, EtiquetteConfig
from bot.sending.budgets import TELEGRAM_BUDGETS, Budgets
from bot.sending.call_memory import CallMemory
from bot.sending.outgoing import RateArgs
from bot.sending.rate_limiter import RateLimiter
from bot.settings import TELEGRAM
from bot.storage.consent_book import ConsentBook
from bot.storage.database import Database
from bot.storage.errors import DatabaseLocked, DatabaseUnreachable
from bot.storage.mail import Mail
from bot.storage.schema import prepare_schema
from bot.storage.sole_use import sole_use
from bot.storage.soundness import looked_through

LAST_REPLIES = 4.0  # seconds at a shutdown for what is being answered; all of it may take 8
ANSWER = 25.0  # seconds to wait for the answer to a call; Telegram itself needs far less than one

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BotConfig:
    """What a bot needs to know to run."""

    token: SecretStr
    database: str
    voices: VoiceFolders
    engine: str = "auto"
    api_base_url: str = TELEGRAM
    access: Access = field(default_factory=Access)
    budgets: Budgets = TELEGRAM_BUDGETS
    age_limit: dt.timedelta = AGE_LIMIT
    patience: float = LAST_REPLIES
    engine_patience: float = PATIENCE  # seconds for a step of the generator
    data_dir: Path = Path()  # where the key of the tombstones lies, and they themselves
    terms: Terms = field(default_factory=Terms)
    answer: float = ANSWER
    webhook: WebhookConfig | None = None  # None: updates are fetched
    pages: PagesConfig | None = None  # None: no pages for the operator
    etiquette: EtiquetteConfig = field(default_factory=EtiquetteConfig)
    profile: bool = True  # whether Telegram is told the menus and descriptions

    @property
    def bot_id(self) -> int:
        """The number that the token begins with; 0 for what is no token, which the server refuses."""
        number = self.token.get_secret_value().partition(":")[0]
        return int(number) if number.isdecimal() else 0


@asynccontextmanager
async def running(
    config: BotConfig, loader: VoiceLoader | None = None, handover: Handover | None = None
) -> AsyncIterator[BotApplication]:
    """A bot from its first connection to its last reply.

    `loader`: in place of the one that reads checkpoints; `handover`: from an earlier life of this bot to a later one.
    Where it cannot go on, `application.bot_data.life` fails.
    Raises SettingsError, CheckpointError, StorageError, ListenRefused or ConnectionRefused where it cannot start.
    """
    async with AsyncExitStack() as stack:
        metrics, life = Metrics(), _life()
        handover = Handover() if handover is None else handover
        database = await stack.enter_async_context(Database(config.database))
        await stack.enter_async_context(sole_use(database, partial(end, life)))
        await stack.enter_async_context(looked_through(database))
        await _once_free(partial(_prepare, database, config))
        await _once_free(partial(handover.receive, database, config.bot_id))
        voices = await stack.enter_async_context(
            Voices(
                config.voices,
                loader or CheckpointLoader(config.engine),
                partial(CountedScheduler, metrics, config.engine_patience),
            )
        )
        await asyncio.to_thread(load_all)
        clock = ServerClock()
        inbox = Inbox(Mail(database, config.bot_id), clock, config.age_limit)
        retention = Retention(database, config.data_dir, config.terms.retention_days, clock.now)
        services = Services(
            CountedBook(metrics, database, config.terms.version, clock.now),
            voices,
            inbox,
            life,
            database,
            config.terms,
            ConsentBook(database),
            retention,
            Callbacks(config.token.get_secret_value()),
            config.access,
            metrics,
            clock,
            Authorization(),
            Etiquette(config.etiquette),
            alarms=handover.alarms,
        )
        application = build(config, services)
        receiving = Receiving(cast("UpdatesBot", application.bot), services, UPDATES, config.webhook)
        await stack.enter_async_context(_seen(config, services, receiving))
        await stack.enter_async_context(connected(application))
        await stack.enter_async_context(_meanwhile(services.authorization.keep(application.bot.get_me)))
        await stack.enter_async_context(_meanwhile(end_when_damaged(application)))
        await stack.enter_async_context(_meanwhile(retention.keep()))
        if config.profile:
            await stack.enter_async_context(_meanwhile(tell_profile(application.bot, config.access.admins)))
        if waiting := await inbox.load():
            _log.info("%d updates wait to be answered", waiting)
        await stack.enter_async_context(handover.given(inbox, database))
        await stack.enter_async_context(dispatching(application, inbox, config.patience))
        await stack.enter_async_context(_meanwhile(end_duels(application)))
        await stack.enter_async_context(receiving.opened())
        yield application


@asynccontextmanager
async def _seen(config: BotConfig, services: Services, receiving: Receiving) -> AsyncIterator[None]:
    """The operator sees how the bot is, also while it cannot reach Telegram."""
    services.metrics.watch_queue("inbox", partial(len, services.inbox))
    services.metrics.watch_queue("generator", lambda: services.voices.waiting)
    services.metrics.watch_tasks(lambda: len(asyncio.all_tasks()))
    if config.pages is None:
        yield
        return
    health = Health(
        {
            "updates": receiving.check,
            "token": services.authorization.check,
            "database": partial(check_database, services.database),
            "generator": GeneratorProbe(lambda: services.voices.schedulers).check,
        }
    )
    async with operators_pages(services.metrics, health, config.pages) as port:
        _log.info("metrics and health are at http://%s:%d", config.pages.host, port)
        yield


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


def build(config: BotConfig, services: Services) -> BotApplication:
    """The application with its handlers; nothing is connected yet."""
    # Periods as timedelta, which python-telegram-bot asks its users to choose before it becomes the only form.
    os.environ.setdefault("PTB_TIMEDELTA", "true")
    # python-telegram-bot calls the type of bot_data once to make it; ours is made already.
    make_services = cast("type[Services]", lambda: services)
    hooks = {"event_hooks": {"response": [services.clock.read]}}
    limiter = RateLimiter(config.budgets, services.metrics, CallMemory(services.inbox.mail))
    services.metrics.watch_queue("telegram", lambda: limiter.waiting)
    bot: ExtBot[RateArgs] = UpdatesBot(
        config.token.get_secret_value(),
        f"{config.api_base_url}/bot",
        f"{config.api_base_url}/file/bot",
        # Giving up early on a slow answer costs a search for the message; see bot.sending.delivery.
        request=AuthorizedRequest(services.authorization, read_timeout=config.answer, httpx_kwargs=hooks),
        get_updates_request=AuthorizedRequest(services.authorization, connection_pool_size=2, httpx_kwargs=hooks),
        rate_limiter=limiter,
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
    """The newest tables. Raises StorageError."""
    if await prepare_schema(database, config.database):
        _log.info("the database is up to date: %s", database.name)


async def _once_free(action: Callable[[], Awaitable[None]]) -> None:
    """Do something with the database, however long it is busy elsewhere.

    Raises StorageError for what lasts until somebody acts, such as a full disk: nothing was begun that could be lost.
    """
    trouble = Trouble("the database", _log)
    attempt = 0
    while True:
        try:
            await action()
        except (DatabaseLocked, DatabaseUnreachable) as error:
            trouble.begins("database", f"{error}; trying again")
            await asyncio.sleep(pause_after(attempt))
            attempt += 1
        else:
            trouble.ends()
            return


def _life() -> "asyncio.Future[None]":
    life: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    life.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # whoever asks is told; nobody has to
    return life
