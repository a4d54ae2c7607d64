"""The rate limiter: every call to Telegram waits for its turn here, or is dropped; final texts come first.

Knows no handlers. Callers say how much a call matters with `rate_limit_args=Priority.FRAME`; what says nothing
is a final text, unless it is a typing action or a draft. A `Departure` says besides what is to be done once
the call is among the next to go. The clock is the event loop's.

* A final text waits for its chat's turn, then for the bot's, and is tried again where Telegram says "not now" for
  some seconds. Where it says so for longer, callers are told, and come back then: they hold nothing meanwhile. Texts
  of one chat go in order, one at a time; chats take turns, so one that floods holds up nobody.
* A frame (a text still being written) or a typing action goes at once or not at all: by the time it could go, a
  newer one is there. Then `Dropped` is raised. The more calls this second has seen, the sooner they give way.
* Calls without a chat are only held up while Telegram wants nothing from us at all.
"""

import asyncio
import datetime as dt
import logging
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from functools import partial
from typing import Any, Protocol

from telegram.error import RetryAfter, TelegramError
from telegram.ext import BaseRateLimiter

from bot.sending.budgets import TELEGRAM_BUDGETS, Budgets, Refusals
from bot.sending.chats import Chat, Chats, Memory, NoMemory
from bot.sending.outgoing import (
    AboutToGo,
    Departure,
    Priority,
    RateArgs,
    addressee,
    is_charged,
    is_decoration,
    is_draft,
    is_limited_by_itself,
    is_message,
    retry_seconds,
    usual_priority,
)
from bot.sending.slots import Slots

LONG = 10.0  # seconds; who would wait for longer until a chat's pause is over comes back then

_log = logging.getLogger(__name__)

Answer = bool | dict[str, Any] | list[dict[str, Any]]
Call = Callable[[], Coroutine[Any, Any, Answer]]


class Dropped(TelegramError):
    """A frame or a typing action that could not go at once; Telegram was not asked, or did not want it."""


async def _nothing() -> None: ...


def _after(first: AboutToGo, call: Call) -> Call:
    async def both() -> Answer:
        await first()
        return await call()

    return both


class Observer(Protocol):
    """Who wants to hear what the limiter does; for metrics."""

    def call_refused(self, method: str) -> None:
        """Telegram answered 429."""

    def call_dropped(self, method: str) -> None:
        """A frame or a typing action did not go."""

    def call_waited(self, seconds: float) -> None:
        """A final text went after so long."""


class _Nobody:
    def call_refused(self, method: str) -> None: ...
    def call_dropped(self, method: str) -> None: ...
    def call_waited(self, seconds: float) -> None: ...


_When = Callable[[Chat, str], AbstractAsyncContextManager[None]]


class RateLimiter(BaseRateLimiter[RateArgs]):
    """Keeps a bot within Telegram's budgets.

    Args:
        budgets: How much the bot may say.
        observer: Hears of refusals, drops and waits.
        memory: What groups were told before; none for a limiter that begins with nothing.
    """

    def __init__(
        self, budgets: Budgets = TELEGRAM_BUDGETS, observer: Observer | None = None, memory: Memory | None = None
    ) -> None:
        self._budgets = budgets
        self._observer: Observer = observer or _Nobody()
        self._slots = Slots(budgets.overall)
        # A call is written down while those before it have the slots, or the disk's time would be taken from all calls;
        # by few at once, as whoever dies there has to be searched for.
        self._doorway = asyncio.Semaphore(max(1, budgets.overall // 3))
        self._chats = Chats(budgets, memory or NoMemory())
        self._refusals = Refusals()
        self._paused_until = 0.0
        self.waiting = 0  # final texts that have not gone yet

    async def initialize(self) -> None:
        """Take over what was sent right before this process began, and which pauses go on."""
        await self._chats.load(self._now())

    async def shutdown(self) -> None:
        """Leave no timer behind."""
        self._slots.close()

    @property
    def chats(self) -> int:
        """How many chats are remembered."""
        return len(self._chats)

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Answer]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: RateArgs | None,
    ) -> Answer:
        """Make a call when its turn has come.

        Raises Dropped for a frame or a typing action that could not go at once; RetryAfter for calls without a chat,
        and where Telegram wants nothing in the chat for long; and whatever else the call raises.
        """
        call: Call = partial(callback, *args, **kwargs)
        method = endpoint.lower()
        whom = addressee(data)
        if whom is None:
            return await self._without_chat(method, call)
        with self._chats.called(whom, self._now()) as chat:
            if not is_charged(method):
                return await self._until_served(chat, method, call, self._no_pause)
            about_to_go: AboutToGo = _nothing
            if isinstance(rate_limit_args, Departure):
                about_to_go, rate_limit_args = rate_limit_args.about_to_go, rate_limit_args.priority
            priority = rate_limit_args or usual_priority(method)
            if priority is Priority.FINAL:
                return await self._final(chat, method, call, about_to_go)
            try:
                return await self._now_or_never(chat, method, _after(about_to_go, call), priority)
            except Dropped:
                self._observer.call_dropped(method)
                raise

    # --- the ways through -----------------------------------------------------------------------------

    async def _final(self, chat: Chat, method: str, call: Call, about_to_go: AboutToGo) -> Answer:
        start = self._now()
        with self._counted_as_waiting():
            async with chat.writes():
                answer = await self._until_served(chat, method, call, partial(self._permission, about_to_go))
        waited = self._now() - start
        self._observer.call_waited(waited)
        _log.debug("%s is done, after %.2f s", method, waited)
        return answer

    async def _until_served(self, chat: Chat, method: str, call: Call, when: _When) -> Answer:
        while True:
            async with when(chat, method):
                try:
                    answer = await call()
                except RetryAfter as error:
                    await self._chat_refused(chat, method, error)
                else:
                    self._refusals.served()
                    return answer

    async def _now_or_never(self, chat: Chat, method: str, call: Call, priority: Priority) -> Answer:
        if not self._goes_now(chat, method, priority):
            raise Dropped(f"no room for {method} now")
        if priority is Priority.TYPING:
            return await self._shown(chat, method, call)
        async with chat.writes():  # at once: so no final text is overtaken by a frame that is late on its way
            return await self._shown(chat, method, call)

    async def _shown(self, chat: Chat, method: str, call: Call) -> Answer:
        self._slots.take_now()
        try:
            await self._note(chat, method)
            return await call()
        except RetryAfter as error:
            await self._chat_refused(chat, method, error)
            raise Dropped(f"Telegram has no room for {method} now") from error
        finally:
            self._charge(chat, method)

    async def _without_chat(self, method: str, call: Call) -> Answer:
        on_its_own = is_limited_by_itself(method)
        if not on_its_own:
            await self._until(lambda: self._paused_until)
        try:
            return await call()
        except RetryAfter as error:
            self._observer.call_refused(method)
            if not on_its_own:
                self._pause_all(self._now() + retry_seconds(error))
            raise

    # --- whose turn it is -----------------------------------------------------------------------------

    @asynccontextmanager
    async def _permission(self, about_to_go: AboutToGo, chat: Chat, method: str) -> AsyncIterator[None]:
        """Both budgets allow a call within; they are charged after it."""
        await self._until(lambda: max(self._own_pause(chat), self._message_or_draft_at(chat, method)))
        async with self._doorway:
            await self._note(chat, method)
            await about_to_go()
            await self._slots.take()
        try:
            await self._until(lambda: self._paused_until)
            yield
        finally:
            self._charge(chat, method)

    @asynccontextmanager
    async def _no_pause(self, chat: Chat, method: str) -> AsyncIterator[None]:
        """A call that costs nothing may go within: reading about a chat, deleting in it."""
        await self._until(lambda: max(self._paused_until, self._own_pause(chat)))
        yield

    def _own_pause(self, chat: Chat) -> float:
        """The end of the chat's pause. Raises RetryAfter for a long one."""
        until = chat.budget.paused_until
        if (pause := until - self._now()) > LONG:
            raise RetryAfter(dt.timedelta(seconds=pause))
        return until

    def _goes_now(self, chat: Chat, method: str, priority: Priority) -> bool:
        now = self._now()
        if chat.writing or self._paused_until > now:
            return False
        if priority is Priority.TYPING:
            return self._slots.free > self._budgets.kept_from_typing and chat.budget.typing_at() <= now
        if self._slots.free <= self._budgets.kept_from_frames:
            return False
        return self._message_or_draft_at(chat, method, frame=True) <= now

    def _message_or_draft_at(self, chat: Chat, method: str, frame: bool = False) -> float:
        if is_decoration(method):
            return chat.budget.draft_at()
        return chat.budget.message_at(self._now(), frame)

    async def _note(self, chat: Chat, method: str) -> None:
        """Before the call, or whoever dies in its midst would forget it."""
        if is_message(method):
            await self._chats.note(chat)

    def _charge(self, chat: Chat, method: str) -> None:
        now = self._now()
        self._slots.return_later()
        if is_message(method) or is_draft(method):
            chat.budget.message_sent(now)

    async def _until(self, time: Callable[[], float]) -> None:
        """Return at that time, which may move away meanwhile."""
        while (pause := time() - self._now()) > 0:  # noqa: ASYNC110  nobody sets an event when a second is over
            await asyncio.sleep(pause)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    # --- "not now" ------------------------------------------------------------------------------------

    async def _chat_refused(self, chat: Chat, method: str, error: RetryAfter) -> None:
        self._observer.call_refused(method)
        seconds = retry_seconds(error)
        until = self._now() + seconds
        if is_decoration(method):
            chat.budget.pause_drafts(until)
        else:
            await self._chats.pause(chat, self._now(), seconds)
        _log.warning("Telegram wants no %s in one chat for %.0f s", method, seconds)
        if (everything := self._refusals.refused(chat.addressee, until)) is not None:
            self._pause_all(everything)

    def _pause_all(self, until: float) -> None:
        if until > self._paused_until:
            self._paused_until = until
            _log.warning("Telegram wants nothing from this bot for %.0f s", until - self._now())

    @contextmanager
    def _counted_as_waiting(self) -> Iterator[None]:
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1
