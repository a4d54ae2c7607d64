"""`/duel <text>`: two temperatures continue the same text, the chat votes, and the winner's may be kept.

It ends with a button, or after a while by itself: `bot.handlers.duel_ends`.
"""

import datetime as dt
import logging
import random
import time
from dataclasses import replace

from telegram import InlineKeyboardMarkup, MaybeInaccessibleMessage, Update
from telegram.error import BadRequest

from bot.callbacks import OLD, Callback
from bot.context import BotContext, occasion, person_of, phrases_for
from bot.errors import CallbackRefused, GenerationFailed, SchedulerFull, SeedRefused, TurnTooSlow
from bot.handlers.commands import Call
from bot.handlers.presses import NOT_YOURS, Action, Press, button
from bot.languages import N_, NN_, Phrases, phrases
from bot.rules.rights import ADMINS_ONLY, may_change, may_press
from bot.sending.delivery import NO_PREVIEW
from bot.sending.manners import defuse
from bot.sending.replies import reply, say_at
from bot.sending.spot import spot_of
from bot.storage.book import Origin
from bot.storage.game_book import Standing
from bot.storage.games import Game, Option
from bot.storage.users import User
from bot.talking.composing import compose_all
from bot.talking.conversation import scheduler_for
from bot.talking.duel import SIDES, Side, draw, settings_for, shown
from bot.talking.seeds import seed_of
from model.sampling import Rng

USAGE = N_("Give me a beginning, and two of me will go on with it: /duel Once upon a time")
QUESTION = N_("Which one is better? One of me is tamer, the other wilder.")
ENDS = NN_(
    "🏁 ends it; after {number} minute it ends by itself.", "🏁 ends it; after {number} minutes it ends by itself."
)
VOTED = N_("Your vote: {side}")
OVER = N_("This duel is over.")
NO_VOTES = N_("Nobody has voted yet.")
RESULT = N_("🏁 Result")
KEEP = N_("Keep {temperature:g}")
VOTES = NN_("{side} temperature {temperature:g}: {number} vote", "{side} temperature {temperature:g}: {number} votes")
TIE = N_("It is a tie.")
KEPT = N_("The temperature in this chat is now {temperature:g}.")

LASTS = dt.timedelta(minutes=10)  # as long as Telegram's own polls may be timed
_WINNER = "🏆"

_log = logging.getLogger(__name__)


async def duel_command(update: Update, call: Call, context: BotContext) -> None:
    """`/duel <text>`."""
    start = time.monotonic()
    say = await phrases_for(update, context)
    try:
        seed = seed_of(call.argument) if call.argument.strip() else ""
        game = await _prepare(update, call, seed, context) if seed else None
    except (SeedRefused, SchedulerFull, TurnTooSlow, GenerationFailed) as refusal:
        await reply(update, say.of(refusal), context)
        return
    if game is None:
        await reply(update, say(USAGE), context)
        return
    ends = say.count(ENDS, LASTS // dt.timedelta(minutes=1))
    text = f"{_shown(await _sides(game, context))}\n\n{say(QUESTION)} {ends}"
    asker = person_of(call.message)
    keyboard = _ballot(Standing(game, (0,) * len(SIDES)), None if asker is None else asker.id, say, context)
    try:
        (message_id, *_) = await say_at(spot_of(call.message), update, text, context, keyboard)
    except BadRequest as error:
        _log.warning("a duel was not sent: %s", type(error).__name__)
        return
    await context.bot_data.games.sent(game.id, message_id, round(1_000 * (time.monotonic() - start)))


async def vote(update: Update, press: Press, context: BotContext) -> str | None:
    """One of the two, in place of what the person said before."""
    say = await phrases_for(update, context)
    game_id, option = press.callback.numbers(2)
    person = press.query.from_user
    user = User(person.id, person.full_name, person.username, person.language_code)
    games, now, message = context.bot_data.games, context.bot_data.clock.now(), press.query.message
    standing = await games.standing(game_id)
    if standing is None or message is None:
        raise CallbackRefused(OLD)
    if is_over(standing.game, now) or await games.vote(game_id, user, option, now) is None:
        return say(OVER)
    await press.answer(say(VOTED, side=SIDES[option]))
    with context.bot_data.underway.once((game_id, "votes")) as is_first:
        if is_first:  # whoever votes while this waits for its turn is shown by it
            said = await phrases_of(standing.game, context)
            await _show_votes(message, game_id, press.callback.owner, said, context)
    return None


async def end(update: Update, press: Press, context: BotContext) -> str | None:
    """Whoever asked, or the chat's settings let press, wants to know who won."""
    say, message = await phrases_for(update, context), press.query.message
    games, (game_id,) = context.bot_data.games, press.callback.numbers()
    standing = await games.standing(game_id)
    if standing is None or message is None:
        raise CallbackRefused(OLD)
    settings = await context.bot_data.book.settings(message.chat.id)
    if not await may_press(settings, message.chat, press.callback.owner, press.query.from_user.id, context):
        raise CallbackRefused(NOT_YOURS)
    if not any(standing.counts):
        return say(NO_VOTES)
    standing = await games.close(game_id, context.bot_data.clock.now()) or standing
    await show_result(standing, message.message_id, context)
    return None


async def show_result(standing: Standing, message_id: int, context: BotContext) -> None:
    """Who has won, in place of the buttons. Raises CallbackRefused where one of the texts was forgotten."""
    game, sides = standing.game, await _sides(standing.game, context)
    say = await phrases_of(game, context)
    rows = []
    if standing.winner is not None:
        label = say(KEEP, temperature=sides[standing.winner].temperature)
        rows.append([button(label, Callback("duel.keep", str(game.id)), game.chat_id, context)])
    text = f"{_shown(sides)}\n\n{_result(standing, sides, say)}"
    await _edit(game.chat_id, message_id, text, InlineKeyboardMarkup(rows), context)


async def phrases_of(game: Game, context: BotContext) -> Phrases:
    """How a duel's message speaks, whoever votes or ends it: in the chat's language, else in that of who asked."""
    settings = await context.bot_data.book.settings(game.chat_id)
    return phrases(settings.language or await context.bot_data.games.language_of_asker(game))


def is_over(game: Game, now: dt.datetime) -> bool:
    """Whether no vote counts any more."""
    return game.closed_at is not None or now - game.opened_at >= LASTS


async def keep(update: Update, press: Press, context: BotContext) -> str | None:
    """The winner's temperature becomes the chat's, if whoever presses may change it."""
    say, message = await phrases_for(update, context), press.query.message
    (game_id,) = press.callback.numbers()
    standing = await context.bot_data.games.standing(game_id)
    if standing is None or standing.winner is None or message is None:
        raise CallbackRefused(OLD)
    book = context.bot_data.book
    settings = await book.settings(message.chat.id)
    if not await may_change("temperature", settings, update, message, context):
        raise CallbackRefused(ADMINS_ONLY)
    sides = await _sides(standing.game, context)
    temperature = sides[standing.winner].temperature
    await book.set_temperature(occasion(update, message, context), temperature)
    said = await phrases_of(standing.game, context)
    text = f"{_shown(sides)}\n\n{_result(standing, sides, said)}\n{said(KEPT, temperature=temperature)}"
    await _edit(message.chat.id, message.message_id, text, None, context)
    return say(KEPT, temperature=temperature)


ACTIONS = {
    "duel.vote": Action(vote, owner_only=False),
    "duel.end": Action(end, owner_only=False),
    "duel.keep": Action(keep, owner_only=False),
}


async def _prepare(update: Update, call: Call, seed: str, context: BotContext) -> Game:
    """The game, made once however often its update is handled."""
    services, chat_id = context.bot_data, call.message.chat.id
    base = await services.book.settings(chat_id)
    scheduler = await scheduler_for(chat_id, Origin(settings=base), context)
    here = occasion(update, call.message, context)
    prompts = [
        await services.book.open_prompt(
            here,
            "duel",
            seed,
            Rng.fresh().seed,
            scheduler.fingerprint,
            Origin(part=part, settings=settings_for(base, temperature)),
        )
        for part, temperature in enumerate(draw(random.Random()))
    ]
    answers = await compose_all(prompts, scheduler, services.book)
    ids = [prompt.id for prompt in prompts]
    game = await context.bot_data.games.open_game(chat_id, "duel", [Option(each) for each in ids], None, here.at, ids)
    for prompt, answer in zip(prompts, answers, strict=True):  # kept with the game: nothing more comes of them
        if answer.outcome == "pending":
            await services.book.close_prompt(prompt.id, replace(answer, outcome="answered"))
    return game


async def _sides(game: Game, context: BotContext) -> list[Side]:
    """The two texts. Raises CallbackRefused where one of them was forgotten."""
    sides = []
    for option in game.options:
        prompt = None if option.prompt_id is None else await context.bot_data.book.find_prompt(option.prompt_id)
        if prompt is None or prompt.answer.reply_text is None:
            raise CallbackRefused(OLD)
        sides.append(Side(prompt.asked.seed_text, prompt.answer.reply_text, prompt.asked.temperature))
    return sides


async def _show_votes(
    message: MaybeInaccessibleMessage, game_id: int, asker_id: int | None, say: Phrases, context: BotContext
) -> None:
    """Bring the counts on the buttons up to date, as often as they have changed meanwhile."""
    shown_counts: tuple[int, ...] = ()
    while (standing := await context.bot_data.games.standing(game_id)) is not None:
        if is_over(standing.game, context.bot_data.clock.now()) or standing.counts == shown_counts:
            return
        shown_counts = standing.counts
        keyboard = _ballot(standing, asker_id, say, context)
        try:
            await context.bot.edit_message_reply_markup(message.chat.id, message.message_id, reply_markup=keyboard)
        except BadRequest as error:  # they are shown already, or the message is gone
            _log.debug("votes were not shown: %s", type(error).__name__)


def _shown(sides: list[Side]) -> str:
    return defuse(shown(sides))


def _result(standing: Standing, sides: list[Side], say: Phrases) -> str:
    lines = []
    for number, (sign, side) in enumerate(zip(SIDES, sides, strict=True)):
        line = say.count(VOTES, standing.counts[number], side=sign, temperature=side.temperature)
        lines.append(f"{line} {_WINNER}" if number == standing.winner else line)
    return "\n".join(lines if standing.winner is not None else [*lines, say(TIE)])


def _ballot(standing: Standing, asker_id: int | None, say: Phrases, context: BotContext) -> InlineKeyboardMarkup:
    """Buttons to vote with, as many votes as each has, and one to end it."""
    game = standing.game
    votes = [
        button(
            f"{sign} {standing.counts[number] or ''}".strip(),
            Callback("duel.vote", f"{game.id}-{number}", asker_id),
            game.chat_id,
            context,
        )
        for number, sign in enumerate(SIDES)
    ]
    return InlineKeyboardMarkup(
        [votes, [button(say(RESULT), Callback("duel.end", str(game.id), asker_id), game.chat_id, context)]]
    )


async def _edit(
    chat_id: int, message_id: int, text: str, keyboard: InlineKeyboardMarkup | None, context: BotContext
) -> None:
    try:
        await context.bot.edit_message_text(
            text, chat_id, message_id, reply_markup=keyboard, link_preview_options=NO_PREVIEW
        )
    except BadRequest as error:  # it says so already, or is gone
        _log.debug("a duel's end was not shown: %s", type(error).__name__)
