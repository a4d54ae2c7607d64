"""The line: who is let in next, chat after chat, so that one chat's many turns do not push others out.

Knows neither Telegram nor storage, nor what it is that waits.
"""

from collections import Counter, deque
from collections.abc import Hashable
from typing import Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)


class Line(Generic[Item]):
    """Waiting items, each under the key of its chat; the chats take turns.

    most_of_one: how many of one key may be inside at the same time.
    """

    def __init__(self, most_of_one: int) -> None:
        self._most_of_one = most_of_one
        self._waiting: dict[Hashable, deque[Item]] = {}  # keys in the order of their next chance
        self._inside: dict[Item, Hashable] = {}
        self._count: Counter[Hashable] = Counter()

    @property
    def waiting(self) -> int:
        """How many are in line."""
        return sum(map(len, self._waiting.values()))

    @property
    def inside(self) -> int:
        """How many were let in and have not left."""
        return len(self._inside)

    def append(self, item: Item, key: Hashable) -> None:
        """To the end of its chat's part of the line."""
        self._waiting.setdefault(key, deque()).append(item)

    def let_in(self, is_tight: bool = False) -> Item | None:
        """The next item, which is inside from now on; None where nobody waits who may come in.

        is_tight: there is little room left, and it is for chats that have nothing inside.
        """
        for key, items in self._waiting.items():
            if self._count[key] < (1 if is_tight else self._most_of_one):
                item = items.popleft()
                del self._waiting[key]
                if items:
                    self._waiting[key] = items  # to the end: every other chat comes first
                self._inside[item] = key
                self._count[key] += 1
                return item
        return None

    def remove(self, item: Item) -> None:
        """Out of the line, or from inside; nothing where it is in neither."""
        if item in self._inside:
            key = self._inside.pop(item)
            self._count[key] -= 1
            if not self._count[key]:
                del self._count[key]
            return
        for key, items in self._waiting.items():
            if item in items:
                items.remove(item)
                if not items:
                    del self._waiting[key]
                return

    def ahead(self, item: Item) -> int:
        """How many are let in before this one, as things stand; 0 where it is not in line."""
        before = 0
        place = next((items.index(item) for items in self._waiting.values() if item in items), None)
        if place is None:
            return 0
        is_before = True  # whether a key has its chance before the item's own
        for items in self._waiting.values():
            if item in items:
                is_before = False
                before += place
            else:
                before += min(len(items), place + is_before)
        return before
