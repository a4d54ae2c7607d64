"""A reply into a chat: plain text, no previews, in as many messages as it takes.

Knows no budgets: the rate limiter holds back or drops what is sent here.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from telegram import LinkPreviewOptions, Message
from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot.text import clean, split_message

BLINK = 0.3  # seconds; a reply that comes sooner needs no "typing"
TYPING_LASTS = 4.5  # seconds; Telegram shows an action for five

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_log = logging.getLogger(__name__)


async def reply(message: Message, text: str) -> Message | None:
    """Answer a message with plain text, quoting it in groups; the first message sent, None for a blank text.

    Raises TelegramError where Telegram does not take it.
    """
    first = None
    for part in split_message(clean(text)):
        sent = await _send(message, part)
        first = first or sent
    return first


async def _send(message: Message, text: str) -> Message:
    return await message.reply_text(text, link_preview_options=_NO_PREVIEW, allow_sending_without_reply=True)


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
