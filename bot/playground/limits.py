"""Telegram's flood limits, to be enforced on request.

It knows no HTTP; the clock is given.
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from bot.playground.errors import too_many_requests


@dataclass(frozen=True)
class FloodLimits:
    """How much a bot may say, as Telegram's FAQ has it."""

    overall: int = 30  # messages in any second
    burst: int = 3  # messages at once in one chat, after which it is one a second
    group: int = 20  # messages in any minute in one group


COUNTED = frozenset(
    [
        "sendmessage",
        "sendmessagedraft",
        "sendphoto",
        "senddocument",
        "sendpoll",
        "sendsticker",
        "sendanimation",
        "sendaudio",
        "sendvideo",
        "sendvoice",
        "forwardmessage",
        "copymessage",
        "editmessagetext",
        "editmessagecaption",
        "editmessagereplymarkup",
    ]
)


class FloodGuard:
    """Counts what the bot says, and refuses what is too much.

    Args:
        limits: How much is allowed.
        clock: Seconds, rising.
    """

    def __init__(self, limits: FloodLimits, clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._all: deque[float] = deque()
        self._groups: dict[int, deque[float]] = {}
        self._chats: dict[int, float] = {}  # when the chat's burst is whole again

    def check(self, chat_id: int) -> None:
        """Count one message to this chat.

        Raises:
            ApiError: 429; then the message does not count.
        """
        time = self._clock()
        wait = max(self._overall_wait(time), self._chat_wait(chat_id, time), self._group_wait(chat_id, time))
        if wait > 0:
            raise too_many_requests(math.ceil(wait))
        self._all.append(time)
        self._chats[chat_id] = max(self._chats.get(chat_id, time), time) + 1
        if chat_id < 0:
            self._groups[chat_id].append(time)

    def _overall_wait(self, time: float) -> float:
        return _window_wait(self._all, time, self._limits.overall, 1)

    def _group_wait(self, chat_id: int, time: float) -> float:
        if chat_id > 0:
            return 0
        return _window_wait(self._groups.setdefault(chat_id, deque()), time, self._limits.group, 60)

    def _chat_wait(self, chat_id: int, time: float) -> float:
        return self._chats.get(chat_id, time) - time - (self._limits.burst - 1)


def _window_wait(times: deque[float], time: float, allowed: int, seconds: float) -> float:
    """How long until there are fewer than `allowed` times within the last `seconds`."""
    while times and times[0] <= time - seconds:
        times.popleft()
    return times[0] + seconds - time if len(times) >= allowed else 0
