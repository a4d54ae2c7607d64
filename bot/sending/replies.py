"""A reply into a chat within Telegram's limits: plain text, no previews, in as many messages as it takes.

Decides what is sent, and leaves to `bot.sending.delivery` that it is sent once.
"""

from telegram import InlineKeyboardMarkup, Update

from bot.context import BotContext
from bot.sending.delivery import deliver
from bot.sending.spot import Spot, spot_of
from bot.text import clean, split_message


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
        await deliver(delivery, delivery.text or "", spot, context.bot, inbox, keyboard if part == last else None)
        for part, delivery in enumerate(planned)
    ]
