"""Health follows what really comes in: soon false when Telegram fails or hangs, true through a dropped call or two."""

import asyncio
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from telegram.error import NetworkError, TimedOut

from bot.clock import ServerClock
from bot.incoming.polling import POLL, SLACK
from bot.incoming.receiving import Receiving
from bot.observability.health import Health
from bot.observability.metrics import Metrics
from tests.bot.faults.test_telegram_away import FakeInbox
from tests.bot.virtual_time import run


class Telegram:
    """Answers as it should, or drops calls, or lets them hang until whoever calls gives up.

    trouble: since when and until when, in seconds after the start.
    """

    def __init__(self, kind: str, begins: float, ends: float) -> None:
        self._kind = kind
        start = asyncio.get_running_loop().time()
        self._begins, self._ends = start + begins, start + ends

    async def _strike(self, patience: float) -> None:
        if self._begins <= asyncio.get_running_loop().time() < self._ends:
            if self._kind == "drops":
                raise NetworkError("dropped")
            await asyncio.sleep(patience)
            raise TimedOut

    async def delete_webhook(self) -> None: ...

    async def raw_updates(self, _: int | None, seconds: int, __: Sequence[str]) -> list[Mapping[str, Any]]:
        await self._strike(seconds + SLACK)
        await asyncio.sleep(seconds)
        return []


async def watched(kind: str, begins: float, ends: float, until: float) -> list[bool]:
    """Whether the bot was well, each second from its start."""
    services: Any = SimpleNamespace(inbox=FakeInbox(), metrics=Metrics(), clock=ServerClock(), fail=None)
    bot: Any = Telegram(kind, begins, ends)
    receiving = Receiving(bot, services, (), None)
    health = Health({"updates": receiving.check}, fresh=0)
    seen = []
    async with receiving.opened():
        for _ in range(int(until)):
            await asyncio.sleep(1)
            seen.append((await health.report()).ok)
    return seen


@pytest.mark.parametrize(
    ("kind", "soon"),
    [
        ("drops", POLL + 20),  # a poll that began before may come back well
        ("hangs", POLL + POLL + SLACK + 20),
    ],
)
def test_what_stops_working_shows_soon_and_so_does_that_it_works_again(kind: str, soon: float) -> None:
    seen = run(watched(kind, 100, 1_000, 1_100))
    assert all(seen[2:100])
    assert not any(seen[100 + int(soon) : 999])
    assert all(seen[1_045:])


@pytest.mark.parametrize(("kind", "lasts"), [("drops", 2.5), ("hangs", 9)])
def test_a_call_or_two_that_are_dropped_or_hang_are_no_illness(kind: str, lasts: float) -> None:
    for begins in range(100, 130):
        assert all(run(watched(kind, begins, begins + lasts, 200))[2:])
