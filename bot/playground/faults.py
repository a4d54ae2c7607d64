"""Faults for tests: what can go wrong between a bot and Telegram, in a queue.

It knows no method's meaning and no HTTP.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from bot.playground.errors import ApiError, too_many_requests


class Moment(Enum):
    """Where in a call a fault strikes."""

    ANSWER_INSTEAD = "an error is answered and nothing is done"
    DROP_BEFORE = "the connection breaks and nothing is done"
    DROP_AFTER = "the call is done, but the connection breaks before the answer"
    HALF_BODY = "the call is done, but the connection breaks in the middle of the answer"
    HOLD_BEFORE = "the call waits before anything is done"
    HOLD_AFTER = "the call is done at once, and the answer waits"


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong; made by the functions below."""

    moment: Moment
    error: ApiError | None = None
    release: asyncio.Event | None = None


def flood(retry_after: int) -> Fault:
    """429 Too Many Requests, with the seconds to wait."""
    return Fault(Moment.ANSWER_INSTEAD, too_many_requests(retry_after))


def error(code: int, description: str) -> Fault:
    """Any error; a 5xx for a server in trouble."""
    return Fault(Moment.ANSWER_INSTEAD, ApiError(code, description))


def server_error(code: int = 502) -> Fault:
    """A server in trouble."""
    return error(code, {502: "Bad Gateway", 503: "Service Unavailable"}.get(code, "Internal Server Error"))


def dropped_before() -> Fault:
    """The connection breaks and nothing is done."""
    return Fault(Moment.DROP_BEFORE)


def dropped_after() -> Fault:
    """The call is done, and the bot never learns it."""
    return Fault(Moment.DROP_AFTER)


def half_body() -> Fault:
    """The call is done, and half of the answer arrives."""
    return Fault(Moment.HALF_BODY)


def slow(release: asyncio.Event, *, done_at_once: bool = True) -> Fault:
    """The answer waits until `release` is set; `done_at_once` says whether the call itself waits too."""
    return Fault(Moment.HOLD_AFTER if done_at_once else Moment.HOLD_BEFORE, release=release)


class FaultQueue:
    """Faults in order; each strikes one call, of its method or of any."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str | None, Fault]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, *faults: Fault, method: str | None = None, times: int = 1) -> None:
        """Queue faults for the next calls of a method, or of any method but getUpdates."""
        self.extend((method, fault) for _ in range(times) for fault in faults)

    def extend(self, faults: Iterable[tuple[str | None, Fault]]) -> None:
        self._waiting.extend((method and method.lower(), fault) for method, fault in faults)

    def clear(self) -> None:
        self._waiting.clear()

    def take(self, method: str) -> Fault | None:
        """The first fault that waits for this method, out of the queue.

        A fault for any method leaves getUpdates alone: a bot polls all the time, and would eat it.
        """
        name = method.lower()
        for place, (wanted, fault) in enumerate(self._waiting):
            if wanted == name or (wanted is None and name != "getupdates"):
                del self._waiting[place]
                return fault
        return None
