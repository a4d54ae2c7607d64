"""The lives of a bot: one ends where its database is damaged, and the next begins when a sound one is in its place."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import NoReturn

from bot.app import BotConfig, running
from bot.context import BotApplication
from bot.garbage import settle
from bot.generating.voice_loader import VoiceLoader
from bot.incoming.handover import Handover
from bot.observability.health import Health, Unhealthy
from bot.observability.metrics import Metrics
from bot.observability.server import operators_pages
from bot.pauses import pause_after
from bot.storage.errors import DatabaseDamaged
from bot.storage.recovery import EVERY, sound_again

LONG = 600.0  # seconds that a life lasts whose end has nothing to do with that of the one before

_log = logging.getLogger(__name__)


async def live(
    config: BotConfig, begun: Callable[[BotApplication], None], loader: VoiceLoader | None = None, every: float = EVERY
) -> NoReturn:
    """Run a bot until cancelled, in as many lives as it takes.

    Args:
        config: What the bot needs to know.
        begun: Is called at the beginning of each life.
        loader: In place of the one that reads checkpoints.
        every: Seconds between two looks whether a damaged database is sound again, at least.

    Raises what `running` raises; DatabaseDamaged only where nothing ever ran.
    """
    handover = Handover()
    has_lived = False
    short_lives = 0
    while True:
        began = time.monotonic()
        try:
            async with running(config, loader, handover) as application:
                has_lived = True
                settle()
                begun(application)
                await asyncio.shield(application.bot_data.life)
        except DatabaseDamaged:
            if not has_lived:
                raise
        # Damage that no look finds would end one life after the other at once.
        short_lives = 0 if time.monotonic() - began > LONG else short_lives + 1
        await _until_sound(config, pause_after(short_lives), every)


async def _until_sound(config: BotConfig, pause: float, every: float) -> None:
    """Wait for a sound database; whoever asks for the bot's health is told so."""
    async with AsyncExitStack() as stack:
        if config.pages is not None:
            health = Health({"database": _damaged})
            await stack.enter_async_context(operators_pages(Metrics(), health, config.pages))
        _log.warning("nothing is taken from Telegram until a sound database is in the place of the damaged one")
        await asyncio.sleep(pause)
        await sound_again(config.database, every)
        _log.info("the database is sound: the bot goes on")


async def _damaged() -> None:
    raise Unhealthy("is damaged: the bot waits for a sound one in its place")
