"""Etiquette in a chat: what counts as a request, and what is said to whoever makes too many of them."""

from telegram import Message, Update
from telegram.ext import ApplicationHandlerStop

from bot.callbacks import Callback
from bot.context import BotContext, is_private, phrases_for, said
from bot.handlers.addressed import Addressed, text_of
from bot.handlers.commands import parse_call
from bot.handlers.guest import answer_guest
from bot.handlers.presses import Press
from bot.languages import N_
from bot.sending.replies import reply

PERSON = N_("You are quicker than I am! I take {limit} requests a minute from each person. Ask me again in a moment.")
CHAT = N_("So many of you! I take {limit} requests a minute in one chat. Ask me again in a moment.")

# What people have a right to, what costs nothing, and what makes the bot do less.
_FREE_COMMANDS = frozenset({"start", "help", "about", "privacy", "mydata", "forget", "stats", "reload"})
_FREE_PRESSES = ("stop:", "consent.", "forget.")

_addressed = Addressed()


async def etiquette(update: Update, context: BotContext) -> None:
    """Stops the requests of whoever makes too many; before all handlers that answer them."""
    if not is_request(update, context.bot.username):
        return
    services = context.bot_data
    message, query, guest = said(update), update.callback_query, update.guest_message
    chat = update.effective_chat
    is_alone = chat is None or chat.type == "private" or guest is not None
    at = services.clock.now() if message is None else message.date
    judged = services.etiquette.judge(
        update.update_id, _person(update, message), None if is_alone or chat is None else chat.id, at.timestamp()
    )
    if judged.verdict == "welcome":
        return
    config = services.etiquette.config
    say = await phrases_for(update, context)
    sentence = say(PERSON, limit=config.per_person) if judged.verdict == "person" else say(CHAT, limit=config.per_chat)
    if query is not None:  # only who pressed sees it, and without an answer the button would spin
        await Press(query, Callback("")).answer(sentence)
    elif judged.is_told and guest is not None:
        await answer_guest(guest, sentence, context)
    elif judged.is_told:
        await reply(update, sentence, context)
    raise ApplicationHandlerStop


def is_request(update: Update, username: str) -> bool:
    """Whether somebody asks for something that takes work or says something in a chat."""
    if update.callback_query is not None:
        return not (update.callback_query.data or "").startswith(_FREE_PRESSES)
    if update.guest_message is not None:
        return True
    message = said(update)
    if message is None:
        return False
    call = parse_call(message, username)
    if call is not None:
        return call.name not in _FREE_COMMANDS
    return _addressed.check_update(update) or (is_private(message) and bool(text_of(message)))


def _person(update: Update, message: Message | None) -> int | None:
    """Who asks; whoever speaks in the name of a chat is that chat."""
    if message is not None and message.sender_chat is not None:
        return None if message.sender_chat.id == message.chat.id else message.sender_chat.id
    person = update.effective_user
    return None if person is None else person.id
