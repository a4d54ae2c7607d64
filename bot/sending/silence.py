"""Silence: a chat in which the bot may not write is left alone for a while, and tried again.

Telegram says when the bot is muted, removed or blocked, and when it may speak again; of rights that a whole group
lost, it says so only to whoever writes. So both are heeded, and no silence lasts for ever.
"""

import datetime as dt

from telegram.error import BadRequest, Forbidden

TRY_AGAIN = dt.timedelta(minutes=1)  # after which one message is answered again, to see whether it can be

_MUTED = ("not enough rights", "have no rights", "chat_write_forbidden", "chat_restricted", "need administrator rights")


def is_muted(error: BaseException | None) -> bool:
    """Whether an error says that the bot may not write in a chat."""
    if isinstance(error, Forbidden):
        return True
    return isinstance(error, BadRequest) and any(words in error.message.lower() for words in _MUTED)


def is_silent(left_at: dt.datetime | None, now: dt.datetime) -> bool:
    """Whether a chat is left alone now. left_at: when it was last known that the bot may not write there."""
    return left_at is not None and now - left_at < TRY_AGAIN
