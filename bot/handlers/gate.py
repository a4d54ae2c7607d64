"""Who may use the bot: everybody, or the chats that the operator allowed."""

from telegram import Update
from telegram.ext import ApplicationHandlerStop

from bot.context import BotContext, is_private, phrases_for, said
from bot.handlers.commands import parse_call
from bot.languages import N_
from bot.replies import reply

PRIVATE = N_("This bot is private. Whoever runs it can let this chat in by its id: {id}")


async def gate(update: Update, context: BotContext) -> None:
    """Stops every update from a chat that is not allowed; before all other handlers.

    Only `/start` in a private chat gets a sentence, so that strangers cannot make the bot talk in groups.
    """
    allowed = context.bot_data.allowed_chats
    chat = update.effective_chat
    if not allowed or (chat is not None and chat.id in allowed):
        return
    message = said(update)
    if message is not None and is_private(message):
        call = parse_call(message, context.bot.username)
        if call is not None and call.name == "start":
            say = await phrases_for(update, context)
            await reply(update, say(PRIVATE, id=message.chat.id), context)
    raise ApplicationHandlerStop
