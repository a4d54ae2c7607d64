"""A turn: a text to continue, what comes of it, and a watch that sees it grow.

Knows neither Telegram nor storage, nor how turns are run.
"""

import asyncio
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property

from model.config import SamplingConfig
from model.sampling import Rng
from model.state import State
from model.stopping import Ending, Reason, StopRule


@dataclass(frozen=True)
class Turn:
    """A text to continue: by how many characters, drawn how, from which random stream.

    seed: is read on top of `state`; with a state, it may be empty, and the very same sentence goes on.
    state: where to go on from; None for a network that has read nothing.
    ending, stops: see StopRule, which also says what is refused.
    chat: of turns with the same key only so many are written at once, so that one chat cannot push others out; None
        for a turn that is on its own.
    is_scored: tell how surprising the seed is, in `Continuation.nats`.
    """

    seed: str
    length: int
    sampling: SamplingConfig
    rng: Rng
    state: State | None = None
    ending: Ending = "length"
    stops: tuple[str, ...] = ()
    chat: Hashable = None
    is_scored: bool = False

    def __post_init__(self) -> None:
        _ = self.stop_rule  # what it refuses is refused now

    @cached_property
    def stop_rule(self) -> StopRule:
        """When the text is at its end."""
        return StopRule(self.length, self.ending, self.stops)


@dataclass(frozen=True)
class Continuation:
    """What came after the seed, and everything needed to go on from there.

    text: without the stop string, if one ended it.
    state, rng: after the text and its stop string; a turn with both and an empty seed goes on.
    busy_seconds: how long the engine worked while this turn was in its batch.
    nats: -log p of every id of the seed, given those before it; empty unless the turn is scored.
    """

    text: str
    state: State
    rng: Rng
    reason: Reason
    busy_seconds: float
    nats: tuple[float, ...] = ()

    @property
    def characters_per_second(self) -> float | None:
        """None where no time was measured."""
        return len(self.text) / self.busy_seconds if self.busy_seconds else None


class Watch:
    """Sees one turn's text grow, from the event loop; only the newest text is kept, nothing queues up."""

    def __init__(self) -> None:
        self.text = ""
        self.began_at: float | None = None  # when its first characters came, by the event loop's clock
        self.least = 0  # characters it will have, once the turn is in hand: from there on it may end at any time
        self._changed = asyncio.Event()
        self._stop = threading.Event()
        self._ahead: Callable[[], int] = int
        self._on_stop: Callable[[], None] | None = None

    @property
    def ahead(self) -> int:
        """How many turns of its chat begin before this one; 0 for the next, and once it has begun."""
        return self._ahead()

    async def changed(self) -> str:
        """Wait until there is more text than the last time; the whole of it so far.

        Wait for it beside the turn itself: nothing more comes once that has ended.
        """
        await self._changed.wait()
        self._changed.clear()
        return self.text

    def stop(self) -> None:
        """Let the turn end now, normally, with the text there is; one that still waits is taken back."""
        self._stop.set()
        if self._on_stop is not None:
            self._on_stop()

    @property
    def is_stopped(self) -> bool:
        """Whether the turn was told to end; read by the engine's thread too."""
        return self._stop.is_set()

    def show(self, text: str) -> None:
        """The scheduler's side: the newest text, on the event loop. Starts anew when a turn is tried again."""
        if text != self.text:
            if self.began_at is None:
                self.began_at = asyncio.get_running_loop().time()
            self.text = text
            self._changed.set()

    def line_up(self, least: int, ahead: Callable[[], int], on_stop: Callable[[], None]) -> None:
        """The scheduler's side: how long the text will be, how many begin before it, what to do besides on a stop."""
        self.least = least
        self._ahead = ahead
        self._on_stop = on_stop
