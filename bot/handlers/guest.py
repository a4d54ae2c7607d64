"""Guest mode: called by name in a chat that the bot has not joined, it answers there, once.

The chat's number means nothing outside of it, so nothing is written down about the chat, nor set in it.
"""

import logging
from dataclasses import replace

from telegram import (
    InlineQueryResultArticle,
    InputTextMessageContent,
    LinkPreviewOptions,
    Message,
    SentGuestMessage,
    Update,
)
from telegram.error import BadRequest, Forbidden

from bot.context import BotContext, author_of, person_of
from bot.errors import GenerationFailed, SchedulerFull, SeedRefused, TurnTooSlow
from bot.handlers.addressed import without_mentions
from bot.languages import Phrases, phrases
from bot.sending.manners import defuse
from bot.storage.book import Occasion, Origin
from bot.storage.prompts import Answer
from bot.storage.settings import ChatSettings
from bot.talking.composing import compose
from bot.talking.conversation import scheduler_for
from bot.talking.seeds import seed_of
from bot.talking.thinking import unanswered
from model.sampling import Rng

LENGTH = 200  # characters: a guest is brief
_TITLE = "Cotorra"  # of the answer as a result; nobody sees it

_log = logging.getLogger(__name__)


async def on_guest_message(update: Update, context: BotContext) -> None:
    """Somebody calls: what they wrote besides the name is continued, else what they answered."""
    message = update.guest_message
    if message is None or message.guest_query_id is None:
        return
    person = message.from_user
    say = phrases(None if person is None else person.language_code)
    try:
        words, author = _words(message)
        seed = seed_of(words)
    except SeedRefused as refusal:
        await answer_guest(message, say.of(refusal), context)
        return
    await _continue(update, message, seed, author, say, context)


async def _continue(
    update: Update, message: Message, seed: str, author: int, say: Phrases, context: BotContext
) -> None:
    """`author`: whose words they are, which may be somebody else's than those of whoever calls."""
    services, person = context.bot_data, person_of(message)
    base = ChatSettings() if person is None else await services.book.settings(person.id)
    settings = replace(base, length=LENGTH, ending="sentence")
    origin = Origin(settings=settings)
    scheduler = await scheduler_for(0 if person is None else person.id, origin, context)
    others = None if person is not None and author == person.id else author
    now = services.clock.now()
    occasion = Occasion(context.bot.id, update.update_id, None, person, None, now, author_id=others)
    prompt = await services.book.open_prompt(occasion, "guest", seed, Rng.fresh().seed, scheduler.fingerprint, origin)
    if prompt.answer.outcome != "pending":
        return
    try:
        answer = await compose(prompt, scheduler, services.book)
    except (SchedulerFull, TurnTooSlow, GenerationFailed) as refusal:
        await answer_guest(message, say.of(refusal), context)
        await services.book.close_prompt(prompt.id, unanswered(refusal))
        return
    sent = await answer_guest(message, defuse(answer.reply_text or ""), context)
    outcome = Answer("failed", answer.reply_text) if sent is None else replace(answer, outcome="answered")
    await services.book.close_prompt(prompt.id, replace(outcome, inline_message_id=sent))


def _words(message: Message) -> tuple[str, int]:
    """The text without the bot's name, else the text of the message it answers; and whose words they are."""
    text = without_mentions(message)
    if text:
        return text, author_of(message)
    answered = message.reply_to_message
    if answered is None:
        return "", author_of(message)
    return answered.text or answered.caption or "", author_of(answered)


async def answer_guest(message: Message, text: str, context: BotContext) -> str | None:
    """Say it; the message's inline id, None where nobody waits for it any more."""
    content = InputTextMessageContent(text, link_preview_options=LinkPreviewOptions(is_disabled=True))
    try:
        # Typed by hand: python-telegram-bot's rate limiter hides what the call returns.
        sent: SentGuestMessage = await context.bot.answer_guest_query(
            message.guest_query_id or "", InlineQueryResultArticle("1", _TITLE, content)
        )
    except (BadRequest, Forbidden) as error:
        _log.info("a guest's answer came too late: %s", type(error).__name__)
        return None
    return sent.inline_message_id
