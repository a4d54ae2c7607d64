"""Operators: those who run the bot are told in their private chats what they should know, of an error once an hour."""

import asyncio
import logging
from contextlib import suppress

from telegram import Chat, Update
from telegram.error import TelegramError

from bot.context import BotApplication, BotContext
from bot.languages import N_, phrases
from bot.observability.logging_setup import outline
from bot.sending.replies import say_at
from bot.sending.spot import Spot
from bot.storage.errors import StorageError

FAILED = N_("Something I was asked failed: {error}. The log says more. Of the same again in an hour at the earliest.")
DAMAGED = N_(
    "My database is damaged, so I stop. What people write to me from now on waits at Telegram, for a day at most. "
    "Please put a backup in its place. If I do not go on by myself then, start me again."
)
TELLING = 3.0  # seconds to tell of it

OF_ERRORS, OF_CHATS = -1_000, -2_000  # numbers of what is said to them, far from those of what is said in the chat

_log = logging.getLogger(__name__)


async def alarm(error: BaseException, update: Update, context: BotContext) -> None:
    """Tell of an error that no handler expected: its kind and where it arose, and nobody's words."""
    kind = outline(error, frames=1)
    if context.bot_data.alarms.is_news(kind, asyncio.get_running_loop().time()):
        await tell_operators(FAILED, OF_ERRORS, update, context, error=kind)


async def tell_operators(sentence: str, saying: int, update: Update, context: BotContext, **values: object) -> None:
    """Say something that came of an update to those who run the bot, in their private chats.

    saying: its number, and for each of them one less; negative, since handling the update again may not come to it.
    """
    for number, admin_id in enumerate(sorted(context.bot_data.access.admins)):
        spot, text = Spot(admin_id, Chat.PRIVATE), phrases(None)(sentence, **values)
        try:
            await say_at(spot, update, text, context, saying=saying - number)
        except (TelegramError, StorageError) as error:  # they have not opened a chat with the bot; the log says it too
            _log.debug("somebody who runs the bot was not told: %s", type(error).__name__)


async def end_when_damaged(application: BotApplication) -> None:
    """Wait until the database is damaged; then tell those who run the bot, past the database, and end it."""
    services = application.bot_data
    reason = await services.database.until_damaged()
    _log.error("%s", reason)
    if services.alarms.is_news("damage", asyncio.get_running_loop().time()):
        try:
            async with asyncio.timeout(TELLING):
                for admin_id in sorted(services.access.admins):
                    with suppress(TelegramError):
                        await application.bot.send_message(admin_id, phrases(None)(DAMAGED))
        except TimeoutError:
            _log.debug("nobody could be told in time")
    services.fail(reason)
