"""Rights: who may change a chat's settings, and who may press the buttons under a reply."""

from telegram import Chat, ChatMember, MaybeInaccessibleMessage, Message, Update
from telegram.error import BadRequest, Forbidden

from bot.context import BotContext
from bot.languages import N_
from bot.storage.settings import ChatSettings

ADMINS_ONLY = N_("Only administrators of this group may do that.")

# What an unwilling group could not bear from any of its members: who rules, and whether the bot speaks unasked.
OF_ADMINS = frozenset(
    ("who_may_change", "who_may_press", "chime_in_percent", "chime_in_cooldown", "quiet_from", "quiet_until")
)


async def may_change(
    name: str, settings: ChatSettings, update: Update, message: MaybeInaccessibleMessage, context: BotContext
) -> bool:
    """Whether whoever an update comes from may change a field of ChatSettings in the message's chat.

    message: theirs, or the one whose button they pressed. Raises TelegramError where Telegram cannot be asked.
    """
    if message.chat.type == Chat.PRIVATE:
        return True
    if name not in OF_ADMINS and settings.who_may_change == "everybody":
        return True
    if update.callback_query is not None:  # a press always names the person, also an anonymous administrator
        return await is_admin(message.chat, update.callback_query.from_user.id, context)
    if not isinstance(message, Message):
        return False
    if speaks_as_the_chat(message):
        return True
    return message.from_user is not None and await is_admin(message.chat, message.from_user.id, context)


async def may_press(
    settings: ChatSettings, chat: Chat, asker_id: int | None, presser_id: int, context: BotContext
) -> bool:
    """Whether somebody may press the buttons under a reply.

    asker_id: who asked for it; None where Telegram hides them, as an anonymous administrator.
    """
    if chat.type == Chat.PRIVATE or settings.who_may_press == "everybody" or presser_id == asker_id:
        return True
    if settings.who_may_press == "admins" or asker_id is None:
        return await is_admin(chat, presser_id, context)
    return False


def speaks_as_the_chat(message: Message) -> bool:
    """Whether an anonymous administrator wrote it, or it is a channel's post: nobody else may write in that name."""
    return message.sender_chat is not None and message.sender_chat.id == message.chat.id


async def is_admin(chat: Chat, user_id: int, context: BotContext) -> bool:
    """Whether somebody runs a chat; everybody does their private one. Raises TelegramError."""
    if chat.type == Chat.PRIVATE:
        return True
    try:
        # The list is there for any bot; about one member, Telegram answers for sure only where the bot is admin.
        # Typed by hand: python-telegram-bot's rate limiter hides what the call returns.
        members: tuple[ChatMember, ...] = await context.bot.get_chat_administrators(chat.id)
    except (BadRequest, Forbidden):  # the bot was thrown out, or the group is another chat now
        return False
    return any(member.user.id == user_id for member in members)
