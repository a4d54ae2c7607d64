"""Which of the bot's replies a message is about: the one that it answers, or else the last one said there."""

from telegram import Message

from bot.context import BotContext
from bot.sending.spot import thread_of
from bot.storage.prompts import Prompt


async def prompt_answered(message: Message, context: BotContext) -> Prompt | None:
    """The prompt whose reply this message answers; None where it answers nothing, or something else."""
    answered = message.reply_to_message
    if answered is None or answered.from_user is None or answered.from_user.id != context.bot.id:
        return None
    return await context.bot_data.book.prompt_of_message(message.chat.id, answered.message_id)


async def prompt_meant(message: Message, context: BotContext) -> Prompt | None:
    """The prompt whose reply this message answers, or else the last one of the chat, or of its topic."""
    answered = await prompt_answered(message, context)
    return answered or await context.bot_data.book.last_prompt(message.chat.id, thread_of(message))
