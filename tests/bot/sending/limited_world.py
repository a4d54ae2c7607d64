"""The limiter against a server that counts for itself, in virtual time: what the tests of its rooms share."""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from telegram.error import RetryAfter

from bot.sending.budgets import Budgets
from bot.sending.outgoing import RateArgs
from bot.sending.rate_limiter import RateLimiter

GROUP = -100
EPSILON = 1e-6  # seconds; for floating point alone


@dataclass(frozen=True)
class Arrival:
    time: float
    method: str
    chat: int
    text: str


@dataclass
class Server:
    """Telegram's side: notes when a call arrives, and refuses what it is told to refuse."""

    there: Callable[[], float] = lambda: 0.02  # seconds from the bot to the server, and back
    back: Callable[[], float] = lambda: 0.03
    arrivals: list[Arrival] = field(default_factory=list)
    refuse: Callable[[str, int], float | None] = lambda method, chat: None  # seconds, or None
    refused: int = 0

    async def post(self, method: str, data: dict[str, Any]) -> bool:
        await asyncio.sleep(self.there())
        chat = data.get("chat_id", 0)
        if (seconds := self.refuse(method, chat)) is not None:
            self.refused += 1
            await asyncio.sleep(self.back())
            raise RetryAfter(dt.timedelta(seconds=seconds))
        now = asyncio.get_running_loop().time()
        self.arrivals.append(Arrival(now, method, chat, data.get("text", "")))
        await asyncio.sleep(self.back())
        return True

    def texts(self, chat: int | None = None) -> list[str]:
        return [one.text for one in self.arrivals if chat in (None, one.chat) and one.method == "sendMessage"]

    def times(self, chat: int | None = None) -> list[float]:
        return [one.time for one in self.arrivals if chat in (None, one.chat) and one.method != "sendChatAction"]


@dataclass
class World:
    server: Server
    limiter: RateLimiter

    def call(self, method: str, chat: int | None, text: str = "", priority: RateArgs | None = None) -> Awaitable[Any]:
        data = {"text": text} | ({} if chat is None else {"chat_id": chat})
        return self.limiter.process_request(self.server.post, (method, data), {}, method, data, priority)

    def say(self, chat: int, text: str = "x") -> Awaitable[Any]:
        return self.call("sendMessage", chat, text)


def world(server: Server | None = None, budgets: Budgets | None = None) -> World:
    return World(server or Server(), RateLimiter(budgets or Budgets()))


def now() -> float:
    return asyncio.get_running_loop().time()


def most_within(times: list[float], seconds: float) -> int:
    """The most calls in any window of that length."""
    times = sorted(times)
    first = most = 0
    for last, time in enumerate(times):
        while times[first] <= time - seconds + EPSILON:
            first += 1
        most = max(most, last - first + 1)
    return most
