"""Inline mode: `@bot text` in any chat offers three continuations; which one is chosen is written down."""

import asyncio
import logging
from dataclasses import replace

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQuery,
    InlineQueryResultArticle,
    InlineQueryResultsButton,
    InputTextMessageContent,
    LinkPreviewOptions,
    Update,
)
from telegram.error import BadRequest

from bot.context import BotContext, phrases_for
from bot.errors import GenerationFailed, TurnRefused, TurnTooSlow
from bot.generating.scheduler import Scheduler
from bot.generating.turns import Turn
from bot.languages import N_
from bot.sending.manners import defuse
from bot.storage.book import NOTHING, Occasion, Origin
from bot.storage.ratings import Rating
from bot.storage.users import User
from bot.talking.composing import all_of, compose_all
from bot.talking.conversation import scheduler_for
from bot.talking.newest import Newest
from bot.talking.offers import LADDER, Offer, offers, read_offer, settings_of
from bot.text import clean
from model.sampling import Rng

HINT = N_("Type a beginning and I will go on")
TOO_QUICK = N_("You type faster than I can think. One moment!")
TRY = N_("🦜 Try it yourself")

PAUSE = 0.15  # seconds without a keystroke before anything is written
_CACHED = 30  # seconds: for whoever deletes a letter and types it again

_log = logging.getLogger(__name__)


class Inline:
    """Answers what people type; of each person only the newest query."""

    def __init__(self) -> None:
        self._newest: Newest[list[InlineQueryResultArticle]] = Newest()

    async def on_query(self, update: Update, context: BotContext) -> None:
        """Something is typed. Decoration: what cannot be offered now is not, and nobody is told."""
        query = update.inline_query
        if query is None:
            return
        say = await phrases_for(update, context)
        if not query.query.strip():
            await _answer(query, [], say(HINT))
            return
        try:
            results = await self._newest.run(query.from_user.id, _offer(update, query, context))
        except TurnRefused as refusal:
            _log.info("an inline query was not answered: %s", type(refusal).__name__)
            return
        if results is not None:
            await (_answer(query, results) if results else _answer(query, [], say(TOO_QUICK), cached=0))


async def on_choice(update: Update, context: BotContext) -> None:
    """One of the three was sent: all of them are written down, and that it was preferred to the others."""
    choice = update.chosen_inline_result
    offer = None if choice is None else read_offer(choice.result_id)
    if choice is None or offer is None:
        return
    book, person = context.bot_data.book, choice.from_user
    scheduler = _writer_of(offer, context)
    if scheduler is None:
        _log.info("an inline result was chosen that a voice wrote which is gone: it is not written down")
        return
    seed = clean(choice.query)
    user = User(person.id, person.full_name, person.username, person.language_code)
    now = context.bot_data.clock.now()
    occasion = Occasion(context.bot.id, update.update_id, None, user, None, now)
    prompts = [
        await book.open_prompt(
            occasion,
            "inline",
            seed,
            offer.rng_seed,
            scheduler.fingerprint,
            Origin(part=step, settings=settings_of(step)),
        )
        for step in range(len(LADDER))
    ]
    try:
        answers = await compose_all(prompts, scheduler, book)
    except (TurnTooSlow, GenerationFailed) as refusal:
        _log.warning("a chosen inline result was not written again: %s", type(refusal).__name__)
        return
    done = {prompt.id: replace(answer, outcome="answered") for prompt, answer in zip(prompts, answers, strict=True)}
    chosen = prompts[offer.step].id
    done[chosen] = replace(done[chosen], inline_message_id=choice.inline_message_id)
    await book.choose(done, Rating(chosen, user.id, "chosen", str(offer.step), now), user)


def _writer_of(offer: Offer, context: BotContext) -> Scheduler | None:
    """The voice that wrote it, also where the person has chosen another since; None where it is gone."""
    return next((each for each in context.bot_data.voices.schedulers if each.fingerprint.startswith(offer.voice)), None)


async def _offer(update: Update, query: InlineQuery, context: BotContext) -> list[InlineQueryResultArticle]:
    """Three to choose from; none where the person has had too many of late. What is typed over costs nothing."""
    await asyncio.sleep(PAUSE)
    services = context.bot_data
    if not services.etiquette.may_type(update.update_id, query.from_user.id, services.clock.now().timestamp()):
        return []
    say, seed = await phrases_for(update, context), clean(query.query)
    scheduler = await scheduler_for(query.from_user.id, NOTHING, context)
    choices = offers(Rng.fresh().seed, scheduler.fingerprint)
    settings = [settings_of(offer.step) for offer in choices]
    turns = [
        Turn(seed, each.length, each.sampling, Rng(offer.rng_seed), ending=each.ending, chat=query.from_user.id)
        for each, offer in zip(settings, choices, strict=True)
    ]
    written = await all_of([scheduler.run(turn) for turn in turns])
    again = InlineKeyboardButton(say(TRY), switch_inline_query_current_chat="")
    return [
        _article(offer, say(LADDER[offer.step][1]), seed, clean(continuation.text), InlineKeyboardMarkup([[again]]))
        for offer, continuation in zip(choices, written, strict=True)
    ]


def _article(
    offer: Offer, title: str, seed: str, continuation: str, keyboard: InlineKeyboardMarkup
) -> InlineQueryResultArticle:
    content = InputTextMessageContent(
        defuse(seed + continuation), parse_mode=None, link_preview_options=LinkPreviewOptions(is_disabled=True)
    )
    return InlineQueryResultArticle(
        offer.id, title, content, reply_markup=keyboard, description="…" + " ".join(continuation.split())
    )


async def _answer(
    query: InlineQuery, results: list[InlineQueryResultArticle], hint: str | None = None, cached: int = _CACHED
) -> None:
    """`hint`: a line above the results, which leads to a chat with the bot."""
    button = None if hint is None else InlineQueryResultsButton(hint, start_parameter="inline")
    try:
        await query.answer(results, cache_time=cached, is_personal=True, button=button)
    except BadRequest as error:  # the person has typed on, or gone
        _log.debug("an inline query came too late: %s", type(error).__name__)
