"""Who may use the bot: everybody, or the chats and people that the operator allowed; whatever they do."""

from telegram import Update
from telegram.ext import ApplicationHandlerStop

from bot.context import BotContext, is_private, phrases_for, said
from bot.handlers.commands import parse_call
from bot.languages import N_
from bot.sending.replies import reply

PRIVATE = N_("This bot is private. Whoever runs it can let this chat in by its id: {id}")


async def gate(update: Update, context: BotContext) -> None:
    """Stops every update from a chat and a person that are not allowed; before all other handlers.

    Only `/start` in a private chat gets a sentence, so that strangers cannot make the bot talk in groups.
    """
    chat_id, user_id = _origin(update)
    access = context.bot_data.access
    if access.allows(chat_id, user_id):
        return
    answer = update.poll_answer
    if answer is not None and chat_id is None:  # it does not say in which chat, but we sent the poll there
        chat_id = await context.bot_data.games.chat_of_poll(answer.poll_id)
        if chat_id is not None and access.allows(chat_id, user_id):
            return
    message = said(update)
    if message is not None and is_private(message):
        call = parse_call(message, context.bot.username)
        if call is not None and call.name == "start":
            say = await phrases_for(update, context)
            await reply(update, say(PRIVATE, id=message.chat.id), context)
    raise ApplicationHandlerStop


def _origin(update: Update) -> tuple[int | None, int | None]:
    """The chat and the person that an update comes from; None for what it does not name."""
    chat, person = update.effective_chat, update.effective_user
    if update.poll_answer is not None:  # a chat may vote, too; a stand-in is then named as the person
        chat = update.poll_answer.voter_chat
        person = None if chat is not None else person
    return (None if chat is None else chat.id), (None if person is None else person.id)
