"""`/quiz`: which of four lines is real, or who wrote this one? Native quiz polls; `/top` shows who has most points."""

import logging
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Literal, cast

from telegram import Chat, InlineKeyboardMarkup, MaybeInaccessibleMessage, Message, Update
from telegram.error import BadRequest, Forbidden

from bot.callbacks import Callback
from bot.context import BotContext, occasion, phrases_for
from bot.errors import CallbackRefused, GenerationFailed, SchedulerFull, TurnTooSlow
from bot.handlers.commands import Call
from bot.handlers.presses import Action, Press, button
from bot.languages import N_, NN_, Phrases
from bot.sending.manners import defuse
from bot.sending.parcels import Quiz, send_once
from bot.sending.replies import say_at
from bot.sending.spot import Spot, spot_of
from bot.storage.book import Origin
from bot.storage.erasure import week_of
from bot.storage.games import Game, Option
from bot.storage.prompts import Prompt
from bot.storage.scores import Score
from bot.storage.users import User
from bot.talking.composing import compose_all
from bot.talking.conversation import scheduler_for
from bot.talking.quiz import SHORTEST, Real, arrange, beginning, choose, settings_for, tidy
from model.held_out import shortened
from model.sampling import Rng

QUESTION = N_("One of these lines is real, the others I made up. Which one is real?")
EXPLANATION = N_("Somebody wrote that one, and I have never read it. The others are mine.")
WHO = N_("A human or a machine: who wrote this?")
HUMAN, MACHINE = N_("A human"), N_("This machine")
BY_MACHINE = N_("I made that up.")
BY_HUMAN = N_("Somebody wrote that, and I have never read it.")
NEXT = N_("▶ Another one")
NEXT_WHO = N_("🤖 Human or machine?")
NO_LINES = N_(
    "I have no real lines to hide among mine: nobody here has allowed me to keep what they write, "
    "and none came with my voice."
)
NOTHING_GOOD = N_("I could not think of anything good. Please try again.")
NOT_HERE = N_("Telegram does not let me play that here: I may not send polls in this chat.")
THIS_WEEK = N_("🏆 This week")
OF_ALL_TIME = N_("🏆 Of all time")
NOBODY = N_("Nobody has seen through me yet. /quiz begins a game.")
POINTS = NN_("{name}: {number} point", "{name}: {number} points")
SOMEBODY = N_("somebody")
ALREADY = N_("The next one is there already.")

_LONGEST_OPTION = 100  # characters, Telegram's limit
_MEDALS = ("🥇", "🥈", "🥉")
_ISOLATED = "\u2068{}\u2069"  # a name from right to left turns nothing around but itself

_log = logging.getLogger(__name__)


async def quiz_command(update: Update, call: Call, context: BotContext) -> None:
    """`/quiz`."""
    await _play(update, call.message, spot_of(call.message), context)


async def next_quiz(about_one: bool, update: Update, press: Press, context: BotContext) -> str | None:
    """A button under a quiz: it gives way to the next one, about four lines or about one."""
    message = press.query.message
    if message is None:
        return None
    with context.bot_data.underway.once((message.chat.id, message.message_id, "quiz")) as is_first:
        asked = await context.bot_data.book.find_update(context.bot.id, update.update_id)
        if not is_first or (asked is None and not await _give_way(press)):
            raise CallbackRefused(ALREADY)
        await press.answer()
        await _play(
            update, message, Spot(message.chat.id, message.chat.type, spot_of(message).thread_id), context, about_one
        )
    return None


async def on_poll_answer(update: Update, context: BotContext) -> None:
    """Somebody's answer; the first one counts, and only of people, as a group that votes is nobody's."""
    answer = update.poll_answer
    if answer is None or answer.user is None or answer.voter_chat is not None or len(answer.option_ids) != 1:
        return
    person = answer.user
    user = User(person.id, person.full_name, person.username, person.language_code)
    await context.bot_data.games.guess(answer.poll_id, user, answer.option_ids[0], context.bot_data.clock.now())


async def top_command(update: Update, call: Call, context: BotContext) -> None:
    """`/top`."""
    say, games, chat_id = await phrases_for(update, context), context.bot_data.games, call.message.chat.id
    ever = await games.best(chat_id)
    week = await games.best(chat_id, week_of(context.bot_data.clock.now()))
    parts = [
        "\n".join([say(title), *_ranks(scores, say)])
        for title, scores in ((THIS_WEEK, week), (OF_ALL_TIME, ever))
        if scores
    ]
    await say_at(spot_of(call.message), update, "\n\n".join(parts) or say(NOBODY), context)


ACTIONS = {
    "quiz.next": Action(partial(next_quiz, False), owner_only=False),
    "quiz.who": Action(partial(next_quiz, True), owner_only=False),
}


async def _play(
    update: Update, message: MaybeInaccessibleMessage, spot: Spot, context: BotContext, about_one: bool = False
) -> None:
    start = time.monotonic()
    say = await phrases_for(update, context)
    if message.chat.type == Chat.CHANNEL:  # whose polls are anonymous
        await say_at(spot, update, say(NOT_HERE), context)
        return
    try:
        game = await _prepare(update, message, about_one, context)
    except (SchedulerFull, TurnTooSlow, GenerationFailed) as refusal:
        await say_at(spot, update, say.of(refusal), context)
        return
    if isinstance(game, str):
        await say_at(spot, update, say(game), context)
        return
    texts = await _texts(game, context)
    if game.correct_option is None or not all(texts[:1] if about_one else texts):  # erased since
        await say_at(spot, update, say(NOTHING_GOOD), context)
        return

    def keyboard(token: str) -> InlineKeyboardMarkup:
        labels = ((NEXT, "quiz.next"), (NEXT_WHO, "quiz.who"))
        return InlineKeyboardMarkup(
            [[button(say(label), Callback(action, token), spot.chat_id, context)] for label, action in labels]
        )

    correct = cast("Literal[0, 1, 2, 3]", game.correct_option)
    if about_one:
        revealed = say(BY_MACHINE if correct else BY_HUMAN)
        quiz = Quiz(f"{say(WHO)}\n\n“{texts[0]}”", (say(HUMAN), say(MACHINE)), correct, revealed, keyboard)
    else:
        quiz = Quiz(say(QUESTION), tuple(texts), correct, say(EXPLANATION), keyboard)
    try:
        sent = await send_once(quiz, spot, update, context)
    except (BadRequest, Forbidden) as error:
        _log.warning("a quiz was not sent: %s", type(error).__name__)
        if isinstance(error, BadRequest):
            await say_at(spot, update, say(NOT_HERE), context)
        return
    if isinstance(sent, Message) and sent.poll is not None:
        latency = round(1_000 * (time.monotonic() - start))
        await context.bot_data.games.sent(game.id, sent.message_id, latency, sent.poll.id)


async def _prepare(
    update: Update, message: MaybeInaccessibleMessage, about_one: bool, context: BotContext
) -> Game | str:
    """The game, made once however often its update is handled; or why there is none."""
    services = context.bot_data
    chat_id, rng = message.chat.id, random.Random()
    chosen = choose(await _real_lines(chat_id, context), rng)
    if chosen is None:
        return NO_LINES
    real, models = chosen
    settings = settings_for(await services.book.settings(chat_id))
    scheduler = await scheduler_for(chat_id, Origin(settings=settings), context)
    here = occasion(update, message, context)
    prompts = [
        await services.book.open_prompt(
            here,
            "quiz",
            beginning(model.text),
            Rng.fresh().seed,
            scheduler.fingerprint,
            Origin(await _author_of(model, context), part=part, settings=settings),
        )
        for part, model in enumerate(models[:1] if about_one else models)
    ]
    answers = await compose_all(prompts, scheduler, services.book)
    order = arrange(tidy(real.text), [tidy(answer.reply_text or "") for answer in answers], rng)
    if len(order) < 2:
        return NOTHING_GOOD
    everything = [_option_of(real), *(Option(prompt.id) for prompt in prompts)]
    options, correct = [everything[number] for number in order], order.index(0)
    if about_one:
        options, correct = one_of(everything[0], everything[1], rng)
    game = await context.bot_data.games.open_game(
        chat_id,
        "quiz",
        options,
        correct,
        here.at,
        [prompt.id for prompt in prompts],
    )
    for prompt, answer in zip(prompts, answers, strict=True):  # kept with the game: nothing more comes of them
        if answer.outcome == "pending":
            await services.book.close_prompt(prompt.id, replace(answer, outcome="answered"))
    return game


def one_of(real: Option, made_up: Option, rng: random.Random) -> tuple[list[Option], int]:
    """A quiz about one of the two, by lot: what is shown and the answer "a machine", and which of these is right."""
    if rng.random() < 0.5:
        return [real, Option.a_machine(made_up.prompt_id)], 0
    return [made_up, Option.a_machine()], 1


async def _author_of(line: Real, context: BotContext) -> Prompt | None:
    """The prompt whose words the made-up line begins with: they go when its author takes them back."""
    return None if line.prompt_id is None else await context.bot_data.book.find_prompt(line.prompt_id)


def _option_of(real: Real) -> Option:
    return Option(line=real.text) if real.prompt_id is None else Option(real.prompt_id)


async def _real_lines(chat_id: int, context: BotContext) -> list[Real]:
    """What members wrote and let be kept, and what came with the chat's voice."""
    services = context.bot_data
    own = await context.bot_data.games.own_lines(chat_id, services.terms.version, SHORTEST)
    voice = services.voices.get((await services.book.settings(chat_id)).voice)
    return [*(Real(text, prompt_id) for prompt_id, text in own), *(Real(line) for line in voice.card.lines)]


async def _texts(game: Game, context: BotContext) -> list[str]:
    """What the options say; blank where the words are gone."""
    ids = [option.prompt_id for option in game.options if option.prompt_id is not None]
    words = await context.bot_data.games.words_of(ids)
    texts = []
    for number, option in enumerate(game.options):
        seed, reply_text = words.get(option.prompt_id or 0, ("", None))
        own = seed if number == game.correct_option else reply_text or ""
        shown = defuse(tidy(option.line if option.line is not None else own))
        texts.append(shortened(shown, _LONGEST_OPTION))
    return texts


async def _give_way(press: Press) -> bool:
    """Take the button away; whether nobody did before."""
    try:
        await press.query.edit_message_reply_markup(None)
    except BadRequest:
        return False
    return True


def _ranks(scores: Sequence[Score], say: Phrases) -> list[str]:
    places = (*_MEDALS, *(f"{place}." for place in range(len(_MEDALS) + 1, len(scores) + 1)))
    return [
        f"{place} {say.count(POINTS, score.points, name=_ISOLATED.format(_plain(score.name) or say(SOMEBODY)))}"
        for place, score in zip(places, scores, strict=False)
    ]


def _plain(name: str) -> str:
    return defuse(" ".join(name.split()))
