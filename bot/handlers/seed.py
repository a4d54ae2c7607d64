"""The conversation that the bot is for: a seed comes, its continuation goes back.

The prompt is in the database before the model starts, its text before Telegram hears of it, and completed once
Telegram has the reply. An update that is handled again goes on where it stopped, with the same text.
"""

import dataclasses
import logging
import time

from telegram import Message, Update
from telegram.error import BadRequest, Forbidden

from bot.context import BotContext, is_private, occasion, phrases_for, said
from bot.errors import GenerationFailed, TurnRefused, TurnTooSlow
from bot.handlers.commands import Call
from bot.languages import N_
from bot.logging_setup import outline
from bot.prompt_turn import turn_of
from bot.replies import reply, typing
from bot.storage.prompts import Answer, Kind, Prompt
from bot.text import MESSAGE_UNITS, clean, utf16_units
from model.sampling import Rng

USAGE = N_("Give me the beginning and I will go on: /seed Once upon a time")
TOO_LONG = N_("That is too long for me: I can continue at most {limit:,} characters, and this has {length:,}.")
NO_TEXT = N_("I can only continue text. Send me a few words, or try: /seed Once upon a time")
UNDELIVERED = N_("Sorry, Telegram did not take my reply. Please try again.")

_log = logging.getLogger(__name__)


async def seed_command(update: Update, call: Call, context: BotContext) -> None:
    """`/seed <text>`."""
    await _continue(update, call.message, "seed", call.argument, context)


async def plain_message(update: Update, context: BotContext) -> None:
    """In a private chat, whatever is written is a seed."""
    message = said(update)
    if message is None or not is_private(message):
        return
    text = message.text or message.caption
    if text:
        await _continue(update, message, "seed", text, context)
    elif message.effective_attachment is not None:
        say = await phrases_for(update, context)
        await reply(update, say(NO_TEXT), context)


async def _continue(update: Update, message: Message, kind: Kind, text: str, context: BotContext) -> None:
    say = await phrases_for(update, context)
    seed = clean(text)
    if not seed.strip():
        await reply(update, say(USAGE), context)
        return
    if (length := utf16_units(seed)) > MESSAGE_UNITS:
        await reply(update, say(TOO_LONG, limit=MESSAGE_UNITS, length=length), context)
        return
    start = time.monotonic()
    services = context.bot_data
    prompt = await services.book.open_prompt(
        occasion(update, message, context), kind, seed, Rng.fresh().seed, services.scheduler.fingerprint
    )
    if prompt.answer.outcome == "pending":
        answer = await _answer(update, message, prompt, start, context)
        await services.book.close_prompt(prompt.id, answer)


async def _answer(update: Update, message: Message, prompt: Prompt, start: float, context: BotContext) -> Answer:
    """Generate and send; what came of it, for the log.

    Raises what passes: SchedulerFull, SchedulerStopped, StorageError, TelegramError. Then it is tried again.
    """
    thought = prompt.answer
    if thought.reply_text is None:
        try:
            async with typing(message):
                continuation = await context.bot_data.scheduler.run(turn_of(prompt.asked))
        except (TurnTooSlow, GenerationFailed) as refusal:
            return await _apologise(update, prompt, refusal, context)
        text = clean(prompt.asked.seed_text + continuation.text)
        thought = Answer("pending", text, None, _since(start), continuation.characters_per_second)
        await context.bot_data.book.close_prompt(prompt.id, thought)
    try:
        sent = await reply(update, thought.reply_text or "", context)
    except (BadRequest, Forbidden) as error:
        _log.warning("prompt %d: the reply did not arrive: %s", prompt.id, type(error).__name__)
        if isinstance(error, BadRequest):  # whoever threw the bot out waits for nothing
            say = await phrases_for(update, context)
            await _say(update, prompt, say(UNDELIVERED), context)
        return dataclasses.replace(thought, outcome="failed", latency_ms=_since(start))
    return dataclasses.replace(thought, outcome="answered", reply_message_id=sent, latency_ms=_since(start))


async def _apologise(update: Update, prompt: Prompt, refusal: TurnRefused, context: BotContext) -> Answer:
    if isinstance(refusal, GenerationFailed):
        _log.error("prompt %d: the generator failed: %s", prompt.id, outline(refusal))
    say = await phrases_for(update, context)
    await _say(update, prompt, say.of(refusal), context)
    return Answer("failed")


async def _say(update: Update, prompt: Prompt, sentence: str, context: BotContext) -> None:
    """Say something in place of the reply, if it can be said at all."""
    try:
        await reply(update, sentence, context)
    except (BadRequest, Forbidden) as error:
        _log.warning("prompt %d: the apology did not arrive: %s", prompt.id, type(error).__name__)


def _since(start: float) -> int:
    """Milliseconds since a monotonic time."""
    return round((time.monotonic() - start) * 1_000)
