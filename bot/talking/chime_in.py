"""Chime-in: whether the bot answers a message that was not meant for it. Knows no Telegram, no database, no clock.

What is drawn depends on the update's number alone, so that an update that is handled again is decided the same.
"""

import datetime as dt
import hashlib

from bot.storage.settings import ChatSettings

_DRAWS = 10_000  # a hundred for each percent


def is_drawn(percent: int, bot_id: int, update_id: int) -> bool:
    """Whether the lot falls on an update, as it does on so many percent of them."""
    digest = hashlib.blake2b(f"chime-in {bot_id} {update_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) % _DRAWS < percent * _DRAWS // 100


def is_quiet(settings: ChatSettings, at: dt.datetime) -> bool:
    """Whether a time lies in the chat's quiet hours, which may go over midnight; equal ends are a whole day."""
    start, end = settings.quiet_from, settings.quiet_until
    if start is None or end is None:
        return False
    time = at.astimezone(dt.UTC)
    minute = 60 * time.hour + time.minute
    return start <= minute < end if start < end else minute >= start or minute < end


def resting_since(settings: ChatSettings, at: dt.datetime) -> dt.datetime:
    """Where the last chime-in was after this time, the chat still has its rest."""
    return at - dt.timedelta(seconds=settings.chime_in_cooldown)


def is_rested(settings: ChatSettings, last: dt.datetime | None, at: dt.datetime) -> bool:
    """Whether the last chime-in is long enough ago."""
    return last is None or last <= resting_since(settings, at)
