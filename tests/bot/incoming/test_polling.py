"""Fetching updates: each answer is confirmed by the next question; only a short one says that nothing more waits."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from bot.incoming.polling import LIMIT, POLL, Poller
from bot.insistence import Insistence
from tests.bot.faults.test_telegram_away import Deaf


class Backlog:
    """A Telegram where so many updates wait; it keeps those that were not confirmed."""

    def __init__(self, waiting: int) -> None:
        self.updates: list[Mapping[str, Any]] = [{"update_id": 10 + number} for number in range(waiting)]
        self.questions: list[tuple[int | None, int]] = []  # offset, seconds
        self.is_empty = asyncio.Event()

    async def delete_webhook(self) -> None: ...

    async def raw_updates(self, offset: int | None, seconds: int, kinds: Sequence[str]) -> list[Mapping[str, Any]]:
        await asyncio.sleep(0)
        self.questions.append((offset, seconds))
        self.updates = [update for update in self.updates if update["update_id"] >= (offset or 0)]
        if not self.updates:
            self.is_empty.set()
            await asyncio.Event().wait()
        return self.updates[:LIMIT]


class Kept:
    """An inbox, as far as the poller knows it."""

    def __init__(self) -> None:
        self.caught_up = asyncio.Event()
        self.accepted: list[tuple[int, bool]] = []  # how many, and whether it was thought before that none waited

    async def room(self) -> None: ...

    async def accept(self, updates: Sequence[Mapping[str, Any]]) -> int:
        self.accepted.append((len(updates), self.caught_up.is_set()))
        return len(updates)


async def fetch(waiting: int) -> tuple[Backlog, Kept]:
    bot, inbox = Backlog(waiting), Kept()
    polling = asyncio.create_task(Poller(_any(bot), _any(inbox), (), Insistence("receiving", Deaf())).run())
    async with asyncio.timeout(10):
        await bot.is_empty.wait()
    polling.cancel()
    await asyncio.wait([polling])
    return bot, inbox


def _any(fake: object) -> Any:
    return fake


async def test_what_was_kept_is_confirmed_by_the_next_question() -> None:
    bot, inbox = await fetch(LIMIT + 3)
    assert [offset for offset, _ in bot.questions] == [None, 10 + LIMIT, 10 + LIMIT + 3]
    assert [count for count, _ in inbox.accepted] == [LIMIT, 3]


async def test_after_a_full_answer_more_may_wait_and_is_asked_for_at_once() -> None:
    bot, inbox = await fetch(LIMIT + 3)
    assert [was_caught_up for _, was_caught_up in inbox.accepted] == [False, False]
    assert [seconds for _, seconds in bot.questions] == [0, 0, POLL]
