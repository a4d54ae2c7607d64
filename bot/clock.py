"""What time it is for Telegram, whatever this machine's clock says and however it jumps."""

import datetime as dt
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

import httpx

GRAIN = dt.timedelta(seconds=3)  # a Date has whole seconds, and is some time on its way: less apart is the same time


def machine_time() -> dt.datetime:
    """What this machine's clock says: aware, in UTC."""
    return dt.datetime.now(dt.UTC)


class ServerClock:
    """The server's time, from the Date of its last answer and the seconds since; ours until it answers.

    Args:
        wall: The time of this machine.
        monotonic: Seconds that never jump.
    """

    def __init__(
        self, wall: Callable[[], dt.datetime] = machine_time, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._last: tuple[dt.datetime, float] | None = None

    def now(self) -> dt.datetime:
        """Aware, in UTC."""
        if self._last is None:
            return self._wall()
        then, at = self._last
        return then + dt.timedelta(seconds=self._monotonic() - at)

    async def read(self, response: httpx.Response) -> None:
        """Take the time from an answer, unless it has no readable Date or one that is about now.

        So time never goes back by the part of a second that a Date leaves out.
        """
        try:
            date = parsedate_to_datetime(response.headers.get("Date", ""))
        except ValueError:
            return
        if date.tzinfo is None:
            return
        if not dt.timedelta(0) <= self.now() - date < GRAIN:
            self._last = date.astimezone(dt.UTC), self._monotonic()
        elif self._last is None:
            self._last = self.now(), self._monotonic()
