"""A reply into a chat within Telegram's limits: plain text, no previews, in as many messages as it takes.

Decides what is sent, and leaves to `bot.delivery` that it is sent once.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from telegram import Message, Update
from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.context import BotContext
from bot.delivery import deliver
from bot.text import clean, split_message

BLINK = 0.3  # seconds; a reply that comes sooner needs no "typing"
TYPING_LASTS = 4.5  # seconds; Telegram shows an action for five

_log = logging.getLogger(__name__)


async def reply(update: Update, text: str, context: BotContext) -> int | None:
    """Answer an update with plain text, quoting it in groups; the first message's id, None for a blank text.

    An update that is handled again gets the same answer again, and nobody sees it twice: what was said first,
    second and so on while an update was handled is known, so a handler that comes back to it repeats nothing.
    Raises TelegramError where Telegram does not take it, StorageError where the database fails.
    """
    message = update.effective_message
    parts = split_message(clean(text))
    if message is None or not parts:
        return None
    inbox = context.bot_data.inbox
    held = inbox.held(update.update_id)
    planned = await inbox.mail.plan(held.place, held.next_saying(), message.chat.id, parts)
    sent = [await deliver(delivery, message, inbox) for delivery in planned]
    return sent[0]


@contextlib.asynccontextmanager
async def typing(message: Message) -> AsyncIterator[None]:
    """Show that the bot is typing for as long as this takes; nothing where it takes a blink."""
    task = asyncio.create_task(_keep_typing(message))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _keep_typing(message: Message) -> None:
    await asyncio.sleep(BLINK)
    while True:
        try:
            await message.reply_chat_action(ChatAction.TYPING)
        except TelegramError as error:  # decoration: the reply itself will tell whether the chat is gone
            _log.debug("no typing action: %s", type(error).__name__)
        await asyncio.sleep(TYPING_LASTS)
