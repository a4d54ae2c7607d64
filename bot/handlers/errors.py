"""When a handler fails: a log line without anybody's words, and one sentence for the person."""

import logging

from telegram import Update
from telegram.error import Conflict, Forbidden, NetworkError, TelegramError

from bot.context import BotContext, said
from bot.logging_setup import outline
from bot.replies import reply
from bot.storage.errors import StorageError

SORRY = "Sorry, something went wrong on my side. Please try again."
NO_MEMORY = "Sorry, I cannot reach my notebook right now. Please try again in a minute."

_log = logging.getLogger(__name__)


async def on_error(update: object, context: BotContext) -> None:
    """Log the error and say so to the person who waits, if there is one."""
    error = context.error
    if error is None:
        return
    if isinstance(error, StorageError):
        _log.error("the database failed: %s", error)
    else:
        _log.error("an update failed: %s", outline(error))
    message = said(update) if isinstance(update, Update) else None
    if message is None or isinstance(error, Forbidden):
        return
    try:
        await reply(message, NO_MEMORY if isinstance(error, StorageError) else SORRY)
    except TelegramError as second:
        _log.warning("the apology did not arrive: %s", type(second).__name__)


def on_polling_error(error: TelegramError) -> None:
    """One line for a poll that failed; the poller tries again by itself."""
    if isinstance(error, Conflict):
        _log.error("another program polls with this token: stop it, or this bot gets only some of the messages")
    elif isinstance(error, NetworkError):
        _log.warning("no answer from the Bot API server (%s); trying again", type(error).__name__)
    else:
        _log.error("polling failed (%s); trying again", type(error).__name__)
