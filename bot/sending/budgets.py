"""Budgets: how much a bot may say in all, in a chat and in a group, and when the next message may go.

Knows neither Telegram's methods nor the event loop; it is told the time.

A budget is charged when the answer to a call has come, not when the call is sent. The server counted it
somewhere in between, so whatever a network does to the calls, the server sees them no closer together than
they are counted here.
"""

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass

SECOND = 1.01  # seconds; a second of Telegram's clock, with room for the clocks' grains
MINUTE = 60.1
LEAST_PAUSE = 1.0  # seconds; Telegram names whole ones, and a server that says 0 is not asked in a loop

# A chat's id, a channel's @name, or the id of an inline message, which is nobody's chat.
Addressee = Hashable


@dataclass(frozen=True)
class Budgets:
    """What Telegram lets a bot say, as its FAQ has it.

    Attributes:
        overall: Calls in any second, to all chats together.
        burst: Messages at once in one chat, after which it is one a second. Telegram only says that it "may
            allow short bursts"; one is what it promises.
        group: Messages in any minute in one group.
    """

    overall: int = 30
    burst: int = 1
    group: int = 20

    @property
    def kept_from_frames(self) -> int:
        """Calls of the current second that no frame may use, so that a final text finds one."""
        return self.overall // 4

    @property
    def kept_from_typing(self) -> int:
        """Calls of the current second that no typing action may use."""
        return self.overall // 2


TELEGRAM_BUDGETS = Budgets()
UNLIMITED = Budgets(overall=10**9, burst=10**9, group=10**9)  # for a server without limits, as in the demo


class ChatBudget:
    """When one chat may be written to again.

    Messages: a bucket that holds `burst` and refills by one a second, written as the time when it will be full
    (the "generic cell rate algorithm"); in groups a window of a minute too. Drafts are shown in private chats alone;
    Telegram does not say that they cost nothing, so each counts as a message does.
    """

    def __init__(self, budgets: Budgets, group: bool) -> None:
        self._budgets = budgets
        self._group = group
        self._full_at = 0.0
        self._minute: deque[float] = deque()
        self.paused_until = 0.0  # Telegram wants nothing for this chat before then
        self._drafts_paused_until = 0.0

    def message_at(self, now: float, frame: bool = False) -> float:
        """The time from which a message may go; a frame leaves room for the final text after it."""
        tokens = 1 if frame else self._budgets.burst
        window = max(1, self._budgets.group // 2) if frame else self._budgets.group
        return max(self._full_at - (tokens - 1) * SECOND, self._window_at(now, window), self.paused_until)

    def draft_at(self) -> float:
        """The time from which a draft may go."""
        return max(self._full_at, self._drafts_paused_until, self.paused_until)

    def typing_at(self) -> float:
        """The time from which a typing action may go."""
        return max(self._drafts_paused_until, self.paused_until)

    def message_sent(self, now: float) -> None:
        """Charge for a message, or a draft, whose answer has just come."""
        self._full_at = max(self._full_at, now) + SECOND
        if self._group:
            self._minute.append(now)

    def pause(self, until: float) -> None:
        """Telegram wants nothing for this chat before then."""
        self.paused_until = max(self.paused_until, until)

    def pause_drafts(self, until: float) -> None:
        """Telegram wants no drafts and no typing in this chat before then; messages may still go."""
        self._drafts_paused_until = max(self._drafts_paused_until, until)

    def is_whole(self, now: float) -> bool:
        """Whether there is nothing to remember about this chat."""
        return max(self._window_at(now, 1), self.draft_at()) <= now

    def _window_at(self, now: float, allowed: int) -> float:
        """The time from which fewer than `allowed` messages lie within the last minute."""
        while self._minute and self._minute[0] <= now - MINUTE:
            self._minute.popleft()
        return self._minute[-allowed] + MINUTE if len(self._minute) >= allowed else 0.0


class Refusals:
    """Tells a pause of one chat from a pause of everything, which Telegram's answer does not say.

    Where chat after chat is refused and none is served in between, it is not about the chats.
    """

    IN_A_ROW = 3  # different chats; two groups may well be full at the same time

    def __init__(self) -> None:
        self._until: dict[Addressee, float] = {}

    def served(self) -> None:
        """Some chat was served: whatever was refused, it was not everything."""
        self._until.clear()

    def refused(self, chat: Addressee, until: float) -> float | None:
        """A chat was refused until then; the time until which all are, or None while it seems to be about chats."""
        self._until[chat] = until
        if len(self._until) < self.IN_A_ROW:
            return None
        everything = min(self._until.values())  # whoever was told longer waits longer by itself
        self._until.clear()
        return everything
