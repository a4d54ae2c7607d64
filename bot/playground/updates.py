"""The updates that wait for the bot, and long polling.

An update stays until a later offset (or an accepted webhook call) confirms it. It knows no chat and no HTTP.
"""

import asyncio
import time
from typing import Any

from bot.playground.errors import ApiError, conflict

ALL_KINDS = [
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "business_connection",
    "business_message",
    "edited_business_message",
    "deleted_business_messages",
    "guest_message",
    "message_reaction",
    "message_reaction_count",
    "inline_query",
    "chosen_inline_result",
    "callback_query",
    "shipping_query",
    "pre_checkout_query",
    "purchased_paid_media",
    "poll",
    "poll_answer",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "chat_boost",
    "removed_chat_boost",
    "managed_bot",
]
ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
DEFAULT_KINDS = frozenset(ALL_KINDS) - ON_REQUEST

MAX_LIMIT = 100
MAX_TIMEOUT = 50  # seconds; longer polls are cut to it, as on Telegram
_EPOCH = 1_735_689_600  # 2025-01-01; tenths of a second since then stay below 2**31 until 2031

_OTHER_POLL = "terminated by other getUpdates request; make sure that only one bot instance is running"
_WEBHOOK_ACTIVE = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"


def id_from_clock() -> int:
    """A first update id above those of every earlier run, unless one made ten updates a second all along."""
    return int((time.time() - _EPOCH) * 10)


class UpdateQueue:
    """The updates not yet confirmed, in order.

    Args:
        first_id: The id of the first update; by default from the clock, so ids rise over restarts.
    """

    def __init__(self, first_id: int | None = None) -> None:
        self._next_id = id_from_clock() if first_id is None else first_id
        self._pending: dict[int, dict[str, Any]] = {}
        self._poll: asyncio.Future[None] | None = None
        self._arrived = asyncio.Event()
        self._polled = asyncio.Event()
        self.allowed: frozenset[str] = DEFAULT_KINDS
        self.webhook_active = False

    def __len__(self) -> int:
        return len(self._pending)

    @property
    def pending(self) -> tuple[dict[str, Any], ...]:
        """The updates not yet confirmed."""
        return tuple(self._pending.values())

    def allow(self, kinds: list[str] | None) -> None:
        """Choose the kinds of updates made from now on: none named means the default, None no change."""
        if kinds is not None:
            known = frozenset(kinds) & frozenset(ALL_KINDS)
            self.allowed = known or DEFAULT_KINDS

    def add(self, kind: str, payload: dict[str, Any]) -> int | None:
        """Queue an update, unless the bot did not ask for its kind.

        Returns:
            The update's id, or None if it was not wanted.
        """
        if kind not in self.allowed:
            return None
        update_id = self._next_id
        self._next_id += 1
        self._pending[update_id] = {"update_id": update_id, kind: payload}
        self._arrived.set()
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)
        return update_id

    def confirm_below(self, offset: int) -> None:
        """Forget every update below the offset; a negative one counts from the end."""
        if offset < 0:
            keep = list(self._pending)[offset:]
            offset = keep[0] if keep else 0
        for update_id in [each for each in self._pending if each < offset]:
            del self._pending[update_id]
        if not self._pending:
            self._arrived.clear()

    def clear(self) -> None:
        """Forget everything that waits."""
        self._pending.clear()
        self._arrived.clear()

    async def first(self) -> dict[str, Any]:
        """The oldest update; waits for one."""
        while not self._pending:
            await self._arrived.wait()
        return next(iter(self._pending.values()))

    async def poll(
        self,
        *,
        offset: int = 0,
        limit: int = MAX_LIMIT,
        timeout: int = 0,  # noqa: ASYNC109
    ) -> list[dict[str, Any]]:
        """What getUpdates answers.

        Raises:
            ApiError: 409 while a webhook is set, or when another poll (or a webhook) ends this one.
        """
        if self.webhook_active:
            raise conflict(_WEBHOOK_ACTIVE)
        self.end_poll(conflict(_OTHER_POLL))
        self.confirm_below(offset)
        if not self._pending and timeout > 0:
            await self._wait(min(timeout, MAX_TIMEOUT))
        return list(self._pending.values())[:limit]

    async def polled(self) -> None:
        """Return as soon as a long poll waits: the bot is up and has nothing to do."""
        await self._polled.wait()

    def end_poll(self, reason: ApiError) -> None:
        """End the poll that waits, if one does, with this error."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_exception(reason)

    async def _wait(self, seconds: float) -> None:
        mine = self._poll = asyncio.get_running_loop().create_future()
        self._polled.set()
        try:
            async with asyncio.timeout(seconds):
                await mine
        except TimeoutError:
            return
        finally:
            if self._poll is mine:
                self._poll = None
                self._polled.clear()
