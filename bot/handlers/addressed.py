"""Spoken to without a command: a reply to what the bot said goes on from there, or is a seed, as a mention is."""

from telegram import Message, MessageEntity, Update
from telegram.ext import BaseHandler

from bot.context import BotContext, is_private, said
from bot.handlers.seed import continue_words
from bot.handlers.targets import prompt_answered
from bot.storage.book import Origin
from bot.storage.prompts import Prompt
from bot.talking.thinking import fits

_UTF_16 = "utf-16-le"


class Addressed(BaseHandler[Update, BotContext, None]):
    """New messages, in any chat, that answer one of the bot's or name it. Edited and forwarded ones are none."""

    def __init__(self) -> None:
        super().__init__(_answer)

    def check_update(self, update: object) -> bool:
        message = said(update) if isinstance(update, Update) else None
        if message is None or message.forward_origin is not None or message.via_bot is not None or _is_bot(message):
            return False
        if not text_of(message):
            return False
        return _answers_us(message) or (not is_private(message) and bool(mentions(message)))


async def _answer(update: Update, context: BotContext) -> None:
    message = said(update)
    if message is None:
        return
    parent = await prompt_answered(message, context)
    if parent is None and is_private(message):
        await continue_words(update, message, "seed", text_of(message), context)
        return
    text = without_mentions(message)
    if not (_answers_us(message) and text.strip()):
        await continue_words(update, message, "mention", text, context)
    elif parent is None:  # what was said continues nothing: a help text, a quiz, the settings
        await continue_words(update, message, "reply", text, context)
    else:
        # What was said ends in the middle of something: whoever answers begins a line.
        await continue_words(update, message, "reply", f"\n{text}", context, await _after(parent, context))


async def _after(parent: Prompt, context: BotContext) -> Origin:
    """On top of the state after a reply; where that is lost, or of a voice that has gone, the words stand alone."""
    services = context.bot_data
    state = await services.book.state_after(parent.id)
    is_usable = state is not None and any(fits(state, scheduler) for scheduler in services.voices.schedulers)
    return Origin(parent, parent.id if is_usable else None, fingerprint=parent.asked.fingerprint if is_usable else None)


def text_of(message: Message) -> str:
    """What was written, also below a picture."""
    return message.text or message.caption or ""


def mentions(message: Message) -> list[MessageEntity]:
    """Where a message names this bot, by its @name or with a link to it."""
    bot = message.get_bot()
    found = message.entities or message.caption_entities
    return [entity for entity in found if _names(entity, message, f"@{bot.username}", bot.id)]


def without_mentions(message: Message) -> str:
    """What was written but for the bot's name, and the spaces around it.

    Telegram counts in UTF-16 units: an emoji before the name is two of them, one family is eleven.
    """
    units = text_of(message).encode(_UTF_16, "surrogatepass")
    kept, start = [], 0
    for entity in mentions(message):
        kept.append(units[start : 2 * entity.offset])
        start = 2 * (entity.offset + entity.length)
    kept.append(units[start:])
    return " ".join(filter(None, (part.decode(_UTF_16, "surrogatepass").strip() for part in kept)))


def _names(entity: MessageEntity, message: Message, name: str, bot_id: int) -> bool:
    if entity.type == MessageEntity.TEXT_MENTION:
        return entity.user is not None and entity.user.id == bot_id
    if entity.type != MessageEntity.MENTION:
        return False
    units = text_of(message).encode(_UTF_16, "surrogatepass")[2 * entity.offset : 2 * (entity.offset + entity.length)]
    return units.decode(_UTF_16, "replace").lower() == name.lower()


def _answers_us(message: Message) -> bool:
    answered = message.reply_to_message
    return answered is not None and answered.from_user is not None and answered.from_user.id == message.get_bot().id


def _is_bot(message: Message) -> bool:
    """Whether another bot speaks, which would answer back for ever; who speaks in a chat's name is none."""
    return message.from_user is not None and message.from_user.is_bot and message.sender_chat is None
