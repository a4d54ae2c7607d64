"""Etiquette: so many requests a minute from one person and from one chat, so that nobody drowns the rest.

Knows no Telegram and no clock: whoever asks says when. A request that is asked about twice, because its update is
handled again, is judged the same. Memory is bounded: whoever was away for longest is forgotten first.
"""

from collections import OrderedDict, deque
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Literal

MINUTE = 60.0  # seconds
TYPING = 3  # inline queries for each request that a person may make: whoever types a sentence makes several
REMEMBERED = 10_000  # people and chats, and requests that were refused

Verdict = Literal["welcome", "person", "chat"]  # or whose requests were too many


@dataclass(frozen=True)
class EtiquetteConfig:
    """Requests within a minute; 0 for no limit.

    per_person: somebody who presses a button every three seconds is still answered. per_chat: in a group nobody
    takes more than half of it.
    """

    per_person: int = 20
    per_chat: int = 40


@dataclass(frozen=True)
class Judgement:
    """What becomes of a request. is_told: whether that is said; at most once a minute to each person or chat."""

    verdict: Verdict
    is_told: bool = False


class Etiquette:
    """Who asked how often within the last minute."""

    def __init__(self, config: EtiquetteConfig | None = None, remembered: int = REMEMBERED) -> None:
        self._config = config or EtiquetteConfig()
        self._remembered = remembered
        self._windows: OrderedDict[Hashable, deque[tuple[int, float]]] = OrderedDict()
        self._told: OrderedDict[Hashable, float] = OrderedDict()
        self._refused: OrderedDict[int, Judgement] = OrderedDict()

    @property
    def config(self) -> EtiquetteConfig:
        return self._config

    def __len__(self) -> int:
        """How many people and chats are remembered."""
        return len(self._windows)

    def judge(self, request: int, person: int | None, chat: int | None, at: float) -> Judgement:
        """Whether a request may be answered; one that may counts.

        request: its number, the same when it is asked about again. person, chat: None where it has none, and where a
        chat is one person's own. at: when it was made, in seconds.
        """
        if request in self._refused:
            return self._refused[request]
        limits: list[tuple[Verdict, int | None, int]] = [
            ("person", person, self._config.per_person),
            ("chat", chat, self._config.per_chat),
        ]
        keys = [(verdict, who) for verdict, who, limit in limits if who is not None and limit]
        if any(request in (number for number, _ in self._windows.get(key, ())) for key in keys):
            return Judgement("welcome")
        for verdict, who, limit in limits:
            if who is not None and limit and self._count((verdict, who), at) >= limit:
                # A person who was refused in one chat is told in another one, too.
                return self._refuse(request, verdict, (verdict, who, chat), at)
        for verdict, who, limit in limits:
            if who is not None and limit:
                self._note((verdict, who), request, at, limit)
        return Judgement("welcome")

    def may_type(self, query: int, person: int, at: float) -> bool:
        """Whether an inline query may be answered; one that may counts, but not as a request.

        query: its number, the same when it is asked about again.
        """
        key, limit = ("typing", person), TYPING * self._config.per_person
        if not limit or any(query == number for number, _ in self._windows.get(key, ())):
            return True
        if self._count(key, at) >= limit:
            return False
        self._note(key, query, at, limit)
        return True

    def _count(self, key: Hashable, at: float) -> int:
        """Requests within a minute of this one; updates of different chats do not come in order of time."""
        return sum(abs(at - then) < MINUTE for _, then in self._windows.get(key, ()))

    def _note(self, key: Hashable, request: int, at: float, limit: int) -> None:
        # Those before the last `limit` can fill no minute any more.
        window = self._windows.setdefault(key, deque(maxlen=2 * limit))
        window.append((request, at))
        self._windows.move_to_end(key)
        _trim(self._windows, self._remembered)

    def _refuse(self, request: int, verdict: Verdict, key: Hashable, at: float) -> Judgement:
        last = self._told.get(key)
        is_told = last is None or abs(at - last) >= MINUTE
        if is_told:
            self._told[key] = at
            self._told.move_to_end(key)
            _trim(self._told, self._remembered)
        judgement = self._refused[request] = Judgement(verdict, is_told)
        _trim(self._refused, self._remembered)
        return judgement


def _trim(memory: OrderedDict[Any, Any], most: int) -> None:
    while len(memory) > most:
        memory.popitem(last=False)
