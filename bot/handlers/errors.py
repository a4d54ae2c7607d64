"""When a handler fails: what is tried again later, and what is over with one sentence and a log line.

No line holds anybody's words.
"""

import logging

from telegram import Update
from telegram.error import BadRequest, ChatMigrated, EndPointNotFound, Forbidden, InvalidToken, TelegramError
from telegram.ext import ApplicationHandlerStop

from bot.context import BotContext, phrases_for
from bot.errors import SchedulerFull, SchedulerStopped
from bot.incoming.inbox import InHand
from bot.languages import N_
from bot.observability.logging_setup import outline
from bot.operators import alarm
from bot.sending.replies import reply
from bot.sending.silence import is_muted
from bot.storage.errors import StorageError

SORRY = N_("Sorry, something went wrong on my side. Please try again.")
# Nothing that the next attempt would change: the chat, the person or we ourselves are what is wrong.
_FINAL = (BadRequest, Forbidden, ChatMigrated, EndPointNotFound, InvalidToken)

_log = logging.getLogger(__name__)


def passes(error: BaseException) -> bool:
    """Whether an error is about the moment, so that the same update may be answered later."""
    if isinstance(error, TelegramError):
        return not isinstance(error, _FINAL)
    return isinstance(error, StorageError | SchedulerFull | SchedulerStopped)


async def on_error(update: object, context: BotContext) -> None:
    """Have the update handled again, or note that it failed and say so to the person who waits.

    Stops it for all further handlers, or python-telegram-bot would go on with them: also where the gate failed.
    """
    error = context.error
    if error is None or not isinstance(update, Update):
        return
    held = context.bot_data.inbox.held(update.update_id)
    try:
        await _judge(error, update, context, held)
    except StorageError as second:
        held.trouble = second
    raise ApplicationHandlerStop


async def _judge(error: Exception, update: Update, context: BotContext, held: InHand) -> None:
    """What is to become of the update. Raises StorageError where that could not be written down."""
    if passes(error) or (isinstance(error, InvalidToken) and not await _knows_token(context)):
        held.trouble = error
        return
    if isinstance(error, ChatMigrated) and await _moved_along(update, error, context):
        held.trouble = error
        return
    held.end = "failed"
    if is_muted(error):
        await note_silence(update, context)
        return
    context.bot_data.metrics.error(error)
    _log.error("an update failed: %s", outline(error))
    await alarm(error, update, context)
    try:
        say = await phrases_for(update, context)
        await reply(update, say(SORRY), context)
    except TelegramError as second:
        if passes(second):
            held.trouble = second
        else:
            _log.warning("the apology did not arrive: %s", type(second).__name__)


async def note_silence(update: Update, context: BotContext) -> None:
    """The bot may not write where an update comes from: that is no failure, and leaves the chat alone for a while."""
    chat = update.effective_chat
    if chat is not None:
        _log.info("a chat does not let the bot write")
        await context.bot_data.book.note_silence(chat.id, context.bot_data.clock.now())


async def _moved_along(update: Update, error: ChatMigrated, context: BotContext) -> bool:
    """Whether the update waits in the supergroup now that its group has become."""
    chat = update.effective_chat
    if chat is None:
        return False
    _, waiting = await context.bot_data.book.follow(context.bot.id, chat.id, error.new_chat_id)
    return waiting > 0


async def _knows_token(context: BotContext) -> bool:
    """Whether it is a method that the server answers with 404 to, and not everything."""
    try:
        await context.bot.get_me()
    except TelegramError as error:
        _log.debug("no answer about the token: %s", type(error).__name__)
        return False
    return True
