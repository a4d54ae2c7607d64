"""`cotorra run` and `cotorra demo`: the bot for as long as nobody stops it."""

import asyncio
import logging
import signal
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import click

from bot.errors import PageError, SettingsError
from bot.observability.logging_setup import set_up_logging
from bot.settings import Settings, read_settings, webhook_config

if TYPE_CHECKING:
    from bot.generating.voice_loader import VoiceLoader

SIGNALS = (signal.SIGINT, signal.SIGTERM)
STOP_WITHIN = 7.5  # seconds after a signal; a container leaves 10, and whoever asks for 8 shall have them

_log = logging.getLogger(__name__)


@click.command()
def run() -> None:
    """The bot on Telegram, or on the server that COTORRA_API_BASE_URL names.

    TELEGRAM_BOT_TOKEN is read from the environment or from .env.
    """
    serve()


def serve(loader: "VoiceLoader | None" = None) -> None:
    """What `cotorra run` does; `loader` in place of the one that reads checkpoints. Raises CotorraError."""
    settings = _start_logging()
    if settings.token is None:
        raise SettingsError(
            "TELEGRAM_BOT_TOKEN: expected the token that @BotFather gave you, got nothing; "
            "set it in the environment or in .env, or try cotorra demo, which needs none"
        )
    asyncio.run(_until_signalled(_run(settings, loader)))


@click.command()
@click.option("--port", default=8808, show_default=True, help="The page's port on this machine; 0 takes any free one.")
def demo(port: int) -> None:
    """The whole bot in a page on this machine: no token, no network."""
    settings = _start_logging()
    asyncio.run(_until_signalled(_demo(settings, port)))


async def _run(settings: Settings, loader: "VoiceLoader | None") -> None:
    from bot.app import BotConfig
    from bot.lives import live
    from bot.observability.server import PagesConfig
    from bot.privacy.policy import policy_pages

    if settings.token is None:
        raise SettingsError("TELEGRAM_BOT_TOKEN: expected a token, got nothing")
    port = settings.metrics_port
    config = BotConfig(
        settings.token,
        settings.database(),
        settings.voice_folders,
        settings.engine,
        settings.api_base_url,
        settings.access,
        age_limit=settings.age_limit,
        data_dir=settings.data_dir.expanduser(),
        terms=settings.terms,
        webhook=webhook_config(settings),
        etiquette=settings.etiquette,
        pages=None if port is None else PagesConfig(settings.metrics_host, port, policy_pages(settings.terms)),
    )
    await live(config, lambda application: _log.info("@%s is listening", application.bot.username), loader)


async def _demo(settings: Settings, port: int) -> None:
    from pydantic import SecretStr

    from bot.app import BotConfig
    from bot.lives import live
    from bot.playground import Playground, PlaygroundError
    from bot.playground.demo import demo_world
    from bot.privacy.policy import policy_pages
    from bot.rules.access import Access
    from bot.sending.budgets import UNLIMITED

    async with AsyncExitStack() as stack:
        try:
            pages = policy_pages(settings.terms)
            playground = await stack.enter_async_context(Playground(port=port, world=demo_world, pages=pages))
        except PlaygroundError as error:
            raise PageError(str(error)) from error
        config = BotConfig(
            SecretStr(playground.token),
            settings.database("demo.sqlite"),
            settings.voice_folders,
            settings.engine,
            playground.api_base_url,
            Access(admins=frozenset({playground.world.you.id})),  # whoever sits at the page runs the bot
            budgets=UNLIMITED,  # the page enforces no limits
            data_dir=settings.data_dir.expanduser() / "demo",  # whoever is forgotten there is nobody elsewhere
            terms=settings.terms,
            etiquette=settings.etiquette,
        )
        await live(config, lambda _: click.echo(f"Cotorra talks at {playground.page_url} (Ctrl-C ends it)"))


def _start_logging() -> Settings:
    settings = read_settings()
    set_up_logging(settings.log_level, settings.secrets, settings.log_format, settings.log_prompts)
    return settings


async def _until_signalled(work: Coroutine[Any, Any, None]) -> None:
    """Run the work; SIGINT or SIGTERM ends it in good order, a second one at once.

    The system ends what does not end in time: nothing that matters is in memory alone.
    """
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    stopped = False

    def stop() -> None:
        nonlocal stopped
        stopped = True
        for number in SIGNALS:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)  # Python's own way for SIGINT would wait for threads
        signal.setitimer(signal.ITIMER_REAL, STOP_WITHIN)
        task.cancel()

    for number in SIGNALS:
        loop.add_signal_handler(number, stop)
    try:
        await task
    except asyncio.CancelledError:
        if not stopped:
            raise
