"""Duels end by themselves: after their time what was voted is shown, also where the bot was away meanwhile."""

import asyncio
import datetime as dt
import logging

from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError

from bot.context import BotApplication, BotContext
from bot.errors import CallbackRefused
from bot.handlers.duel import LASTS, is_over, show_result
from bot.observability.logging_setup import outline
from bot.storage.errors import StorageError
from bot.storage.games import Game

TOO_LATE = dt.timedelta(days=1)  # whoever finds a duel that old open leaves it to its button
PAUSE = 30.0  # seconds until what Telegram or the database did not take is tried again

_log = logging.getLogger(__name__)


async def end_duels(application: BotApplication) -> None:
    """End every duel in its time, until cancelled."""
    context = BotContext(application)
    while True:
        try:
            pause = await end_due(context)
        except (TelegramError, StorageError) as error:
            _log.debug("a duel is ended later: %s", type(error).__name__)
            pause = PAUSE
        except Exception as error:  # noqa: BLE001  a bug in one duel is no reason to let the next ones go on for ever
            _log.error("a duel did not end: %s", outline(error))
            pause = PAUSE
        await asyncio.sleep(pause)


async def end_due(context: BotContext) -> float:
    """End the duels whose time is over; the seconds until there may be another one.

    No vote counts after that time, so the result is known before it is shown, and is closed once it was: whoever dies
    in between does it again. Raises TelegramError, StorageError.
    """
    services = context.bot_data
    now = services.clock.now()
    longest = LASTS.total_seconds()
    for game in await services.games.open_duels(now - TOO_LATE):
        if not is_over(game, now):
            return min(longest, (game.opened_at + LASTS - now).total_seconds())
        try:
            await _end(game, context)
        except RetryAfter:  # in this chat alone: the others' duels do not wait for it
            longest = PAUSE
    return longest


async def _end(game: Game, context: BotContext) -> None:
    services = context.bot_data
    standing = await services.games.standing(game.id)
    if standing is None or game.message_id is None:
        return
    try:
        await show_result(standing, game.message_id, context)
    except (BadRequest, Forbidden, CallbackRefused) as error:  # nobody can see it any more
        _log.info("a duel's result was not shown: %s", type(error).__name__)
    await services.games.close(game.id, services.clock.now())
