"""Only the newest counts: work for somebody is given up as soon as newer work for the same one begins."""

import asyncio
from collections.abc import Coroutine, Hashable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Newest(Generic[T]):
    """What is being worked on, by whom it is for."""

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Task[T]] = {}

    async def run(self, whom: Hashable, work: Coroutine[Any, Any, T]) -> T | None:
        """The outcome of the work; None if newer work for the same one has begun meanwhile."""
        task = asyncio.ensure_future(work)
        before = self._tasks.get(whom)
        self._tasks[whom] = task
        if before is not None:
            before.cancel()
        try:
            await asyncio.wait([task])
        finally:
            task.cancel()  # nobody waits for it any more
            if self._tasks.get(whom) is task:
                del self._tasks[whom]
        return None if task.cancelled() else task.result()
