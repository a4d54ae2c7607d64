"""Reactions of the bot."""

from telegram import ReactionTypeEmoji
from telegram.constants import ReactionEmoji

from bot.playground.errors import bad_request
from bot.playground.methods.registry import Request, method


@method("setMessageReaction")
async def set_message_reaction(request: Request) -> bool:
    """One emoji, or none, on a message."""
    room = request.room_to_write()
    message = request.message(room, "react")
    given = request.parameters.json_list("reaction") or []
    if len(given) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    emojis = [each.get("emoji") if isinstance(each, dict) else None for each in given]
    if not all(emoji in list(ReactionEmoji) for emoji in emojis):
        raise bad_request("REACTION_INVALID")
    place = (room.chat.id, message.message_id)
    request.service.reactions[place] = tuple(ReactionTypeEmoji(str(emoji)) for emoji in emojis)
    request.service.feed.publish("reaction", chat_id=room.chat.id, message_id=message.message_id, emojis=emojis)
    return True
