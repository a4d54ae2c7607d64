"""A reply into a chat within Telegram's limits: plain text, no previews, in as many messages as it takes.

Decides what is sent, and leaves to `bot.delivery` that it is sent once.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from telegram import Bot, InlineKeyboardMarkup, Update
from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.context import BotContext
from bot.delivery import deliver
from bot.spot import Spot, spot_of
from bot.text import clean, split_message

BLINK = 0.3  # seconds; a reply that comes sooner needs no "typing"
TYPING_LASTS = 4.5  # seconds; Telegram shows an action for five

_log = logging.getLogger(__name__)


async def reply(update: Update, text: str, context: BotContext) -> int | None:
    """Answer an update's message with plain text, quoting it in groups; see `say_at`. The first message's id."""
    message = update.effective_message
    if message is None:
        return None
    sent = await say_at(spot_of(message), update, text, context)
    return sent[0] if sent else None


async def say_at(
    spot: Spot,
    update: Update,
    text: str,
    context: BotContext,
    keyboard: InlineKeyboardMarkup | None = None,
    saying: int | None = None,
) -> list[int]:
    """Say a plain text in answer to an update; the ids of the messages it took, none for a blank text.

    keyboard: under the last of them. saying: its number, where a second time other things may be said before it;
    a negative one, which no sequence reaches.
    An update that is handled again gets the same answer again, and nobody sees it twice: what was said first,
    second and so on while an update was handled is known, so a handler that comes back to it repeats nothing.
    Raises TelegramError where Telegram does not take it, StorageError where the database fails.
    """
    parts = split_message(clean(text))
    if not parts:
        return []
    inbox = context.bot_data.inbox
    held = inbox.held(update.update_id)
    number = held.next_saying() if saying is None else saying
    planned = await inbox.mail.plan(held.place, number, spot.chat_id, parts)
    last = len(planned) - 1
    return [
        await deliver(delivery, spot, context.bot, inbox, keyboard if part == last else None)
        for part, delivery in enumerate(planned)
    ]


@contextlib.asynccontextmanager
async def typing(spot: Spot, bot: Bot) -> AsyncIterator[None]:
    """Show that the bot is typing for as long as this takes; nothing where it takes a blink."""
    task = asyncio.create_task(_keep_typing(spot, bot))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _keep_typing(spot: Spot, bot: Bot) -> None:
    await asyncio.sleep(BLINK)
    while True:
        try:
            await bot.send_chat_action(spot.chat_id, ChatAction.TYPING, message_thread_id=spot.thread_id)
        except TelegramError as error:  # decoration: the reply itself will tell whether the chat is gone
            _log.debug("no typing action: %s", type(error).__name__)
        await asyncio.sleep(TYPING_LASTS)
