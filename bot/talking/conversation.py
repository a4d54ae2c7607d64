"""The conversation that the bot is for: something is to be continued, and its continuation goes back.

    prompt = await continue_text(update, message, "mention", seed, context)
    prompt = await continue_text(update, message, "more", "", context, Origin(parent=last, continues_id=last.id))

Commands, buttons, replies, mentions and chime-ins all come through here. The prompt is in the database before the
model starts, its text before Telegram hears of it, and completed once Telegram has the reply. An update that is
handled again goes on where it stopped, with the same text; so whoever calls this need remember nothing.
"""

import dataclasses
import logging
import time

from telegram import MaybeInaccessibleMessage, Update
from telegram.error import BadRequest, Forbidden

from bot.context import BotContext, occasion, phrases_for
from bot.errors import GenerationFailed, SchedulerFull, StateGone, TurnTakenBack, TurnTooSlow
from bot.generating.scheduler import Scheduler
from bot.languages import N_, NN_
from bot.observability.logging_setup import outline
from bot.sending.manners import defuse
from bot.sending.silence import is_muted
from bot.sending.spot import Spot, spot_of
from bot.sending.streaming import Scene, Stream
from bot.storage.book import NOTHING, Origin
from bot.storage.prompts import Answer, Kind, Prompt
from bot.talking.buttons import under_reply, while_writing
from bot.talking.thinking import think, unanswered
from bot.text import clean
from model.sampling import Rng

AHEAD = NN_("⏳ {number} other reply comes first…", "⏳ {number} other replies come first…")
NEXT = N_("⏳ One moment…")
UNDELIVERED = N_("Sorry, Telegram did not take my reply. Please try again.")

_log = logging.getLogger(__name__)


async def continue_text(
    update: Update,
    message: MaybeInaccessibleMessage,
    kind: Kind,
    seed: str,
    context: BotContext,
    origin: Origin = NOTHING,
    *,
    silent: bool = False,
) -> Prompt | None:
    """Continue a text in answer to a message: quoted in groups, in its topic. The prompt, whatever came of it.

    update: what asks for it; an update asks for one thing, unless `origin.part` tells them apart. Who pressed a
        button has asked, else who wrote the message.
    message: what is answered; for a button the message it stands under.
    seed: cleaned, not too long (see bot.talking.seeds); it may be empty where a state goes on.
    origin: the prompt it builds on, the state it goes on from, and settings in place of the chat's.
    silent: without a sound, where nobody waits for it.

    None where the words were erased meanwhile. What a person can be told is told. Raises what passes, so that the
    update is tried again: SchedulerStopped, StorageError, TelegramError.
    """
    start = time.monotonic()
    services = context.bot_data
    scheduler = await scheduler_for(message.chat.id, origin, context)
    prompt = await services.book.open_prompt(
        occasion(update, message, context), kind, seed, Rng.fresh().seed, scheduler.fingerprint, origin
    )
    if prompt.answer.outcome != "pending":
        return prompt
    if prompt.erased_at is not None:
        return None
    spot = spot_of(message, prompt.asked.thread_id, silent=silent)
    answer, message_ids = await _answer(update, spot, prompt, scheduler, context)
    answer = dataclasses.replace(answer, latency_ms=round(1_000 * (time.monotonic() - start)))
    await services.book.close_prompt(prompt.id, answer, message_ids)
    return dataclasses.replace(prompt, answer=answer)


async def scheduler_for(chat_id: int, origin: Origin, context: BotContext) -> Scheduler:
    """Who writes in this chat. The one place that knows how a chat comes to its voice."""
    services = context.bot_data
    for scheduler in services.voices.schedulers:
        if scheduler.fingerprint == origin.fingerprint:
            return scheduler
    settings = origin.settings or await services.book.settings(chat_id)
    return services.voices.scheduler(settings.voice)


async def _answer(
    update: Update, spot: Spot, prompt: Prompt, scheduler: Scheduler, context: BotContext
) -> tuple[Answer, list[int]]:
    """Think and send: what came of it, and the messages it took."""
    services = context.bot_data
    say = await phrases_for(update, context)
    scene = Scene(spot, context.bot, services.inbox, services.inbox.held(update.update_id), services.underway)
    stop = while_writing(prompt, say, services.callbacks)
    seed = prompt.asked.seed_text
    stream = Stream(
        scene,
        prompt.id,
        lambda text: defuse(clean(seed + text)),
        lambda ahead: say.count(AHEAD, ahead) if ahead else say(NEXT),
        stop,
    )
    try:
        with services.underway.writing(prompt.id) as watch:
            async with stream.growing(watch):
                answer = await think(prompt, scheduler, services.book, watch)
    except (SchedulerFull, TurnTooSlow, TurnTakenBack, GenerationFailed, StateGone) as refusal:
        if isinstance(refusal, GenerationFailed):
            _log.error("prompt %d: the generator failed: %s", prompt.id, outline(refusal))
        if prompt.asked.kind != "chime-in" or not isinstance(refusal, SchedulerFull):  # nobody waits for that one
            await _say_instead(stream, prompt, say.of(refusal))
        return unanswered(refusal), []
    text = answer.reply_text or ""
    try:
        sent = await stream.finish(defuse(text), under_reply(prompt, text, say, services.callbacks))
    except (BadRequest, Forbidden) as error:
        _log.warning("prompt %d: the reply did not arrive: %s", prompt.id, type(error).__name__)
        if is_muted(error):
            await services.book.note_silence(spot.chat_id, services.clock.now())
        elif isinstance(error, BadRequest) and not stream.delivered:  # whoever threw the bot out waits for nothing
            await _say_instead(stream, prompt, say(UNDELIVERED))
        return dataclasses.replace(answer, outcome="failed"), []
    return dataclasses.replace(answer, reply_message_id=sent[0]), sent


async def _say_instead(stream: Stream, prompt: Prompt, sentence: str) -> None:
    """Say something in place of the reply, if it can be said at all."""
    try:
        await stream.finish(sentence)
    except (BadRequest, Forbidden) as error:
        _log.warning("prompt %d: the apology did not arrive: %s", prompt.id, type(error).__name__)
