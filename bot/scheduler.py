"""Who generates now: one engine thread, short steps in turn, so that a long reply never delays a short one.

Knows neither Telegram nor storage. The thread takes the waiting turns one after another and advances each by
a few characters; the event loop only waits. The text of a turn depends on nothing but the turn.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

from bot.errors import GenerationFailed, SchedulerFull, SchedulerStopped, TurnRefused, TurnTooSlow
from model.config import SamplingConfig
from model.generator import Generator
from model.sampling import Rng
from model.state import State

STEP = 32  # characters of one turn before the next one has its turn: 3 ms on a CPU
SEED_STEP = 256  # characters read at a time
CAPACITY = 64  # turns; at 5,000 characters a second the last of them waits for some 4 s
DEADLINE = 60.0  # seconds a turn may take, waiting included


@dataclass(frozen=True)
class Turn:
    """A text to continue: by how many characters, drawn how, from which random stream."""

    seed: str
    length: int
    sampling: SamplingConfig
    rng: Rng


@dataclass(frozen=True)
class Continuation:
    """What came after the seed, where it left the state, and the seconds the engine worked on it."""

    text: str
    state: State
    busy_seconds: float

    @property
    def characters_per_second(self) -> float | None:
        return len(self.text) / self.busy_seconds if self.busy_seconds else None


@dataclass(eq=False)
class _Job:
    """A turn on its way through the engine thread."""

    work: Iterator[tuple[str, State]]
    state: State
    done: "asyncio.Future[Continuation]"
    cancelled: threading.Event = field(default_factory=threading.Event)
    texts: list[str] = field(default_factory=list)
    busy_seconds: float = 0.0


class Scheduler:
    """Runs turns on a generator; an async context manager that owns the engine thread."""

    def __init__(self, generator: Generator, capacity: int = CAPACITY, deadline: float = DEADLINE) -> None:
        self.fingerprint = generator.fingerprint
        self._generator = generator
        self._capacity = capacity
        self._deadline = deadline
        self._jobs: set[_Job] = set()
        self._arrivals: SimpleQueue[_Job | None] = SimpleQueue()
        # A daemon, so that a generator that hangs cannot keep the process from ending.
        self._thread = threading.Thread(target=self._work, name="engine", daemon=True)
        self._running = False

    async def __aenter__(self) -> "Scheduler":
        self._loop = asyncio.get_running_loop()
        self._running = True
        self._thread.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._running = False
        for job in self._jobs:
            job.cancelled.set()
            _settle(job, SchedulerStopped("I am being restarted. Please ask again in a minute."))
        self._arrivals.put(None)
        await asyncio.to_thread(self._thread.join, 5)

    @property
    def active(self) -> int:
        """The turns that wait or run."""
        return len(self._jobs)

    async def run(self, turn: Turn) -> Continuation:
        """Continue the turn's seed. Cancelling the call frees its place at once.

        Raises SchedulerFull when too many turns wait already, SchedulerStopped during a shutdown,
        TurnTooSlow at the deadline, GenerationFailed when the generator fails (this turn alone).
        """
        if not self._running:
            raise SchedulerStopped("I am being restarted. Please ask again in a minute.")
        if self.active >= self._capacity:
            raise SchedulerFull("Too many people are asking at once. Please try again in a moment.")
        start = self._generator.initial_state()
        job = _Job(_steps(self._generator, turn), start, self._loop.create_future())
        self._jobs.add(job)
        self._arrivals.put(job)
        try:
            async with asyncio.timeout(self._deadline):
                return await job.done
        except TimeoutError:
            raise TurnTooSlow("That took me too long, so I gave up. Please try again.") from None
        finally:
            job.cancelled.set()
            self._jobs.discard(job)

    def _work(self) -> None:
        """The engine thread: a step of the turn in front, which then goes to the back."""
        waiting: deque[_Job] = deque()
        while True:
            try:
                job = self._arrivals.get(block=not waiting)
                if job is None:
                    return
                waiting.append(job)
                continue
            except Empty:
                job = waiting.popleft()
            if not job.cancelled.is_set() and not self._advance(job):
                waiting.append(job)

    def _advance(self, job: _Job) -> bool:
        """One step; whether the turn is over."""
        start = time.perf_counter()
        try:
            step = next(job.work, None)
        except Exception as error:  # noqa: BLE001  whatever a generator raises is this turn's failure, not the thread's
            failure = GenerationFailed("Something went wrong while I was thinking. Please try again.")
            failure.__cause__ = error
            self._report(job, failure)
            return True
        if step is None:
            self._report(job, Continuation("".join(job.texts), job.state, job.busy_seconds))
            return True
        job.busy_seconds += time.perf_counter() - start
        text, job.state = step
        job.texts.append(text)
        return False

    def _report(self, job: _Job, outcome: Continuation | TurnRefused) -> None:
        try:
            self._loop.call_soon_threadsafe(_settle, job, outcome)
        except RuntimeError:  # the loop is closed: nobody waits any more
            job.cancelled.set()


def _settle(job: _Job, outcome: Continuation | TurnRefused) -> None:
    if job.done.done():
        return
    if isinstance(outcome, TurnRefused):
        job.done.set_exception(outcome)
    else:
        job.done.set_result(outcome)


def _steps(generator: Generator, turn: Turn) -> Iterator[tuple[str, State]]:
    """Read the seed, then write: each time the new characters, if any, and the state after them."""
    state = generator.initial_state()
    for piece in _pieces(turn.seed):
        state = generator.feed(state, piece)
        yield "", state
    rng, left = turn.rng, turn.length
    while left:
        chunk = generator.generate(state, min(STEP, left), turn.sampling, rng)
        state, rng, left = chunk.state, chunk.rng, left - min(STEP, left)
        yield chunk.text, state


def _pieces(seed: str) -> list[str]:
    """The seed in pieces that read like the whole.

    Only ASCII is cut: elsewhere a mark may combine with the letter before it.
    """
    size = SEED_STEP if seed.isascii() else max(len(seed), 1)
    return [seed[start : start + size] for start in range(0, len(seed), size)]
