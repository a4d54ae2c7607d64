"""What time it is for Telegram, whatever this machine's clock says and however it jumps."""

import datetime as dt
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

import httpx


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
        """Take the time from an answer; one without a readable Date changes nothing."""
        try:
            date = parsedate_to_datetime(response.headers.get("Date", ""))
        except ValueError:
            return
        if date.tzinfo is not None:
            self._last = (date.astimezone(dt.UTC), self._monotonic())
