"""Operators: those who run the bot are told in their private chats what they should know, of an error once an hour."""

import asyncio
import logging

from telegram.error import TelegramError

from bot.context import BotContext
from bot.languages import N_, phrases
from bot.observability.logging_setup import outline

FAILED = N_("Something I was asked failed: {error}. The log says more. Of the same again in an hour at the earliest.")

_log = logging.getLogger(__name__)


async def alarm(error: BaseException, context: BotContext) -> None:
    """Tell of an error that no handler expected: its kind and where it arose, and nobody's words."""
    kind = outline(error, frames=1)
    if context.bot_data.alarms.is_news(kind, asyncio.get_running_loop().time()):
        await tell_operators(FAILED, context, error=kind)


async def tell_operators(sentence: str, context: BotContext, **values: object) -> None:
    """Say something to those who run the bot, in their private chats."""
    for admin_id in sorted(context.bot_data.access.admins):
        try:
            await context.bot.send_message(admin_id, phrases(None)(sentence, **values))
        except TelegramError as error:  # they have not opened a chat with the bot; the log says it too
            _log.debug("somebody who runs the bot was not told: %s", type(error).__name__)
