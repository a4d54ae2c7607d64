"""Alarms: which kinds of trouble were told already. Knows no Telegram and no clock."""

from collections import OrderedDict

PAUSE = 3_600.0  # seconds before the same kind is news again
KINDS = 100  # remembered; there are not that many places where something can go wrong


class Alarms:
    """Which kinds of errors were told, and when."""

    def __init__(self, pause: float = PAUSE) -> None:
        self._pause = pause
        self._told: OrderedDict[str, float] = OrderedDict()

    def is_news(self, kind: str, at: float) -> bool:
        """Whether this kind is to be told now; then it is told. at: in seconds of any clock that does not jump."""
        last = self._told.get(kind)
        if last is not None and at - last < self._pause:
            return False
        self._told[kind] = at
        self._told.move_to_end(kind)
        if len(self._told) > KINDS:
            self._told.popitem(last=False)
        return True
