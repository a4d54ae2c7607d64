"""Slots: the budget of the whole bot, so many calls a second, first come, first served.

Knows no chats: that each of them stands in the row only once is for others to see to.
"""

import asyncio
from collections import deque

from bot.sending.budgets import SECOND


class Slots:
    """So many calls under way or answered within the last second; `free` says how many more may go."""

    def __init__(self, count: int) -> None:
        self.free = count
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._returning: deque[asyncio.TimerHandle] = deque()

    async def take(self) -> None:
        """Wait for a slot."""
        if self.free:  # nobody waits while one is free
            self.free -= 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn in self._waiting:
                self._waiting.remove(turn)
            elif not turn.cancelled():  # it was given in the very moment
                self._give()
            raise

    def take_now(self) -> None:
        """Take a slot that is known to be free."""
        self.free -= 1

    def return_later(self) -> None:
        """The answer has come: a second from now, the slot is free."""
        self._returning.append(asyncio.get_running_loop().call_later(SECOND, self._return_first))

    def close(self) -> None:
        """Leave no timer behind; slots that were on their way back are free."""
        while self._returning:
            self._returning[0].cancel()
            self._return_first()

    def _return_first(self) -> None:
        self._returning.popleft()  # all take equally long, so the first to be called is the first in the row
        self._give()

    def _give(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # else whoever waited has just been cancelled
                turn.set_result(None)
                return
        self.free += 1
