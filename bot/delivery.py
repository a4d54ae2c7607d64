"""A message sent once, whatever happens in between: the process dies, the connection breaks, the answer is lost.

Before a message is sent, the database says that it may have been; once Telegram has named its id, that it was.
Where only the first is known, nobody can tell whether it arrived. Then `bot.probing` says under which id it
would be, and Telegram is asked to edit that message to the text: if it does, or finds the text there already,
the message had arrived, and is now finished in place. Only a message that is nowhere is sent again.

Knows nothing of what is said and why, and no budgets: the rate limiter holds back what has to wait.
"""

import asyncio
import contextlib
import logging

import httpx
from telegram import Bot, Chat, InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, RetryAfter, TelegramError
from telegram.ext import ExtBot

from bot.inbox import Inbox
from bot.outgoing import Departure, Priority, RateArgs
from bot.probing import Probe, Search
from bot.spot import Spot
from bot.storage.deliveries import Delivery

CATCH_UP = 10.0  # seconds to wait for updates that say which ids are somebody else's
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

# Telegram answered, and the answer says that nothing was done.
REFUSED = (BadRequest, Forbidden, ChatMigrated, RetryAfter, Conflict, InvalidToken)
# The request never left this machine whole.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

_log = logging.getLogger(__name__)


async def deliver(
    delivery: Delivery, spot: Spot, bot: ExtBot[RateArgs], inbox: Inbox, keyboard: InlineKeyboardMarkup | None = None
) -> int:
    """Send one message to its spot, unless it was sent before; its id.

    Raises TelegramError where Telegram does not take it or cannot be reached, StorageError where the database
    fails. After either it may be called again with what the database says of the delivery.
    """
    if delivery.message_id is not None:
        return delivery.message_id
    if delivery.above is not None:
        found = await _find(delivery, delivery.above, spot, bot, inbox, keyboard)
        if found is not None:
            await inbox.mail.sent(delivery, found)
            return found
    begun = delivery

    async def about_to_go() -> None:  # not before: what dies while it waits for its turn needs no search
        nonlocal begun
        begun = await inbox.mail.begin(begun)

    try:
        sent = await bot.send_message(
            spot.chat_id,
            delivery.text or "",
            message_thread_id=spot.thread_id,
            reply_parameters=_quoting(spot),
            reply_markup=keyboard,
            disable_notification=True if spot.silent else None,
            link_preview_options=NO_PREVIEW,
            rate_limit_args=Departure(Priority.FINAL, about_to_go),
        )
    except TelegramError as error:
        if isinstance(error, REFUSED) or isinstance(error.__cause__, NOT_SENT):
            await inbox.mail.take_back(begun)
        raise
    await inbox.mail.sent(begun, sent.message_id)
    return sent.message_id


def _quoting(spot: Spot) -> ReplyParameters | None:
    """What was answered may be deleted meanwhile; then nothing is quoted."""
    return None if spot.reply_to is None else ReplyParameters(spot.reply_to, allow_sending_without_reply=True)


async def _find(
    delivery: Delivery, above: int, spot: Spot, bot: Bot, inbox: Inbox, keyboard: InlineKeyboardMarkup | None
) -> int | None:
    """The id under which the message arrived, if it did."""
    if spot.chat_type == Chat.CHANNEL:  # there an administrator's edit would change other people's posts
        return None
    with contextlib.suppress(TimeoutError):  # then more ids have to be tried
        async with asyncio.timeout(CATCH_UP):
            await inbox.caught_up.wait()
    search = Search(delivery.chat_id, above, await inbox.mail.message_ids(delivery.chat_id, above))
    tried = 0
    while (candidate := search.next()) is not None:
        tried += 1
        probe = await _probe(bot, delivery, candidate, keyboard)
        if probe is Probe.OURS:
            _log.info("a message that might have been lost had arrived; found at try %d", tried)
            return candidate
        search.note(probe)
    _log.info("a message that might have arrived had not, say %d tries; it is sent again", tried)
    return None


async def _probe(bot: Bot, delivery: Delivery, candidate: int, keyboard: InlineKeyboardMarkup | None) -> Probe:
    try:
        await bot.edit_message_text(
            delivery.text or "",
            delivery.chat_id,
            candidate,
            link_preview_options=NO_PREVIEW,
            reply_markup=keyboard,
        )
    except BadRequest as error:
        return meaning(error.message.lower())
    return Probe.OURS


def meaning(words: str) -> Probe:
    """What Telegram's refusal of an edit says of the message."""
    if "not modified" in words:
        return Probe.OURS
    return Probe.MISSING if "not found" in words or "id_invalid" in words else Probe.FOREIGN
