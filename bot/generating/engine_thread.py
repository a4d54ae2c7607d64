"""The engine's thread: advances the turns it was given, all together, one step after another.

Knows neither Telegram nor storage, and decides nothing about who comes next: `bot.generating.scheduler` does. Turns
that read their seed or have only just begun go in a batch of their own, which gets half of the time: so a newcomer's
first words come soon, however many long replies are being written.
"""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from queue import SimpleQueue

from bot.generating.turns import Continuation, Turn, Watch
from model.batch import Batch, Row
from model.generator import Generator
from model.sampling import Rng
from model.state import State
from model.stopping import Reason

SLICE = 0.005  # seconds one batch goes on before the other one does
FRESH = 64  # characters after which a turn is a newcomer no more
FIRST_SHOWN = 32  # characters that are told as soon as they are there: half a line, enough to begin to read
SHOWN_EVERY = 0.02  # seconds; nobody sees faster, and telling costs the engine time


@dataclass(eq=False)
class Job:
    """One attempt at a turn. The fields below the line belong to the engine's thread."""

    turn: Turn
    watch: Watch
    on_news: Callable[["Job", "News"], None]  # for whoever asks the thread for its news
    is_cancelled: bool = False
    # ---
    before: str = ""  # what was written among the newcomers
    nats: tuple[float, ...] = ()  # of the seed, which is read there
    seen: int = 0  # characters that the stop rule has seen
    busy_seconds: float = 0.0
    told: int = 0  # characters


News = str | Continuation  # of a turn: the text there is, if any yet; or its end


class _Group:
    """Turns that go on together, and their rows."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.told_at = 0.0  # of how far they all are
        self.rows: dict[Job, Row] = {}

    def enter(self, job: Job, state: State, seed: str, rng: Rng) -> None:
        turn = job.turn
        most = turn.stop_rule.most - len(job.before)
        self.rows[job] = self.batch.join(state, seed, turn.sampling, rng, turn.is_scored, most)

    def leave(self, job: Job, written: int | None = None) -> tuple[State, Rng]:
        """The state and the random stream after so many characters of the turn's text; None for all of it."""
        length = None if written is None else written - len(job.before)
        row = self.rows.pop(job)
        job.nats += tuple(row.nats)
        return self.batch.leave(row, length)

    def text(self, job: Job) -> str:
        return job.before + self.rows[job].text


class EngineThread:
    """A thread with a generator that it loads itself; a daemon, so that one that hangs cannot keep the process.

    on_news: called from the thread when there is news where there was none; `news` has it. One call for all turns,
        since each wakes another thread, which takes longer than a character.
    on_death: called from the thread, once, if the generator cannot be loaded or raises; the thread then ends.
    """

    def __init__(
        self,
        load: Callable[[], Generator],
        on_news: Callable[["EngineThread"], None],
        on_death: Callable[["EngineThread", Exception], None],
    ) -> None:
        self.step_began: float | None = time.monotonic()  # None while there is nothing to do
        self._load = load
        self._on_news = on_news
        self._news: dict[Job, News] = {}  # nobody has asked for
        self._is_told = False  # on_news was called for them
        self._on_death = on_death
        self._arrivals: SimpleQueue[Job | None] = SimpleQueue()
        self._is_abandoned = False
        self._thread = threading.Thread(target=self._main, name="engine", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """From any thread: advance this one too."""
        self._arrivals.put(job)

    def news(self) -> Iterator[tuple[Job, News]]:
        """From another thread: the newest of each job, where there is any since the last time."""
        self._is_told = False
        for job in list(self._news):
            yield job, self._news.pop(job)

    def end(self) -> None:
        """From any thread: stop after the step at hand, if it ever ends; nothing more is reported."""
        self._is_abandoned = True
        self._arrivals.put(None)

    def join(self, seconds: float) -> None:
        """Wait for the thread to end."""
        self._thread.join(seconds)

    def _main(self) -> None:
        try:
            generator = self._load()
            self._initial = generator.initial_state()
            self._newcomers, self._others = _Group(generator.batch()), _Group(generator.batch())
            while not self._is_abandoned:
                self._receive()
                for group in (self._newcomers, self._others):
                    self._advance(group)
        except Exception as error:  # noqa: BLE001  whatever a generator raises ends this thread, not the process
            if not self._is_abandoned:
                self._on_death(self, error)
        finally:
            self.step_began = None

    def _receive(self) -> None:
        """Let in who has come; wait if there is nobody."""
        if not self._newcomers.rows and not self._others.rows:
            self.step_began = None
            self._admit(self._arrivals.get())
        while not self._arrivals.empty():
            self._admit(self._arrivals.get())

    def _admit(self, job: Job | None) -> None:
        self.step_began = time.monotonic()
        if job is not None and not job.is_cancelled:
            turn = job.turn
            self._newcomers.enter(job, turn.state or self._initial, turn.seed, turn.rng)

    def _advance(self, group: _Group) -> None:
        """Steps of one group until its time is over or somebody has come."""
        slice_began = time.perf_counter()
        while group.rows and not self._is_abandoned:
            self.step_began = time.monotonic()
            began = time.perf_counter()
            group.batch.step()
            now = time.perf_counter()
            is_due = now - group.told_at >= SHOWN_EVERY
            if is_due:
                group.told_at = now
            for job in list(group.rows):
                job.busy_seconds += now - began
                self._look_at(job, group, is_due)
            self._report()
            if now - slice_began >= SLICE or not self._arrivals.empty():
                return

    def _look_at(self, job: Job, group: _Group, is_due: bool) -> None:
        """Is the turn over, a newcomer no more, or to be told of?"""
        if job.is_cancelled:
            group.leave(job)
            return
        text = group.text(job)
        ended = _end(job, text)
        if ended is not None:
            written, reason = ended
            state, rng = group.leave(job, written)
            shown = job.turn.stop_rule.shown(text[:written])
            self._news[job] = Continuation(shown, state, rng, reason, job.busy_seconds, job.nats)
            return
        if group is self._newcomers and len(text) >= FRESH:
            state, rng = group.leave(job)
            job.before = text
            self._others.enter(job, state, "", rng)
        if is_due or job.told < FIRST_SHOWN <= len(text):  # also while it reads: it is to be known that it goes on
            job.told = len(text)
            self._news[job] = text

    def _report(self) -> None:
        """Say once that there is news. An abandoned thread tells nobody."""
        if self._news and not self._is_told and not self._is_abandoned:
            self._is_told = True
            self._on_news(self)


def _end(job: Job, text: str) -> tuple[int, Reason] | None:
    """After how many characters the turn ends, and why; None while it goes on."""
    ended = job.turn.stop_rule.end(text, job.seen)
    if ended is not None:
        return ended
    job.seen = len(text)
    return (len(text), "stopped") if job.watch.is_stopped else None
