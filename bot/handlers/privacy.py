"""What people may know and decide about their words: the first question, `/privacy`, `/mydata`, `/forget`."""

import logging

from telegram import InlineKeyboardMarkup, InputFile, Message, Update
from telegram import User as TelegramUser
from telegram.constants import ChatMemberStatus
from telegram.error import BadRequest, Forbidden, TelegramError

from bot.callbacks import Callback
from bot.context import BotContext, is_private, person_of, said
from bot.handlers.commands import Call
from bot.handlers.errors import passes
from bot.handlers.presses import Action, Press, button
from bot.my_data import collect
from bot.replies import reply, say_at
from bot.spot import spot_of
from bot.storage.consents import Consent, Decision
from bot.storage.users import User

YES, NO = "Yes, keep them", "No, erase them"
ALLOWED = "Thank you. I keep your words from now on; /privacy takes it back at any time."
REFUSED = "Understood. Your words serve only to answer you and are erased {limit}."
STATE = {
    "allowed": "You allowed me to keep your words, on {date:%Y-%m-%d}, when I asked:\n\n“{sentence}”",
    "refused": "You asked me not to keep your words, on {date:%Y-%m-%d}. They are erased {limit}.",
    None: "You have not told me yet whether I may keep your words. Until you do, they are erased {limit}.",
}
CHANGED = "The terms have changed since, so I ask you again:"
MORE = "/mydata sends you all that I keep about you, /forget erases it."
NOBODY = "I cannot tell who you are here. Ask me in a private chat."
SENT = "I have sent you a file in our private chat."
OPEN_FIRST = "I may not write to you yet. Open a private chat with me, press Start, and ask me there."
MY_DATA = "This is all that I keep about you."
FORGET = "Shall I erase all that I keep about you, in every chat, for good? Nobody can bring it back."
FORGET_GROUP = "Administrators can have all that I keep of this group erased."
FORGET_GROUP_SURE = "Really erase all that I keep of this group, whoever said it? Nobody can bring it back."
FORGOTTEN = "It is gone. I do not know you any more."
FORGOTTEN_GROUP = "It is gone. I do not know this group any more."
KEPT = "Nothing was erased."
ADMINS_ONLY = "Only administrators of this group may do that."

QUESTION = -1  # the number of what is said: whatever the update itself was answered, the first time or the second
_ADMINS = (ChatMemberStatus.OWNER, ChatMemberStatus.ADMINISTRATOR)
_log = logging.getLogger(__name__)


async def ask_once(update: Update, context: BotContext) -> None:
    """After somebody's first use of the bot: may their words be kept? Once for each version of the terms."""
    message = said(update)
    person = None if message is None else person_of(message)
    if message is None or person is None:
        return
    services = context.bot_data
    question = services.terms.question(person.language or "en")
    only = None if is_private(message) else update.update_id
    if not await services.consents.is_due(person.id, question.version, context.bot.id, only):
        return
    try:
        choice = _choice(message.chat.id, person.id, context)
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
    if person is None:
        await reply(update, NOBODY, context)
        return
    text = await _state(person.id, context)
    await say_at(spot_of(call.message), update, text, context, _choice(call.message.chat.id, person.id, context))
    services = context.bot_data
    await services.consents.asked(person.id, services.terms.question(), services.clock.now())


async def my_data_command(update: Update, call: Call, context: BotContext) -> None:
    """`/mydata`: a file, in the private chat, wherever it was asked for."""
    person = person_of(call.message)
    if person is None:
        await reply(update, NOBODY, context)
        return
    name, content = await collect(context.bot_data.database, person.id)
    try:
        await context.bot.send_document(person.id, InputFile(content, name), caption=MY_DATA)
    except (Forbidden, BadRequest):
        await reply(update, OPEN_FIRST, context)
        return
    if not is_private(call.message):
        await reply(update, SENT, context)


async def forget_command(update: Update, call: Call, context: BotContext) -> None:
    """`/forget`: asks once more before anything is erased; in groups, administrators may choose the group."""
    message = call.message
    person = person_of(message)
    chat = message.chat.id
    rows = []
    if person is not None:
        yes = button("Yes, erase everything", Callback("forget.me", owner=person.id), chat, context)
        rows.append([yes, button("No", Callback("forget.no", owner=person.id), chat, context)])
    if not is_private(message):
        rows.append([button("Forget this group", Callback("forget.group"), chat, context)])
    lines = [FORGET] * (person is not None) + [FORGET_GROUP] * (not is_private(message))
    await say_at(spot_of(message), update, "\n\n".join(lines), context, InlineKeyboardMarkup(rows))


async def allow(update: Update, press: Press, context: BotContext) -> str | None:
    """Yes."""
    return await _decide("allowed", press, context)


async def refuse(update: Update, press: Press, context: BotContext) -> str | None:
    """No, or not any more."""
    return await _decide("refused", press, context)


async def forget_me(update: Update, press: Press, context: BotContext) -> str | None:
    """The person is sure."""
    await context.bot_data.retention.forget_person(press.query.from_user.id)
    await _edit(press, FORGOTTEN)
    return None


async def forget_nothing(update: Update, press: Press, context: BotContext) -> str | None:
    """The person has thought better of it."""
    await _edit(press, KEPT)
    return None


async def forget_group(update: Update, press: Press, context: BotContext) -> str | None:
    """An administrator wants the group forgotten, and is asked once more."""
    message, user = press.message, press.query.from_user
    if message is None or not await _is_admin(message, user, context):
        return ADMINS_ONLY
    sure = button("Yes, erase everything", Callback("forget.all", owner=user.id), message.chat.id, context)
    no = button("No", Callback("forget.no", owner=user.id), message.chat.id, context)
    await _edit(press, FORGET_GROUP_SURE, InlineKeyboardMarkup([[sure, no]]))
    return None


async def forget_whole_group(update: Update, press: Press, context: BotContext) -> str | None:
    """The administrator is sure."""
    message, user = press.message, press.query.from_user
    if message is None or not await _is_admin(message, user, context):
        return ADMINS_ONLY
    await context.bot_data.retention.forget_chat(message.chat.id)
    await _edit(press, FORGOTTEN_GROUP)
    return None


ACTIONS = {
    "consent.yes": Action(allow),
    "consent.no": Action(refuse),
    "forget.me": Action(forget_me),
    "forget.no": Action(forget_nothing),
    "forget.group": Action(forget_group, owner_only=False),
    "forget.all": Action(forget_whole_group),
}


async def _decide(decision: Decision, press: Press, context: BotContext) -> str | None:
    services, user = context.bot_data, press.query.from_user
    if press.callback.argument != services.terms.version:
        await _edit(press, await _state(user.id, context), _choice(_chat_of(press), user.id, context))
        return CHANGED
    question = services.terms.question(user.language_code or "en")
    person = User(user.id, user.full_name, user.username, user.language_code)
    await services.consents.decide(person, question, decision, services.clock.now())
    if decision == "refused":
        await services.retention.withdraw(user.id)
    await _edit(press, ALLOWED if decision == "allowed" else REFUSED.format(limit=services.terms.limit))
    return None


async def _state(user_id: int, context: BotContext) -> str:
    terms = context.bot_data.terms
    consent: Consent | None = await context.bot_data.consents.decision(user_id)
    known = {} if consent is None else {"date": consent.decided_at, "sentence": consent.sentence}
    lines = [STATE[None if consent is None else consent.decision].format(limit=terms.limit, **known)]
    if consent is not None and consent.version != terms.version:
        lines.append(CHANGED)
    if consent is None or consent.version != terms.version:
        lines.append(terms.question().sentence)
    return "\n\n".join([*lines, MORE])


def _choice(chat_id: int | None, user_id: int, context: BotContext) -> InlineKeyboardMarkup:
    """The two buttons; they say which terms they were shown with."""
    version = context.bot_data.terms.version
    row = [
        button(label, Callback(action, version, user_id), chat_id, context)
        for label, action in ((YES, "consent.yes"), (NO, "consent.no"))
    ]
    return InlineKeyboardMarkup([row])


def _chat_of(press: Press) -> int | None:
    return None if press.query.message is None else press.query.message.chat.id


async def _is_admin(message: Message, user: TelegramUser, context: BotContext) -> bool:
    member = await context.bot.get_chat_member(message.chat.id, user.id)
    return member.status in _ADMINS


async def _edit(press: Press, text: str, keyboard: InlineKeyboardMarkup | None = None) -> None:
    """Put the outcome in place of the question, so that its buttons are gone."""
    try:
        await press.query.edit_message_text(text, reply_markup=keyboard)
    except BadRequest as error:  # the message is gone, or says so already
        _log.debug("the outcome was not shown: %s", type(error).__name__)
