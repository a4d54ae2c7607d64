"""A record of every call the bot made, which can be awaited.

It knows no method's meaning and no HTTP.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.playground.parameters import Parameters, Upload

Predicate = Callable[["Call"], bool]


@dataclass
class Call:
    """One call of the bot: what was asked, when, and what was answered."""

    number: int
    method: str  # as Telegram spells it; as it came if Telegram has no such method
    parameters: dict[str, str]
    files: dict[str, Upload] = field(default_factory=dict)
    at: float = field(default_factory=time.monotonic)
    status: int | None = None  # None while it runs, or when the connection was dropped
    answer: dict[str, Any] | None = None  # what the server meant to answer, even if the bot never saw it
    over: bool = False

    @property
    def result(self) -> Any:
        """The result, or None if there was an error."""
        return None if self.answer is None else self.answer.get("result")

    @property
    def chat_id(self) -> int | None:
        """The chat the call was about, if it named one by number."""
        value = self.parameters.get("chat_id", "")
        return int(value) if value.lstrip("-").isdecimal() else None

    @property
    def text(self) -> str | None:
        """The text or the caption of the call."""
        return self.parameters.get("text", self.parameters.get("caption"))


class CallRecord:
    """The last calls of the bot, oldest first.

    Args:
        kept: How many to keep.
    """

    def __init__(self, kept: int = 10_000) -> None:
        self._calls: deque[Call] = deque(maxlen=kept)
        self._count = 0
        self._waiting: list[tuple[Predicate, asyncio.Future[Call]]] = []
        self.counts: Counter[int | None] = Counter()  # of all finished calls, by their status

    def __len__(self) -> int:
        return len(self._calls)

    def begin(self, method: str, given: Parameters) -> Call:
        """Record a call that has arrived."""
        call = Call(self._count, method, dict(given.values), dict(given.files))
        self._count += 1
        self._calls.append(call)
        return call

    def end(self, call: Call) -> None:
        """Tell those who wait that a call is over."""
        call.over = True
        self.counts[call.status] += 1
        for predicate, future in self._waiting:
            if not future.done() and predicate(call):
                future.set_result(call)
        self._waiting = [(predicate, future) for predicate, future in self._waiting if not future.done()]

    def mark(self) -> int:
        """A place in the record, for `after`: only calls that arrive later count."""
        return self._count

    def of(self, method: str | None = None, *, chat_id: int | None = None, after: int = 0) -> list[Call]:
        """The finished calls of a method (of any but getUpdates, if none is named), oldest first."""
        wanted = _matching(method, chat_id, None, after)
        return [call for call in self._calls if call.over and wanted(call)]

    async def wait(
        self,
        method: str | None = None,
        *,
        chat_id: int | None = None,
        where: Predicate | None = None,
        after: int = 0,
        timeout: float = 10,  # noqa: ASYNC109
    ) -> Call:
        """The first finished call that fits: one already recorded, or else the next to come.

        Raises:
            TimeoutError: None came in `timeout` seconds.
        """
        wanted = _matching(method, chat_id, where, after)
        for call in self._calls:
            if call.over and wanted(call):
                return call
        future: asyncio.Future[Call] = asyncio.get_running_loop().create_future()
        self._waiting.append((wanted, future))
        async with asyncio.timeout(timeout):
            return await future


def _matching(method: str | None, chat_id: int | None, where: Predicate | None, after: int) -> Predicate:
    name = method and method.lower()

    def fits(call: Call) -> bool:
        called = call.method.lower()
        return (
            call.number >= after
            and (called == name if name else called != "getupdates")
            and (chat_id is None or call.chat_id == chat_id)
            and (where is None or where(call))
        )

    return fits
