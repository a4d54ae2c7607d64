"""Where the bot is and may write: it goes quiet when it may not, comes back, and moves along with a group."""

import logging

from telegram import ChatMember, ChatMemberRestricted, Update
from telegram.ext import ApplicationHandlerStop

from bot.context import BotContext, is_private, said
from bot.languages import N_
from bot.operators import OF_CHATS, tell_operators
from bot.sending.silence import is_silent
from bot.storage.chats import Chat

NOT_LET_IN = N_("The group “{title}” has become a supergroup. To let it in, put {id} into COTORRA_ALLOWED_CHATS.")

_PRESENT = (ChatMember.OWNER, ChatMember.ADMINISTRATOR, ChatMember.MEMBER)
_log = logging.getLogger(__name__)


async def on_membership(update: Update, context: BotContext) -> None:
    """The bot was added, removed, blocked, muted, or may write again."""
    moved, services = update.my_chat_member, context.bot_data
    if moved is None:
        return
    member = moved.new_chat_member
    may_write = member.status in _PRESENT or (isinstance(member, ChatMemberRestricted) and member.can_send_messages)
    chat = Chat(moved.chat.id, moved.chat.type, moved.chat.effective_name, moved.chat.username)
    now = services.clock.now()
    await services.book.note_presence(chat, None if may_write else now, now)
    _log.info("may write again in a chat" if may_write else "may not write any more in a chat")


async def skip_silent(update: Update, context: BotContext) -> None:
    """Stops messages from a group where the bot may not write; those about a group's move go on.

    Whoever writes in a private chat has not blocked the bot, or not any more.
    """
    message = said(update)
    if (
        message is None
        or is_private(message)
        or message.migrate_to_chat_id is not None
        or message.migrate_from_chat_id is not None
    ):
        return
    services = context.bot_data
    if is_silent(await services.book.left_at(message.chat.id), services.clock.now()):
        raise ApplicationHandlerStop


async def on_migration(update: Update, context: BotContext) -> None:
    """A group has become a supergroup; both chats tell so."""
    message = said(update)
    if message is None:
        return
    if message.migrate_to_chat_id is not None:
        await follow(message.chat.id, message.migrate_to_chat_id, update, context)
    elif message.migrate_from_chat_id is not None:
        await follow(message.migrate_from_chat_id, message.chat.id, update, context)


async def follow(old: int, new: int, update: Update, context: BotContext) -> int:
    """Everything of a group is the supergroup's from now on; how many waiting updates moved with it."""
    services = context.bot_data
    chat = await services.book.find_chat(old)
    is_moved, redirected = await services.book.follow(context.bot.id, old, new)
    if chat is not None and is_moved:
        _log.info("a group has become the supergroup %d", new)
        access = services.access
        if access.allows(old, None) and not access.allows(new, None):
            _log.warning("the supergroup %d is not in COTORRA_ALLOWED_CHATS, which has %d", new, old)
            await tell_operators(NOT_LET_IN, OF_CHATS, update, context, title=chat.title or old, id=new)
    return redirected
