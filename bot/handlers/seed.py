"""A seed comes and is continued: `/seed <text>`, and in a private chat whatever is written."""

from telegram import Message, Update

from bot.context import BotContext, is_private, phrases_for, said
from bot.errors import SeedRefused
from bot.handlers.commands import Call
from bot.languages import N_
from bot.sending.replies import reply
from bot.storage.book import NOTHING, Origin
from bot.storage.prompts import Kind
from bot.talking.conversation import continue_text
from bot.talking.seeds import seed_of

NO_TEXT = N_("I can only continue text. Send me a few words, or try: /seed Once upon a time")


async def seed_command(update: Update, call: Call, context: BotContext) -> None:
    """`/seed <text>`."""
    await continue_words(update, call.message, "seed", call.argument, context)


async def plain_message(update: Update, context: BotContext) -> None:
    """In a private chat, whatever somebody writes is a seed."""
    message = said(update)
    if message is None or not is_private(message) or _is_our_own(message):
        return
    text = message.text or message.caption
    if text:
        await continue_words(update, message, "seed", text, context)
    elif message.effective_attachment is not None:
        say = await phrases_for(update, context)
        await reply(update, say(NO_TEXT), context)


def _is_our_own(message: Message) -> bool:
    """Whether it is a result that somebody chose inline: written by the bot, and written down as that."""
    return message.via_bot is not None and message.via_bot.id == message.get_bot().id


async def continue_words(
    update: Update, message: Message, kind: Kind, text: str, context: BotContext, origin: Origin = NOTHING
) -> None:
    """Continue what somebody wrote, or say why not."""
    try:
        seed = seed_of(text)
    except SeedRefused as refusal:
        say = await phrases_for(update, context)
        await reply(update, say.of(refusal), context)
        return
    await continue_text(update, message, kind, seed, context, origin)
