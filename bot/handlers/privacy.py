"""What people may know and decide about their words: the first question, `/privacy`, `/mydata`, `/forget`."""

import logging

from telegram import Chat, InlineKeyboardMarkup, Update
from telegram.error import BadRequest, Forbidden, TelegramError

from bot.callbacks import Callback
from bot.context import BotContext, is_private, person_of, phrases_for, said
from bot.handlers.commands import Call
from bot.handlers.errors import passes
from bot.handlers.presses import Action, Press, button
from bot.languages import N_, Phrases, phrases
from bot.privacy.my_data import collect
from bot.privacy.terms import Question
from bot.rules.rights import ADMINS_ONLY, is_admin
from bot.sending.parcels import File, send_once
from bot.sending.replies import reply, say_at
from bot.sending.spot import Spot, spot_of
from bot.storage.consents import Consent, Decision
from bot.storage.users import User

YES, NO = N_("Yes, keep them"), N_("No, erase them")
ALLOWED = N_("Thank you. I keep your words from now on; /privacy takes it back at any time.")
REFUSED = N_("Understood. Your words serve only to answer you and are erased {limit}.")
HAS_ALLOWED = N_("You allowed me to keep your words, on {date}, when I asked:\n\n“{question}”")
HAS_REFUSED = N_("You asked me not to keep your words, on {date}. They are erased {limit}.")
UNDECIDED = N_("You have not told me yet whether I may keep your words. Until you do, they are erased {limit}.")
CHANGED = N_("The terms have changed since, so I ask you again:")
MORE = N_("/mydata sends you all that I keep about you, /forget erases it.")
NOBODY = N_("I cannot tell who you are here. Ask me in a private chat.")
SENT = N_("I have sent you a file in our private chat.")
OPEN_FIRST = N_("I may not write to you yet. Open a private chat with me, press Start, and ask me there.")
MY_DATA = N_("This is all that I keep about you.")
FORGET = N_("Shall I erase all that I keep about you, in every chat, for good? Nobody can bring it back.")
FORGET_GROUP = N_("Administrators can have all that I keep of this group erased.")
FORGET_GROUP_SURE = N_("Really erase all that I keep of this group, whoever said it? Nobody can bring it back.")
SURE, NOT_SURE = N_("Yes, erase everything"), N_("No")
THIS_GROUP = N_("Forget this group")
FORGOTTEN = N_("It is gone. I do not know you any more.")
FORGOTTEN_GROUP = N_("It is gone. I do not know this group any more.")
KEPT = N_("Nothing was erased.")

QUESTION = -1  # the number of what is said: whatever the update itself was answered, the first time or the second
_log = logging.getLogger(__name__)


async def ask_once(update: Update, context: BotContext) -> None:
    """After somebody's first use of the bot: may their words be kept? Once for each version of the terms."""
    message = said(update)
    person = None if message is None else person_of(message)
    if message is None or person is None:
        return
    services = context.bot_data
    only = None if is_private(message) else update.update_id
    if not await services.consents.is_due(person.id, services.terms.version, context.bot.id, only):
        return
    question = services.terms.question((await phrases_for(update, context)).language)
    try:
        choice = _choice(message.chat.id, person.id, question, context)
        await say_at(spot_of(message), update, question.sentence, context, choice, QUESTION)
    except TelegramError as error:
        if passes(error):
            raise
        # They are asked at their next message.
        _log.warning("the question about consent did not arrive: %s", type(error).__name__)
        return
    await services.consents.asked(person.id, question, services.clock.now())


async def privacy_command(update: Update, call: Call, context: BotContext) -> None:
    """`/privacy`: what the person decided, and two buttons to decide anew."""
    person = person_of(call.message)
    say = await phrases_for(update, context)
    if person is None:
        await reply(update, say(NOBODY), context)
        return
    services = context.bot_data
    question = services.terms.question(say.language)
    text = await _state(person.id, question, say, context)
    choice = _choice(call.message.chat.id, person.id, question, context)
    await say_at(spot_of(call.message), update, text, context, choice)
    await services.consents.asked(person.id, question, services.clock.now())


async def my_data_command(update: Update, call: Call, context: BotContext) -> None:
    """`/mydata`: a file, in the private chat, wherever it was asked for."""
    person = person_of(call.message)
    say = await phrases_for(update, context)
    if person is None:
        await reply(update, say(NOBODY), context)
        return
    name, content = await collect(context.bot_data.database, person.id)
    try:
        await send_once(File(name, content, say(MY_DATA)), Spot(person.id, Chat.PRIVATE), update, context)
    except (Forbidden, BadRequest):
        await reply(update, say(OPEN_FIRST), context)
        return
    if not is_private(call.message):
        await reply(update, say(SENT), context)


async def forget_command(update: Update, call: Call, context: BotContext) -> None:
    """`/forget`: asks once more before anything is erased; in groups, administrators may choose the group."""
    message = call.message
    person = person_of(message)
    chat = message.chat.id
    say = await phrases_for(update, context)
    rows, lines = [], []
    if person is not None:
        yes = button(say(SURE), Callback("forget.me", owner=person.id), chat, context)
        rows += [[yes], [button(say(NOT_SURE), Callback("forget.no", owner=person.id), chat, context)]]
        lines.append(say(FORGET))
    if not is_private(message):
        rows.append([button(say(THIS_GROUP), Callback("forget.group"), chat, context)])
        lines.append(say(FORGET_GROUP))
    await say_at(spot_of(message), update, "\n\n".join(lines), context, InlineKeyboardMarkup(rows))


async def allow(update: Update, press: Press, context: BotContext) -> str | None:
    """Yes."""
    return await _decide("allowed", update, press, context)


async def refuse(update: Update, press: Press, context: BotContext) -> str | None:
    """No, or not any more."""
    return await _decide("refused", update, press, context)


async def forget_me(update: Update, press: Press, context: BotContext) -> str | None:
    """The person is sure."""
    say = await phrases_for(update, context)
    await context.bot_data.retention.forget_person(press.query.from_user.id)
    await _edit(press, say(FORGOTTEN))
    return None


async def forget_nothing(update: Update, press: Press, context: BotContext) -> str | None:
    """The person has thought better of it."""
    say = await phrases_for(update, context)
    await _edit(press, say(KEPT))
    return None


async def forget_group(update: Update, press: Press, context: BotContext) -> str | None:
    """An administrator wants the group forgotten, and is asked once more."""
    message, user = press.message, press.query.from_user
    say = await phrases_for(update, context)
    if message is None or not await is_admin(message.chat, user.id, context):
        return say(ADMINS_ONLY)
    sure = button(say(SURE), Callback("forget.all", owner=user.id), message.chat.id, context)
    no = button(say(NOT_SURE), Callback("forget.no", owner=user.id), message.chat.id, context)
    await _edit(press, say(FORGET_GROUP_SURE), InlineKeyboardMarkup([[sure], [no]]))
    return None


async def forget_whole_group(update: Update, press: Press, context: BotContext) -> str | None:
    """The administrator is sure."""
    message, user = press.message, press.query.from_user
    say = await phrases_for(update, context)
    if message is None or not await is_admin(message.chat, user.id, context):
        return say(ADMINS_ONLY)
    await context.bot_data.retention.forget_chat(message.chat.id)
    await _edit(press, say(FORGOTTEN_GROUP))
    return None


ACTIONS = {
    "consent.yes": Action(allow),
    "consent.no": Action(refuse),
    "forget.me": Action(forget_me),
    "forget.no": Action(forget_nothing),
    "forget.group": Action(forget_group, owner_only=False),
    "forget.all": Action(forget_whole_group),
}


async def _decide(decision: Decision, update: Update, press: Press, context: BotContext) -> str | None:
    """Decide on the question as it was shown: in its language, and only while its terms are those of today."""
    services, user = context.bot_data, press.query.from_user
    say = await phrases_for(update, context)
    version, _, language = press.callback.argument.partition(",")
    if version != services.terms.version:
        question = services.terms.question(say.language)
        text = await _state(user.id, question, say, context)
        await _edit(press, text, _choice(_chat_of(press), user.id, question, context))
        return say(CHANGED)
    question = services.terms.question(language)
    person = User(user.id, user.full_name, user.username, user.language_code)
    await services.consents.decide(person, question, decision, services.clock.now())
    if decision == "refused":
        await services.retention.withdraw(user.id)
    say = phrases(language)
    await _edit(press, say(ALLOWED) if decision == "allowed" else say(REFUSED, limit=services.terms.limit(say)))
    return None


async def _state(user_id: int, question: Question, say: Phrases, context: BotContext) -> str:
    terms = context.bot_data.terms
    consent: Consent | None = await context.bot_data.consents.decision(user_id)
    if consent is None:
        lines = [say(UNDECIDED, limit=terms.limit(say))]
    else:
        date = f"{consent.decided_at:%Y-%m-%d}"
        allowed = consent.decision == "allowed"
        text = say(HAS_ALLOWED, date=date, question=consent.sentence)
        lines = [text if allowed else say(HAS_REFUSED, date=date, limit=terms.limit(say))]
        if consent.version != terms.version:
            lines.append(say(CHANGED))
    if consent is None or consent.version != terms.version:
        lines.append(question.sentence)
    return "\n\n".join([*lines, say(MORE)])


def _choice(chat_id: int | None, user_id: int, question: Question, context: BotContext) -> InlineKeyboardMarkup:
    """The two buttons; they say which terms they were shown with, and in which language."""
    say, shown = phrases(question.language), f"{question.version},{question.language}"
    row = [
        button(say(label), Callback(action, shown, user_id), chat_id, context)
        for label, action in ((YES, "consent.yes"), (NO, "consent.no"))
    ]
    return InlineKeyboardMarkup([row])


def _chat_of(press: Press) -> int | None:
    return None if press.query.message is None else press.query.message.chat.id


async def _edit(press: Press, text: str, keyboard: InlineKeyboardMarkup | None = None) -> None:
    """Put the outcome in place of the question, so that its buttons are gone."""
    try:
        await press.query.edit_message_text(text, reply_markup=keyboard)
    except BadRequest as error:  # the message is gone, or says so already
        _log.debug("the outcome was not shown: %s", type(error).__name__)
