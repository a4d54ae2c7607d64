"""Trouble that lasts is said once, and once that it is over: an hour's outage is two lines in the log."""

import logging
import time
from collections.abc import Callable


class Trouble:
    """What is wrong with one neighbour, such as Telegram or the database.

    Args:
        name: The neighbour, as a sentence begins with it.
        log: Where to say so.
        monotonic: Seconds that never jump.
    """

    def __init__(self, name: str, log: logging.Logger, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._log = log
        self._monotonic = monotonic
        self._kind: str | None = None
        self._since = 0.0
        self._over_at = 0.0

    def begins(self, kind: str, sentence: str, level: int = logging.WARNING, calm: float = 0.0) -> None:
        """Say what is wrong, unless the last thing said was about the same kind of trouble.

        calm: seconds without that trouble after which it is over; for what comes and goes.
        """
        if self._kind is None:
            self._since = self._monotonic()
        if kind != self._kind:
            self._log.log(level, "%s", sentence)
        self._kind = kind
        self._over_at = self._monotonic() + calm

    def ends(self) -> None:
        """Say that all is well again, if anything was wrong and has been calm for long enough."""
        if self._kind is None or self._monotonic() < self._over_at:
            return
        self._log.info("%s: all is well again after %.0f s", self._name, self._monotonic() - self._since)
        self._kind = None
