"""A reply into a chat within Telegram's limits: plain text, no previews, in as many messages as it takes."""

import asyncio
import contextlib
import datetime as dt
import logging
from collections.abc import AsyncIterator

from telegram import LinkPreviewOptions, Message
from telegram.constants import ChatAction
from telegram.error import RetryAfter, TelegramError

from bot.text import clean, split_message

BLINK = 0.3  # seconds; a reply that comes sooner needs no "typing"
TYPING_LASTS = 4.5  # seconds; Telegram shows an action for five
PATIENCE = 60.0  # seconds that we are ready to wait when Telegram says "not now"
TRIES = 4

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
    for _ in range(TRIES - 1):
        try:
            return await _try(message, text)
        except RetryAfter as error:  # Telegram took nothing, so trying again doubles nothing
            pause = _seconds(error)
            if pause > PATIENCE:
                raise
            await asyncio.sleep(pause)
    return await _try(message, text)


async def _try(message: Message, text: str) -> Message:
    return await message.reply_text(text, link_preview_options=_NO_PREVIEW, allow_sending_without_reply=True)


def _seconds(error: RetryAfter) -> float:
    pause = error.retry_after
    return pause.total_seconds() if isinstance(pause, dt.timedelta) else float(pause)


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
