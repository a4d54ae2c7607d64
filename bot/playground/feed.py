"""What happens in the chats, told to whoever watches: the page and the tests."""

import asyncio
from collections.abc import Callable
from typing import Any

Event = dict[str, Any]
Watcher = Callable[[Event], None]


class Feed:
    """Passes each event to every watcher, in order, at once."""

    def __init__(self) -> None:
        self._watchers: list[Watcher] = []

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Have each event passed to `watcher`; the function returned ends it."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def publish(self, kind: str, **fields: Any) -> None:
        """Tell everybody."""
        event = {"type": kind, **fields}
        for watcher in tuple(self._watchers):
            watcher(event)

    async def wait(self, kind: str, where: Callable[[Event], bool], seconds: float) -> Event:
        """The next event of a kind that fits.

        Raises:
            TimeoutError: None came in time.
        """
        future: asyncio.Future[Event] = asyncio.get_running_loop().create_future()

        def watcher(event: Event) -> None:
            if event["type"] == kind and not future.done() and where(event):
                future.set_result(event)

        stop = self.watch(watcher)
        try:
            async with asyncio.timeout(seconds):
                return await future
        finally:
            stop()
