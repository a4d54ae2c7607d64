"""As whom a message appears: a person, the group for an anonymous administrator, a channel for its posts.

It knows no update and no HTTP.
"""

from typing import Any

from telegram import User

from bot.playground.roles import is_administrator
from bot.playground.world import Room

# Telegram's own stand-in: what an anonymous administrator writes is "from" it.
GROUP_ANONYMOUS_BOT = User(1087968824, "Group", is_bot=True, username="GroupAnonymousBot")


def is_anonymous(room: Room, user_id: int) -> bool:
    """Whether this user runs the group without showing their name."""
    return user_id in room.anonymous and is_administrator(room, user_id)


def appearance(room: Room, sender: User) -> dict[str, Any]:
    """The fields of a message that tell who wrote it: from_user, sender_chat."""
    if room.is_channel:
        return {"sender_chat": room.chat}
    if is_anonymous(room, sender.id):
        return {"from_user": GROUP_ANONYMOUS_BOT, "sender_chat": room.chat}
    return {"from_user": sender}
