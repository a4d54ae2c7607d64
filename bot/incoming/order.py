"""Whose turn it is: updates of one chat in order, of different chats side by side, a flood in its own lane.

Knows no Telegram, no database and no clock.
"""

from collections import deque
from collections.abc import Hashable


class Lanes:
    """Places in the inbox, in one lane per chat; a lane gives one place at a time.

    Lanes take turns, so a chat that floods waits behind itself alone. Only places that may be worked on at
    once are given, so none that waits for another holds a slot.
    """

    def __init__(self) -> None:
        self._lanes: dict[Hashable, deque[int]] = {}
        self._ready: deque[Hashable] = deque()  # lanes of which no place is in hand
        self._lane_of: dict[int, Hashable] = {}

    def __len__(self) -> int:
        """How many places wait or are in hand."""
        return len(self._lane_of)

    def has(self, place: int) -> bool:
        """Whether the place waits or is in hand."""
        return place in self._lane_of

    @property
    def places(self) -> list[int]:
        """Every place that waits or is in hand."""
        return list(self._lane_of)

    def length(self, chat_id: int | None) -> int:
        """How many of them are in a chat's lane."""
        lane = self._lanes.get(chat_id)
        return 0 if lane is None else len(lane)

    def add(self, place: int, chat_id: int | None) -> None:
        """A place at the end of its chat's lane; without a chat, in a lane of its own. One that is there stays."""
        if place in self._lane_of:
            return
        name: Hashable = ("place", place) if chat_id is None else chat_id
        if (lane := self._lanes.get(name)) is None:
            lane = self._lanes[name] = deque()
            self._ready.append(name)
        lane.append(place)
        self._lane_of[place] = name

    def take(self) -> int | None:
        """The place whose turn it is; None if there is none. It is in hand until `done` or `again`."""
        if not self._ready:
            return None
        return self._lanes[self._ready.popleft()][0]

    def done(self, place: int) -> None:
        """The place is gone, and the next in its lane may come."""
        name = self._lane_of.pop(place)
        lane = self._lanes[name]
        lane.popleft()
        if lane:
            self._ready.append(name)
        else:
            del self._lanes[name]

    def again(self, place: int) -> None:
        """The place in hand stays the first of its lane, and wants another turn."""
        self._ready.append(self._lane_of[place])
