"""The rate limiter: every call to Telegram waits for its turn here, or is dropped; final texts come first.

Knows no handlers. Callers say how much a call matters with `rate_limit_args=Priority.FRAME`; what says nothing
is a final text, unless it is a typing action or a draft. A `Departure` says besides what is to be done right before
the call goes. The clock is the event loop's.

* A final text waits for its chat's turn, then for the bot's, and is tried again for as long as Telegram says
  "not now". Texts of one chat go in order, one at a time; chats take turns, so one that floods holds up nobody.
* A frame (a text still being written) or a typing action goes at once or not at all: by the time it could go, a
  newer one is there. Then `Dropped` is raised. The more calls this second has seen, the sooner they give way.
* Calls without a chat are only held up while Telegram wants nothing from us at all.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from functools import partial
from typing import Any, Protocol

from telegram.error import RetryAfter, TelegramError
from telegram.ext import BaseRateLimiter

from bot.sending.budgets import TELEGRAM_BUDGETS, Addressee, Budgets, ChatBudget, Refusals
from bot.sending.outgoing import (
    Departure,
    Priority,
    RateArgs,
    addressee,
    is_charged,
    is_decoration,
    is_draft,
    is_group,
    is_limited_by_itself,
    is_message,
    retry_seconds,
    usual_priority,
)
from bot.sending.slots import Slots

_log = logging.getLogger(__name__)

Answer = bool | dict[str, Any] | list[dict[str, Any]]
Call = Callable[[], Coroutine[Any, Any, Answer]]

_FORGET_ABOVE = 256  # chats in memory before those without a debt are forgotten


class Dropped(TelegramError):
    """A frame or a typing action that could not go at once; Telegram was not asked, or did not want it."""


def _after(first: Callable[[], Awaitable[object]], call: Call) -> Call:
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


class _Chat:
    """A chat's turn and budget, and how many calls are about it right now: in all, and those that write."""

    def __init__(self, budgets: Budgets, group: bool) -> None:
        self.turn = asyncio.Lock()  # fair: texts go in the order in which they were asked for
        self.budget = ChatBudget(budgets, group)
        self.calls = 0
        self.writing = 0

    @asynccontextmanager
    async def writes(self) -> AsyncIterator[None]:
        """The chat's turn is ours within."""
        self.writing += 1
        try:
            async with self.turn:
                yield
        finally:
            self.writing -= 1


_When = Callable[[_Chat, str], AbstractAsyncContextManager[None]]


class RateLimiter(BaseRateLimiter[RateArgs]):
    """Keeps a bot within Telegram's budgets.

    Args:
        budgets: How much the bot may say.
        observer: Hears of refusals, drops and waits.
    """

    def __init__(self, budgets: Budgets = TELEGRAM_BUDGETS, observer: Observer | None = None) -> None:
        self._budgets = budgets
        self._observer: Observer = observer or _Nobody()
        self._slots = Slots(budgets.overall)
        self._chats: dict[Addressee, _Chat] = {}
        self._forget_above = _FORGET_ABOVE
        self._refusals = Refusals()
        self._paused_until = 0.0
        self.waiting = 0  # final texts that have not gone yet

    async def initialize(self) -> None:
        """Nothing to prepare."""

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

        Raises Dropped for a frame or a typing action that could not go at once; RetryAfter only for calls without a
        chat; and whatever else the call raises.
        """
        call: Call = partial(callback, *args, **kwargs)
        method = endpoint.lower()
        chat = addressee(data)
        if chat is None:
            return await self._without_chat(method, call)
        with self._remembered(chat) as state:
            if not is_charged(method):
                return await self._until_served(chat, state, method, call, self._no_pause)
            if isinstance(rate_limit_args, Departure):
                call = _after(rate_limit_args.about_to_go, call)
                rate_limit_args = rate_limit_args.priority
            priority = rate_limit_args or usual_priority(method)
            if priority is Priority.FINAL:
                return await self._final(chat, state, method, call)
            try:
                return await self._now_or_never(chat, state, method, call, priority)
            except Dropped:
                self._observer.call_dropped(method)
                raise

    # --- the ways through -----------------------------------------------------------------------------

    async def _final(self, chat: Addressee, state: _Chat, method: str, call: Call) -> Answer:
        start = self._now()
        with self._counted_as_waiting():
            async with state.writes():
                answer = await self._until_served(chat, state, method, call, self._permission)
        waited = self._now() - start
        self._observer.call_waited(waited)
        _log.debug("%s is done, after %.2f s", method, waited)
        return answer

    async def _until_served(self, chat: Addressee, state: _Chat, method: str, call: Call, when: _When) -> Answer:
        while True:
            async with when(state, method):
                try:
                    answer = await call()
                except RetryAfter as error:
                    self._chat_refused(chat, state, method, error)
                else:
                    self._refusals.served()
                    return answer

    async def _now_or_never(self, chat: Addressee, state: _Chat, method: str, call: Call, priority: Priority) -> Answer:
        if not self._goes_now(state, method, priority):
            raise Dropped(f"no room for {method} now")
        if priority is Priority.TYPING:
            return await self._shown(chat, state, method, call)
        async with state.writes():  # at once: so no final text is overtaken by a frame that is late on its way
            return await self._shown(chat, state, method, call)

    async def _shown(self, chat: Addressee, state: _Chat, method: str, call: Call) -> Answer:
        self._slots.take_now()
        try:
            return await call()
        except RetryAfter as error:
            self._chat_refused(chat, state, method, error)
            raise Dropped(f"Telegram has no room for {method} now") from error
        finally:
            self._charge(state, method)

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
    async def _permission(self, state: _Chat, method: str) -> AsyncIterator[None]:
        """Both budgets allow a call within; they are charged after it."""
        await self._until(lambda: self._message_or_draft_at(state, method))
        await self._slots.take()
        try:
            await self._until(lambda: self._paused_until)
            yield
        finally:
            self._charge(state, method)

    @asynccontextmanager
    async def _no_pause(self, state: _Chat, method: str) -> AsyncIterator[None]:
        """A call that costs nothing may go within: reading about a chat, deleting in it."""
        await self._until(lambda: max(self._paused_until, state.budget.paused_until))
        yield

    def _goes_now(self, state: _Chat, method: str, priority: Priority) -> bool:
        now = self._now()
        if state.writing or self._paused_until > now:
            return False
        if priority is Priority.TYPING:
            return self._slots.free > self._budgets.kept_from_typing and state.budget.typing_at() <= now
        if self._slots.free <= self._budgets.kept_from_frames:
            return False
        return self._message_or_draft_at(state, method, frame=True) <= now

    def _message_or_draft_at(self, state: _Chat, method: str, frame: bool = False) -> float:
        if is_decoration(method):
            return state.budget.draft_at()
        return state.budget.message_at(self._now(), frame)

    def _charge(self, state: _Chat, method: str) -> None:
        now = self._now()
        self._slots.return_later()
        if is_message(method):
            state.budget.message_sent(now)
        elif is_draft(method):
            state.budget.draft_sent(now)

    async def _until(self, time: Callable[[], float]) -> None:
        """Return at that time, which may move away meanwhile."""
        while (pause := time() - self._now()) > 0:  # noqa: ASYNC110  nobody sets an event when a second is over
            await asyncio.sleep(pause)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    # --- "not now" ------------------------------------------------------------------------------------

    def _chat_refused(self, chat: Addressee, state: _Chat, method: str, error: RetryAfter) -> None:
        self._observer.call_refused(method)
        seconds = retry_seconds(error)
        until = self._now() + seconds
        if is_decoration(method):
            state.budget.pause_drafts(until)
        else:
            state.budget.pause(until)
        _log.warning("Telegram wants no %s in one chat for %.0f s", method, seconds)
        if (everything := self._refusals.refused(chat, until)) is not None:
            self._pause_all(everything)

    def _pause_all(self, until: float) -> None:
        if until > self._paused_until:
            self._paused_until = until
            _log.warning("Telegram wants nothing from this bot for %.0f s", until - self._now())

    # --- what is remembered ---------------------------------------------------------------------------

    @contextmanager
    def _remembered(self, chat: Addressee) -> Iterator[_Chat]:
        state = self._chats.get(chat)
        if state is None:
            self._forget()
            state = self._chats[chat] = _Chat(self._budgets, is_group(chat))
        state.calls += 1
        try:
            yield state
        finally:
            state.calls -= 1

    def _forget(self) -> None:
        """Forget chats without a debt, now and then, so that memory does not grow with every chat ever met."""
        if len(self._chats) < self._forget_above:
            return
        now = self._now()
        self._chats = {
            chat: state for chat, state in self._chats.items() if state.calls or not state.budget.is_whole(now)
        }
        self._forget_above = max(_FORGET_ABOVE, 2 * len(self._chats))

    @contextmanager
    def _counted_as_waiting(self) -> Iterator[None]:
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1
