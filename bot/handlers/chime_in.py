"""Speaking unasked: where a group has allowed it, now and then a message that was not meant for the bot is a seed."""

from telegram import Chat, MessageEntity, Update
from telegram.ext import BaseHandler

from bot.context import BotContext, said
from bot.errors import SeedRefused
from bot.handlers.addressed import text_of
from bot.talking.chime_in import is_drawn, is_quiet, is_rested, resting_since
from bot.talking.conversation import continue_text
from bot.talking.seeds import seed_of


class ChimeIn(BaseHandler[Update, BotContext, None]):
    """New messages in groups that some person wrote; whoever is asked after everybody else gets what is left."""

    def __init__(self) -> None:
        super().__init__(_maybe_answer)

    def check_update(self, update: object) -> bool:
        message = update.message if isinstance(update, Update) else None
        if message is None or message.chat.type not in (Chat.GROUP, Chat.SUPERGROUP) or not text_of(message).strip():
            return False
        if message.forward_origin is not None or message.via_bot is not None or message.from_user is None:
            return False
        if message.from_user.is_bot and message.sender_chat is None:  # it might answer back for ever
            return False
        entities = message.entities or message.caption_entities
        return not any(entity.type == MessageEntity.BOT_COMMAND and entity.offset == 0 for entity in entities)


async def _maybe_answer(update: Update, context: BotContext) -> None:
    message, book = said(update), context.bot_data.book
    if message is None:
        return
    settings = await book.settings(message.chat.id)
    if not is_drawn(settings.chime_in_percent, context.bot.id, update.update_id) or is_quiet(settings, message.date):
        return
    since = resting_since(settings, message.date)  # a chat may have asked much before it
    last = await book.last_asked(message.chat.id, "chime-in", since, update.update_id)
    if not is_rested(settings, last, message.date):
        return
    try:
        seed = seed_of(text_of(message))
    except SeedRefused:  # nobody asked, so nobody is told
        return
    await continue_text(update, message, "chime-in", seed, context, silent=True)
