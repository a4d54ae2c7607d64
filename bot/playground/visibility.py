"""What Telegram shows a bot of what is said: everything, or in groups with privacy mode only what is meant for it.

It knows no update and no HTTP.
"""

from telegram import Message, MessageEntity

from bot.playground.entities import utf16_slice
from bot.playground.roles import is_administrator
from bot.playground.world import Room, World

_SERVICE_FIELDS = (
    "new_chat_members",
    "left_chat_member",
    "migrate_to_chat_id",
    "migrate_from_chat_id",
    "forum_topic_created",
    "group_chat_created",
    "supergroup_chat_created",
)


def bot_sees(world: World, room: Room, message: Message, *, privacy: bool) -> bool:
    """Whether Telegram would send this message of somebody else to the bot."""
    bot = world.bot
    if not room.has(bot.id):
        return False
    if room.is_private or room.is_channel or not privacy or is_administrator(room, bot.id):
        return True
    if any(getattr(message, name) for name in _SERVICE_FIELDS):
        return True
    if message.via_bot is not None and message.via_bot.id == bot.id:
        return True
    return _answers(room, message, bot.id) or _has_command(message, bot.username or "") or mentions(message, world)


def mentions(message: Message, world: World) -> bool:
    """Whether the message names the bot by its username, anywhere in the text or the caption."""
    wanted = f"@{world.bot.username}".lower()
    return any(
        entity.type == MessageEntity.MENTION and utf16_slice(text, entity.offset, entity.length).lower() == wanted
        for text, entity in _entities(message)
    )


def _answers(room: Room, message: Message, bot_id: int) -> bool:
    replied = message.reply_to_message
    if replied is None or replied.chat.id != room.chat.id:
        return False
    return room.authors.get(replied.message_id) == bot_id


def _has_command(message: Message, username: str) -> bool:
    for text, entity in _entities(message):
        if entity.type == MessageEntity.BOT_COMMAND and entity.offset == 0:
            _, _, name = utf16_slice(text, 0, entity.length).partition("@")
            return not name or name.lower() == username.lower()
    return False


def _entities(message: Message) -> list[tuple[str, MessageEntity]]:
    text = message.text or message.caption or ""
    return [(text, entity) for entity in message.entities or message.caption_entities]
