"""How the bot talks in a chat: `/settings` in one message of buttons, `/voice`, and `/length <number>`."""

import logging

from telegram import (
    ChatMember,
    ChatMemberAdministrator,
    ChatMemberOwner,
    InlineKeyboardMarkup,
    Message,
    Update,
    User,
)
from telegram.error import BadRequest

from bot.callbacks import OLD, Callback
from bot.context import BotContext, is_private, occasion, phrases_for
from bot.errors import CallbackRefused
from bot.handlers.commands import Call
from bot.handlers.presses import Action, Press, button
from bot.languages import N_
from bot.rules.rights import ADMINS_ONLY, may_change
from bot.sending.replies import reply, say_at
from bot.sending.spot import spot_of
from bot.settings_buttons import change
from bot.settings_pages import CLOSED, Page, Shown, page
from model.config import LONGEST_REPLY

ACTION = "set"

LENGTH_SHOWN = N_("I write {value:,} characters here. /length 500 makes it 500; anything from 1 to {high:,}.")
LENGTH_CHANGED = N_("I write {new:,} characters from now on. It was {old:,}.")
LENGTH_REFUSED = N_("I need a number of characters from 1 to {high:,}, but got “{got}”. It stays at {value:,}.")
ONE_VOICE = N_("I have only one voice here: {name}.")
VOICE_CHANGED = N_("I talk like {new} from now on. Before, I talked like {old}.")
NO_SUCH_VOICE = N_("I have no voice called “{got}”. I have: {names}.")

_SHOWN_CHARACTERS = 20
_log = logging.getLogger(__name__)


async def settings_command(update: Update, call: Call, context: BotContext) -> None:
    """`/settings`."""
    await _show(update, call.message, "main", context)


async def voice_command(update: Update, call: Call, context: BotContext) -> None:
    """`/voice` shows the voices, `/voice <name>` takes one."""
    message, wanted = call.message, call.argument.strip()
    services = context.bot_data
    say = await phrases_for(update, context)
    names = services.voices.names
    if len(names) < 2:
        await reply(update, say(ONE_VOICE, name=names[0]), context)
        return
    if not wanted:
        await _show(update, message, "voice", context)
        return
    chosen = next((name for name in names if name.casefold() == wanted.casefold()), None)
    if chosen is None:
        await reply(update, say(NO_SUCH_VOICE, got=_cut(wanted), names=", ".join(names)), context)
        return
    if not await allowed("voice", update, message, context):
        await reply(update, say(ADMINS_ONLY), context)
        return
    old = await services.book.change_settings(occasion(update, message, context), voice=chosen)
    await reply(update, say(VOICE_CHANGED, new=chosen, old=services.voices.get(old.voice).name), context)


async def length_command(update: Update, call: Call, context: BotContext) -> None:
    """`/length [number]`."""
    book, message = context.bot_data.book, call.message
    say = await phrases_for(update, context)
    given = call.argument.strip()
    settings = await book.settings(message.chat.id)
    if not given:
        await reply(update, say(LENGTH_SHOWN, value=settings.length, high=LONGEST_REPLY), context)
        return
    number = given.replace(",", "").replace(".", "")
    if not (number.isdecimal() and len(number) < 6 and 1 <= int(number) <= LONGEST_REPLY):
        sentence = say(LENGTH_REFUSED, got=_cut(given), value=settings.length, high=LONGEST_REPLY)
        await reply(update, sentence, context)
        return
    if not await allowed("length", update, message, context):
        await reply(update, say(ADMINS_ONLY), context)
        return
    old = await book.change_settings(occasion(update, message, context), length=int(number))
    await reply(update, say(LENGTH_CHANGED, new=int(number), old=old.length), context)


async def press_setting(update: Update, press: Press, context: BotContext) -> str | None:
    """A button of the keyboard: turns to a page, sets something and shows where it stands, or closes."""
    message = press.query.message
    if message is None:
        raise CallbackRefused(OLD)
    book, argument = context.bot_data.book, press.callback.argument
    changed = change(argument, context.bot_data.voices.names)
    field = "temperature" if changed is None else next(iter(changed[1]))
    if not await may_change(field, await book.settings(message.chat.id), update, message, context):
        raise CallbackRefused(ADMINS_ONLY)
    if argument == "close":
        say = await phrases_for(update, context)
        await _edit(press, Page(say(CLOSED)), context)
        return None
    name = argument
    if changed is not None:
        name, values = changed
        await book.change_settings(occasion(update, message, context), **values)
    made = page(name, await _shown(update, message.chat.id, message.chat.type == "private", context))
    if made is None:
        raise CallbackRefused(OLD)
    await _edit(press, made, context)
    return None


async def allowed(field: str, update: Update, message: Message, context: BotContext) -> bool:
    """Whether a command that changes this setting comes from somebody who may. Raises TelegramError."""
    settings = await context.bot_data.book.settings(message.chat.id)
    return await may_change(field, settings, update, message, context)


ACTIONS = {ACTION: Action(press_setting, owner_only=False)}


async def _show(update: Update, message: Message, name: str, context: BotContext) -> None:
    made = page(name, await _shown(update, message.chat.id, is_private(message), context))
    if made is not None:
        keyboard = _keyboard(made, message.chat.id, context)
        await say_at(spot_of(message), update, made.text, context, keyboard)


async def _shown(update: Update, chat_id: int, private: bool, context: BotContext) -> Shown:
    services = context.bot_data
    settings = await services.book.settings(chat_id)
    say = await phrases_for(update, context)
    is_deaf = not private and await _is_deaf(chat_id, context)
    return Shown(settings, say, private, is_deaf, services.voices.names, services.clock.now())


async def _is_deaf(chat_id: int, context: BotContext) -> bool:
    """Whether privacy mode keeps the messages of a group from the bot: administrators hear all."""
    # Typed by hand: python-telegram-bot's rate limiter hides what the calls return.
    me: User = await context.bot.get_me()
    if me.can_read_all_group_messages:
        return False
    try:
        member: ChatMember = await context.bot.get_chat_member(chat_id, me.id)
    except BadRequest:  # the group is another chat now
        return False
    return not isinstance(member, ChatMemberAdministrator | ChatMemberOwner)


def _keyboard(made: Page, chat_id: int, context: BotContext) -> InlineKeyboardMarkup | None:
    if not made.rows:
        return None
    return InlineKeyboardMarkup(
        [[button(item.label, Callback(ACTION, item.argument), chat_id, context) for item in row] for row in made.rows]
    )


async def _edit(press: Press, made: Page, context: BotContext) -> None:
    message = press.query.message
    chat_id = 0 if message is None else message.chat.id
    try:
        await press.query.edit_message_text(made.text, reply_markup=_keyboard(made, chat_id, context))
    except BadRequest as error:  # the message is gone, or says so already
        _log.debug("the settings were not shown anew: %s", type(error).__name__)


def _cut(text: str) -> str:
    return text[:_SHOWN_CHARACTERS] + "…" * (len(text) > _SHOWN_CHARACTERS)
