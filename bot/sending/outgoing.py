"""Outgoing calls: what a call to Telegram is about, told from its method and its data.

Knows no budgets. Methods are in small letters: `sendmessage`.
"""

import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from telegram.error import RetryAfter
from telegram.ext import ExtBot

from bot.sending.budgets import LEAST_PAUSE, Addressee

# Limited by themselves, for minutes or hours, whatever else the bot may do meanwhile.
_ON_THEIR_OWN = ("setmy", "deletemy", "setwebhook", "deletewebhook", "close", "logout")
_MESSAGES = ("send", "edit", "forward", "copy", "stoppoll")  # what counts as writing into a chat


AboutToGo = Callable[[], Awaitable[object]]


class Priority(Enum):
    """How much a call matters: what gives way to what when there is not room for everything."""

    FINAL = "final"
    FRAME = "frame"
    TYPING = "typing"


@dataclass(frozen=True)
class Departure:
    """A call with something to be done once it is among the next to go: at each attempt, if it takes more.

    Until then it is certain that nothing was sent, however long the call has waited.
    """

    priority: Priority
    about_to_go: AboutToGo


RateArgs = Priority | Departure  # what callers tell the rate limiter
PacedBot = ExtBot[RateArgs]  # whose calls go through the rate limiter


def addressee(data: dict[str, Any]) -> Addressee | None:
    """Whom a call is for; None for calls that are for nobody in particular."""
    chat = data.get("chat_id")
    if chat is None:
        return data.get("inline_message_id")
    try:
        return int(chat)
    except ValueError:  # a channel's @name
        return str(chat).lower()


def usual_priority(method: str) -> Priority:
    """How much a call matters whose caller does not say."""
    if method == "sendchataction":
        return Priority.TYPING
    return Priority.FRAME if is_draft(method) else Priority.FINAL


def is_draft(method: str) -> bool:
    """Whether the call shows a text that is still being written, as no message of its own."""
    return method == "sendmessagedraft"


def is_decoration(method: str) -> bool:
    """Whether the call leaves nothing behind in the chat."""
    return method == "sendchataction" or is_draft(method)


def is_charged(method: str) -> bool:
    """Whether the call spends the bot's budget; reading about a chat and deleting in it do not."""
    return method.startswith(_MESSAGES)


def is_message(method: str) -> bool:
    """Whether the call spends its chat's budget too."""
    return is_charged(method) and not is_decoration(method)


def is_group(chat: Addressee) -> bool:
    """Groups and channels have negative ids; a @name is a channel or a group."""
    return chat < 0 if isinstance(chat, int) else str(chat).startswith("@")


def is_limited_by_itself(method: str) -> bool:
    """Whether a refusal of this method says nothing about the others."""
    return method.startswith(_ON_THEIR_OWN)


def retry_seconds(error: RetryAfter) -> float:
    """The pause that Telegram asks for, in seconds."""
    pause = error.retry_after
    return max(LEAST_PAUSE, pause.total_seconds() if isinstance(pause, dt.timedelta) else float(pause))
