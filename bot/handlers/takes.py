"""The same again, further, warmer, colder, or enough: the buttons under a reply, `/more` and `/again`."""

from functools import partial

from telegram import Update

from bot.callbacks import OLD
from bot.context import BotContext, phrases_for
from bot.errors import CallbackRefused, SeedRefused, StateGone
from bot.handlers.commands import Call
from bot.handlers.presses import NOT_YOURS, Action, Press
from bot.handlers.targets import prompt_meant
from bot.languages import N_
from bot.rules.rights import may_press
from bot.sending.replies import reply
from bot.storage.prompts import Prompt
from bot.talking.conversation import continue_text
from bot.talking.seeds import seed_of
from bot.talking.takes import Take, Wish, take_of
from bot.talking.thinking import GONE

NOTHING_YET = N_("I have said nothing here yet. Give me a beginning: /seed Once upon a time")
AT_IT = N_("I am at it already.")
FINISHED = N_("It is finished already.")


async def more_command(update: Update, call: Call, context: BotContext) -> None:
    """`/more [words]`: the reply it answers, or else the last one, goes on, with these words first."""
    await _command("more", update, call, context)


async def again_command(update: Update, call: Call, context: BotContext) -> None:
    """`/again`: another take of the reply it answers, or else of the last one, under the chat's settings of now."""
    await _command("again", update, call, context)


async def take(wish: Wish, update: Update, press: Press, context: BotContext) -> str | None:
    """A button that wants a new reply. Pressed twice in a hurry, it wants one."""
    message = press.query.message
    prompt = await _prompt_of(press, context)
    if message is None:
        raise CallbackRefused(OLD)
    await _check_may_press(prompt, press, context)
    with context.bot_data.underway.once((prompt.id, wish)) as is_first:
        if not is_first:
            raise CallbackRefused(AT_IT)
        wanted = take_of(prompt, wish)
        await _check_state(wanted, context)
        await press.answer()
        await continue_text(update, message, wanted.kind, wanted.seed, context, wanted.origin, silent=True)
    return None


async def stop(update: Update, press: Press, context: BotContext) -> str | None:
    """What there is of the text is the reply."""
    prompt = await _prompt_of(press, context)
    await _check_may_press(prompt, press, context)
    if prompt.answer.outcome != "pending" or prompt.answer.reply_text is not None:
        raise CallbackRefused(FINISHED)
    await press.answer()
    # Until the text is in the log, this press is still in the inbox: after a crash it stops the text once more.
    await context.bot_data.underway.stop(prompt.id)
    return None


ACTIONS = {
    "more": Action(partial(take, "more"), owner_only=False),
    "again": Action(partial(take, "again"), owner_only=False),
    "warmer": Action(partial(take, "warmer"), owner_only=False),
    "colder": Action(partial(take, "colder"), owner_only=False),
    "stop": Action(stop, owner_only=False),
}


async def _command(wish: Wish, update: Update, call: Call, context: BotContext) -> None:
    say = await phrases_for(update, context)
    prompt = await prompt_meant(call.message, context)
    if prompt is None:
        await reply(update, say(NOTHING_YET), context)
        return
    settings = await context.bot_data.book.settings(call.message.chat.id)
    try:
        words = seed_of(call.argument) if call.argument.strip() and wish == "more" else ""
        wanted = take_of(prompt, wish, settings, words)
    except (StateGone, SeedRefused) as refusal:
        await reply(update, say.of(refusal), context)
        return
    await continue_text(update, call.message, wanted.kind, wanted.seed, context, wanted.origin)


async def _prompt_of(press: Press, context: BotContext) -> Prompt:
    (number,) = press.callback.numbers()
    prompt = await context.bot_data.book.find_prompt(number)
    if prompt is None:
        raise CallbackRefused(OLD)
    return prompt


async def _check_may_press(prompt: Prompt, press: Press, context: BotContext) -> None:
    """Raises CallbackRefused for a stranger."""
    user, message = press.query.from_user, press.query.message
    if prompt.asked.user_id == user.id:
        return
    settings = None if message is None else await context.bot_data.book.settings(message.chat.id)
    if message is None or settings is None:
        raise CallbackRefused(OLD)
    if not await may_press(settings, message.chat, prompt.asked.user_id, user.id, context):
        raise CallbackRefused(NOT_YOURS)


async def _check_state(wanted: Take, context: BotContext) -> None:
    """Whether there is something to go on from: told at the button rather than in the chat."""
    continued = wanted.origin.continues_id
    if continued is not None and await context.bot_data.book.state_after(continued) is None:
        raise StateGone(GONE)
