"""Reactions of the bot."""

from telegram.constants import ReactionEmoji

from bot.playground.errors import bad_request
from bot.playground.methods.registry import Request, method


@method("setMessageReaction")
async def set_message_reaction(request: Request) -> bool:
    """One emoji, or none, on a message."""
    room, service = request.room_to_act(), request.service
    message = request.message(room, "react")
    given = request.parameters.json_list("reaction") or []
    if len(given) > 1:
        raise bad_request("REACTIONS_TOO_MANY")
    emojis = [each.get("emoji") if isinstance(each, dict) else None for each in given]
    if not all(emoji in list(ReactionEmoji) for emoji in emojis):
        raise bad_request("REACTION_INVALID")
    service.set_reaction(message, service.world.bot.id, str(emojis[0]) if emojis else None)
    return True
