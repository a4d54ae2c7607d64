"""The chats that are written to: the turn and the budget of each, for as long as there is anything to remember.

Knows no calls. What groups were told and chats were refused before this process began, a memory says.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Protocol

from bot.sending.budgets import Addressee, Budgets, ChatBudget
from bot.sending.outgoing import is_group

_FORGET_ABOVE = 256  # chats in memory before those without a debt are forgotten


class Memory(Protocol):
    """What outlives the process: when groups were written to within the last minute, and pauses. It raises nothing."""

    async def recent(self) -> Mapping[int, Sequence[float]]:
        """How many seconds ago each group was written to, the longest ago first."""

    async def note(self, chat_id: int) -> None:
        """A group is about to be written to."""

    async def pauses(self) -> Mapping[int, float]:
        """For how many more seconds Telegram wants nothing in which chats."""

    async def note_pause(self, chat_id: int, seconds: float) -> None:
        """Telegram wants nothing in a chat for so long."""


class NoMemory:
    """For a limiter that begins with nothing and leaves nothing."""

    async def recent(self) -> Mapping[int, Sequence[float]]:
        return {}

    async def note(self, chat_id: int) -> None: ...

    async def pauses(self) -> Mapping[int, float]:
        return {}

    async def note_pause(self, chat_id: int, seconds: float) -> None: ...


class Chat:
    """A chat's turn and budget, and how many calls are about it right now: in all, and those that write."""

    def __init__(self, addressee: Addressee, budgets: Budgets) -> None:
        self.addressee = addressee
        self.turn = asyncio.Lock()  # fair: texts go in the order in which they were asked for
        self.budget = ChatBudget(budgets, is_group(addressee))
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


class Chats:
    """Every chat with a debt, and those met lately."""

    def __init__(self, budgets: Budgets, memory: Memory) -> None:
        self._budgets = budgets
        self._memory = memory
        self._chats: dict[Addressee, Chat] = {}
        self._forget_above = _FORGET_ABOVE

    def __len__(self) -> int:
        """How many chats are remembered."""
        return len(self._chats)

    async def load(self, now: float) -> None:
        """Charge chats with what was before; doing it again, before the first call, is fine."""
        self._chats.clear()
        for group, ages in (await self._memory.recent()).items():
            for age in ages:
                self._of(group).budget.message_sent(now - age)
        for chat_id, seconds in (await self._memory.pauses()).items():
            self._of(chat_id).budget.pause(now + seconds)

    async def note(self, chat: Chat) -> None:
        """A message, or a change of one, is about to go to the chat. Private ones have no limit a minute."""
        if isinstance(chat.addressee, int) and is_group(chat.addressee):
            await self._memory.note(chat.addressee)

    async def pause(self, chat: Chat, now: float, seconds: float) -> None:
        """Telegram wants nothing in the chat for so long."""
        chat.budget.pause(now + seconds)
        if isinstance(chat.addressee, int):
            await self._memory.note_pause(chat.addressee, seconds)

    @contextmanager
    def called(self, addressee: Addressee, now: float) -> Iterator[Chat]:
        """The chat, which is not forgotten within."""
        if addressee not in self._chats:
            self._forget(now)
        chat = self._of(addressee)
        chat.calls += 1
        try:
            yield chat
        finally:
            chat.calls -= 1

    def _of(self, addressee: Addressee) -> Chat:
        chat = self._chats.get(addressee)
        if chat is None:
            chat = self._chats[addressee] = Chat(addressee, self._budgets)
        return chat

    def _forget(self, now: float) -> None:
        """Forget chats without a debt, now and then, so that memory does not grow with every chat ever met."""
        if len(self._chats) < self._forget_above:
            return
        self._chats = {
            addressee: chat for addressee, chat in self._chats.items() if chat.calls or not chat.budget.is_whole(now)
        }
        self._forget_above = max(_FORGET_ABOVE, 2 * len(self._chats))
