"""A message sent once, whatever happens in between: the process dies, the connection breaks, the answer is lost.

Before a message is sent, the database says that it may have been; once Telegram has named its id, that it was.
Where only the first is known, nobody can tell whether it arrived. Then `bot.sending.probing` says under which id it
would be, and Telegram is asked to edit that message to the text: if it does, or finds the text there already,
the message had arrived, and is now finished in place. Only a message that is nowhere is sent again. A message that
was sent while its text was still growing is finished in place too.

Knows nothing of what is said and why, and no budgets: the rate limiter holds back what has to wait.
"""

import asyncio
import contextlib
import dataclasses
import logging

import httpx
from telegram import Chat, InlineKeyboardMarkup, LinkPreviewOptions, ReplyParameters
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken, RetryAfter, TelegramError
from telegram.request import BaseRequest

from bot.authorization import TokenRefused
from bot.incoming.inbox import Inbox
from bot.sending.outgoing import Departure, PacedBot, Priority
from bot.sending.probing import Probe, Search
from bot.sending.rate_limiter import Dropped
from bot.sending.spot import Spot
from bot.storage.deliveries import Delivery

FRAME_ANSWER = 3.0  # seconds to wait for the answer to a frame: a newer one is more use than a late one
CATCH_UP = 10.0  # seconds to wait for updates that say which ids are somebody else's
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

# Telegram answered, and the answer says that nothing was done.
REFUSED = (BadRequest, Forbidden, ChatMigrated, RetryAfter, Conflict, InvalidToken, TokenRefused, Dropped)
# The request never left this machine whole.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

_log = logging.getLogger(__name__)


class Uncertain(TelegramError):
    """Another message to the chat may have arrived: that is found out first, by the update that sent it."""


async def deliver(
    delivery: Delivery, text: str, spot: Spot, bot: PacedBot, inbox: Inbox, keyboard: InlineKeyboardMarkup | None = None
) -> int:
    """Have one message say a text at its spot, by sending it or by editing it, unless it does already; its id.

    Raises TelegramError where Telegram does not take it or cannot be reached, StorageError where the database
    fails. After either it may be called again with what the database says of the delivery.
    """
    if delivery.message_id is not None:
        if delivery.text == text:
            return delivery.message_id
        if await finish(delivery, delivery.message_id, text, bot, keyboard):
            await inbox.mail.sent(dataclasses.replace(delivery, text=text), delivery.message_id)
            return delivery.message_id
        delivery = await inbox.mail.lost(delivery)
    delivery = dataclasses.replace(delivery, text=text)
    async with inbox.sending(spot.chat_id):
        if delivery.above is not None:
            found = await _find(delivery, delivery.above, text, spot, bot, inbox, keyboard)
            if found is not None:
                await inbox.mail.sent(delivery, found)
                return found
        sent = await _send(delivery, text, spot, bot, inbox, keyboard, Priority.FINAL)
        return sent.message_id or 0


async def show_first(
    delivery: Delivery, text: str, spot: Spot, bot: PacedBot, inbox: Inbox, keyboard: InlineKeyboardMarkup | None
) -> Delivery | None:
    """Send a message whose text is still growing, if it can go at once; the delivery with its id, None if it cannot.

    Raises as `deliver` does.
    """
    lock = inbox.sending(spot.chat_id)
    if delivery.above is not None or lock.locked():
        return None
    async with lock:
        try:
            return await _send(delivery, text, spot, bot, inbox, keyboard, Priority.FRAME)
        except Dropped:
            return None


async def show_more(delivery: Delivery, text: str, bot: PacedBot, keyboard: InlineKeyboardMarkup | None) -> bool:
    """Edit a message whose text is still growing; whether it could be done at once. Raises TelegramError."""
    try:
        await bot.edit_message_text(
            text,
            delivery.chat_id,
            delivery.message_id,
            reply_markup=keyboard,
            link_preview_options=NO_PREVIEW,
            read_timeout=FRAME_ANSWER,
            rate_limit_args=Priority.FRAME,
        )
    except Dropped:
        return False
    return True


async def finish(
    delivery: Delivery, message_id: int, text: str, bot: PacedBot, keyboard: InlineKeyboardMarkup | None
) -> bool:
    """Edit a message to its last text; False if it is not there any more. Raises TelegramError."""
    try:
        await bot.edit_message_text(
            text, delivery.chat_id, message_id, link_preview_options=NO_PREVIEW, reply_markup=keyboard
        )
    except BadRequest as error:
        words = error.message.lower()
        if meaning(words) is Probe.FOREIGN and "can't be edited" not in words:
            raise
        return meaning(words) is Probe.OURS
    return True


async def _send(
    delivery: Delivery,
    text: str,
    spot: Spot,
    bot: PacedBot,
    inbox: Inbox,
    keyboard: InlineKeyboardMarkup | None,
    priority: Priority,
) -> Delivery:
    """Send a message that is not there; the delivery with its id, as the database now has it."""
    begun = delivery

    async def about_to_go() -> None:  # not before: what dies while it waits for its turn needs no search
        nonlocal begun
        begun = await begin(begun, inbox)

    try:
        sent = await bot.send_message(
            spot.chat_id,
            text,
            message_thread_id=spot.thread_id,
            reply_parameters=quoting(spot),
            reply_markup=keyboard,
            disable_notification=spot.silent or None,
            link_preview_options=NO_PREVIEW,
            read_timeout=FRAME_ANSWER if priority is Priority.FRAME else BaseRequest.DEFAULT_NONE,
            rate_limit_args=Departure(priority, about_to_go),
        )
    except TelegramError as error:
        if begun.above is not None and (isinstance(error, REFUSED) or isinstance(error.__cause__, NOT_SENT)):
            await inbox.mail.take_back(begun)
        raise
    return await inbox.mail.sent(begun, sent.message_id)


async def begin(delivery: Delivery, inbox: Inbox) -> Delivery:
    """Note that from now on the message may have been sent. Raises Uncertain where it must not be yet."""
    begun = await inbox.mail.begin(delivery, inbox.has)
    if begun is None:
        raise Uncertain("another message to the chat is looked for first")
    return begun


def quoting(spot: Spot) -> ReplyParameters | None:
    """What was answered may be deleted meanwhile; then nothing is quoted."""
    return None if spot.reply_to is None else ReplyParameters(spot.reply_to, allow_sending_without_reply=True)


async def _find(
    delivery: Delivery,
    above: int,
    text: str,
    spot: Spot,
    bot: PacedBot,
    inbox: Inbox,
    keyboard: InlineKeyboardMarkup | None,
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
        probe = await _probe(bot, delivery.chat_id, candidate, text, keyboard)
        if probe is Probe.OURS:
            _log.info("a message that might have been lost had arrived; found at try %d", tried)
            return candidate
        search.note(probe)
    _log.info("a message that might have arrived had not, say %d tries; it is sent again", tried)
    return None


async def _probe(
    bot: PacedBot,
    chat_id: int,
    candidate: int,
    text: str,
    keyboard: InlineKeyboardMarkup | None,
) -> Probe:
    try:
        await bot.edit_message_text(text, chat_id, candidate, link_preview_options=NO_PREVIEW, reply_markup=keyboard)
    except BadRequest as error:
        return meaning(error.message.lower())
    return Probe.OURS


def meaning(words: str) -> Probe:
    """What Telegram's refusal of an edit says of the message."""
    if "not modified" in words:
        return Probe.OURS
    return Probe.MISSING if "not found" in words or "id_invalid" in words else Probe.FOREIGN
