"""The conversation that the bot is for: a seed comes, its continuation goes back.

The prompt is in the database before the model starts and completed once Telegram has the reply. An update
that Telegram delivers again is answered only if it was not answered before, and then with the same text.
"""

import logging
import time

from telegram import Message, Update
from telegram.error import Forbidden, TelegramError

from bot.context import BotContext, is_private, occasion, said
from bot.errors import GenerationFailed, SchedulerFull, SchedulerStopped, TurnRefused
from bot.handlers.commands import Call
from bot.logging_setup import outline
from bot.replies import reply, typing
from bot.scheduler import Continuation, Turn
from bot.storage.prompts import Answer, Asked, Kind, Outcome, Prompt
from bot.text import MESSAGE_UNITS, clean, utf16_units
from model.config import SamplingConfig
from model.sampling import Rng

USAGE = "Give me the beginning and I will go on: /seed Once upon a time"
TOO_LONG = "That is too long for me: I can continue at most {limit:,} characters, and this has {length:,}."
NO_TEXT = "I can only continue text. Send me a few words, or try: /seed Once upon a time"
UNDELIVERED = "Sorry, Telegram did not take my reply. Please try again."

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
        await reply(message, NO_TEXT)


async def _continue(update: Update, message: Message, kind: Kind, text: str, context: BotContext) -> None:
    seed = clean(text)
    if not seed.strip():
        await reply(message, USAGE)
        return
    if (length := utf16_units(seed)) > MESSAGE_UNITS:
        await reply(message, TOO_LONG.format(limit=MESSAGE_UNITS, length=length))
        return
    start = time.monotonic()
    services = context.bot_data
    prompt = await services.book.open_prompt(
        occasion(update, message, context), kind, seed, Rng.fresh().seed, services.scheduler.fingerprint
    )
    if prompt.answer.outcome == "pending":
        answer = await _answer(message, prompt, start, context)
        await services.book.close_prompt(prompt.id, answer)


async def _answer(message: Message, prompt: Prompt, start: float, context: BotContext) -> Answer:
    """Generate and send; what came of it, for the log."""
    try:
        async with typing(message):
            continuation = await context.bot_data.scheduler.run(_turn(prompt.asked))
    except TurnRefused as refusal:
        return await _apologise(message, prompt, refusal)
    text = clean(prompt.asked.seed_text + continuation.text)
    try:
        sent = await reply(message, text)
    except TelegramError as error:
        _log.warning("prompt %d: the reply did not arrive: %s", prompt.id, type(error).__name__)
        if not isinstance(error, Forbidden):  # whoever threw the bot out waits for nothing
            await _say(message, prompt, UNDELIVERED)
        return _outcome("failed", text, None, start, continuation)
    return _outcome("answered", text, None if sent is None else sent.message_id, start, continuation)


async def _apologise(message: Message, prompt: Prompt, refusal: TurnRefused) -> Answer:
    if isinstance(refusal, GenerationFailed):
        _log.error("prompt %d: the generator failed: %s", prompt.id, outline(refusal))
    await _say(message, prompt, str(refusal))
    return Answer("refused" if isinstance(refusal, SchedulerFull | SchedulerStopped) else "failed")


async def _say(message: Message, prompt: Prompt, sentence: str) -> None:
    """Say something beside the reply, if it can be said at all."""
    try:
        await reply(message, sentence)
    except TelegramError as error:
        _log.warning("prompt %d: the apology did not arrive: %s", prompt.id, type(error).__name__)


def _turn(asked: Asked) -> Turn:
    return Turn(asked.seed_text, asked.length, SamplingConfig(asked.temperature, asked.top_p), Rng(asked.rng_seed))


def _outcome(outcome: Outcome, text: str, message_id: int | None, start: float, continuation: Continuation) -> Answer:
    latency = round((time.monotonic() - start) * 1_000)
    return Answer(outcome, text, message_id, latency, continuation.characters_per_second)
