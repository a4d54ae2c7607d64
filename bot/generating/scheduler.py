"""Who generates now: everybody, a few turns of each chat, up to a bound; deadlines; a fresh engine when one fails.

Knows neither Telegram nor storage. The engine's thread advances everybody who was let in together; here, on the
event loop, is decided who that is. Nobody waits for other chats' turns to end: whoever is in hand gets a character
whenever the others do, and what is too much for that is refused. The text of a turn depends on nothing but the turn.
"""

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import partial
from itertools import islice, takewhile

from bot.errors import GenerationFailed, SchedulerFull, SchedulerStopped, TurnRefused, TurnTakenBack, TurnTooSlow
from bot.generating.engine_thread import EngineThread, Job, News
from bot.generating.turns import Continuation, Turn, Watch
from bot.languages import N_
from model.config import SamplingConfig
from model.errors import EngineError
from model.generator import Generator
from model.sampling import Rng
from model.state import State

__all__ = ["Continuation", "Scheduler", "Turn", "Watch"]

CAPACITY = 256  # turns in hand: 300 characters of each take 20 s at 4,000 characters a second
ROWS_OF_A_CHAT = 4  # turns of one chat that are written at once, the others wait for them
SHARED = 0.75  # of the capacity; beyond it a chat has no more than these few: busy chats cannot take it all
DEADLINE = 60.0  # seconds in which nothing comes of a turn, waiting included: however slow, one that goes on may end
PATIENCE = 10.0  # seconds that a step, of some milliseconds, may take before the engine counts as hung
ATTEMPTS = 2  # at a turn whose engine failed

TAKEN_BACK = N_("Stopped: I had not begun yet.")
_STOPPED = N_("I am being restarted. Please ask again in a minute.")
_FULL = N_("Too many people are asking at once: {count} are waiting already. Please try again in a moment.")
_CHAT_FULL = N_("I am still busy with {count} requests from this chat. Please wait for a reply, then try again.")
_SLOW = N_("That took me too long, so I gave up. Please try again.")
_FAILED = N_("Something went wrong while I was thinking. Please try again.")

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Entry:
    """A turn in hand: in line, with the engine, or to be tried again."""

    turn: Turn
    watch: Watch
    done: "asyncio.Future[Continuation]"
    attempts: int = 0  # 0 while it waits for others of its chat
    job: Job | None = None  # the engine's, while it is there
    heard_at: float = 0.0  # when it was last heard of, or came, by the event loop's clock
    alarm: asyncio.TimerHandle | None = None  # looks whether that was too long ago


class Scheduler:
    """Runs turns on a generator; an async context manager that owns the engine's thread and its watchdog.

    reload: makes a new generator of the same checkpoint, in the engine's thread, after one failed; without it the
        same generator is tried again.
    """

    def __init__(
        self,
        generator: Generator,
        reload: Callable[[], Generator] | None = None,
        *,
        capacity: int = CAPACITY,
        deadline: float = DEADLINE,
        patience: float = PATIENCE,
    ) -> None:
        self.fingerprint = generator.fingerprint
        self._generator = generator
        self._reload = reload
        self._capacity = capacity
        self._deadline = deadline
        self._patience = patience
        self._entries: dict[_Entry, None] = {}  # in the order in which they came
        self._suspects: deque[_Entry] = deque()  # their engine failed: tried again, one at a time
        self._engine: EngineThread | None = None
        self._is_open = False

    async def __aenter__(self) -> "Scheduler":
        self._loop = asyncio.get_running_loop()
        self._is_open = True
        self._engine = self._start_engine(lambda: self._generator)
        self._watchdog = asyncio.create_task(self._watch_engine())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._is_open = False
        self._watchdog.cancel()
        await asyncio.gather(self._watchdog, return_exceptions=True)
        for entry in self._entries:
            _refuse(entry, SchedulerStopped(_STOPPED))
        if self._engine is not None:
            self._engine.end()
            await asyncio.to_thread(self._engine.join, 5)

    @property
    def initial_state(self) -> State:
        """What the network remembers before it has read anything; other states are checked against it."""
        return self._generator.initial_state()

    @property
    def active(self) -> int:
        """The turns in hand, waiting or written."""
        return len(self._entries)

    @property
    def waiting(self) -> int:
        """The turns in hand that nothing is being written for yet."""
        return sum(entry.job is None for entry in self._entries)

    async def run(self, turn: Turn, watch: Watch | None = None) -> Continuation:
        """Continue the turn's seed; the watch sees the text grow. Cancelling the call frees its place at once.

        Raises SchedulerFull when too many turns wait already, SchedulerStopped during a shutdown,
        TurnTooSlow when nothing has come of it for as long as the deadline, TurnTakenBack when it is stopped before
        anything is written, GenerationFailed when the generator failed twice.
        """
        self._check_room(turn)
        entry = _Entry(turn, watch or Watch(), self._loop.create_future(), heard_at=self._loop.time())
        entry.watch.line_up(turn.stop_rule.least, partial(self._ahead, entry), partial(self._take_back, entry))
        self._entries[entry] = None
        self._let_in()
        self._look_for_news(entry)
        try:
            return await entry.done
        finally:
            self._forget(entry)
            self._let_in()

    async def surprise(self, text: str, chat: Hashable = None) -> tuple[tuple[str, float], ...]:
        """How surprising every character of a text is, in nats (-log p), given those before it.

        The characters as people see them: together they are the text itself, or its NFC where it has some that the
        network does not know. It is read together with all other turns, and refused as they are: see `run`.
        """
        if not text:
            return ()
        turn = Turn(text, 1, SamplingConfig(), Rng(0), chat=chat, is_scored=True)  # the one it writes is not looked at
        nats = iter((await self.run(turn)).nats)
        aligned = self._generator.vocabulary.align(text)
        return tuple((character, sum(islice(nats, count))) for character, count in aligned)

    # --- who is let in ------------------------------------------------------------------------------

    def _check_room(self, turn: Turn) -> None:
        if not self._is_open:
            raise SchedulerStopped(_STOPPED)
        if self.active >= self._capacity:
            raise SchedulerFull(_FULL, count=self.active)
        if turn.chat is not None:
            count = sum(entry.turn.chat == turn.chat for entry in self._entries)
            most = self._capacity // 8 if self.active < self._capacity * SHARED else 0
            if count >= max(most, ROWS_OF_A_CHAT):
                raise SchedulerFull(_CHAT_FULL, count=count)

    def _let_in(self) -> None:
        """Give the engine as many turns as it takes; after a failure the suspects first, each alone."""
        while self._is_open and (entry := self._next()) is not None:
            entry.attempts += 1
            entry.job = Job(entry.turn, entry.watch, partial(self._learn, entry))
            if self._engine is None:
                self._engine = self._start_engine(self._load_again)
            self._engine.submit(entry.job)

    def _next(self) -> _Entry | None:
        if self._suspects:
            is_idle = all(entry.job is None for entry in self._entries)
            return self._suspects.popleft() if is_idle else None
        if any(entry.attempts > 1 and entry.job for entry in self._entries):
            return None  # a suspect is at work
        begun = Counter(entry.turn.chat for entry in self._entries if entry.attempts and entry.turn.chat is not None)
        waiting = (entry for entry in self._entries if not entry.attempts)
        return next((entry for entry in waiting if begun[entry.turn.chat] < ROWS_OF_A_CHAT), None)

    def _ahead(self, entry: _Entry) -> int:
        if entry in self._suspects:
            return self._suspects.index(entry)
        if entry.attempts or entry.turn.chat is None:
            return 0
        before = takewhile(lambda each: each is not entry, self._entries)
        return sum(not each.attempts and each.turn.chat == entry.turn.chat for each in before)

    def _take_back(self, entry: _Entry) -> None:
        """Stopped: what the engine has ends there with its text; what waits is over at once."""
        if entry.job is None:
            _refuse(entry, TurnTakenBack(TAKEN_BACK))

    def _look_for_news(self, entry: _Entry) -> None:
        """Give up a turn that was not heard of for as long as the deadline; else look again when that may be so."""
        left = entry.heard_at + self._deadline - self._loop.time()
        if left > 0:
            entry.alarm = self._loop.call_later(left, self._look_for_news, entry)
        else:
            _refuse(entry, TurnTooSlow(_SLOW))

    def _forget(self, entry: _Entry) -> None:
        self._entries.pop(entry, None)
        if entry.alarm is not None:
            entry.alarm.cancel()
        if entry in self._suspects:
            self._suspects.remove(entry)
        if entry.job is not None:
            entry.job.is_cancelled = True
            entry.job = None

    # --- news from the engine's thread --------------------------------------------------------------

    def _hear(self, engine: EngineThread) -> None:
        for job, news in engine.news():
            job.on_news(job, news)

    def _learn(self, entry: _Entry, job: Job, news: News) -> None:
        if entry.job is not job or entry.done.done():
            return
        entry.heard_at = self._loop.time()
        if isinstance(news, Continuation):
            entry.watch.show(news.text)
            entry.done.set_result(news)
            return
        text = entry.turn.stop_rule.shown(news)
        if len(text) > len(entry.watch.text):  # a second attempt writes it anew
            entry.watch.show(text)

    def _tell(self, callback: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, *arguments)
        except RuntimeError:  # the loop is closed: nobody waits any more
            _log.debug("the event loop is gone")

    # --- an engine that fails -----------------------------------------------------------------------

    def _start_engine(self, load: Callable[[], Generator]) -> EngineThread:
        return EngineThread(load, partial(self._tell, self._hear), partial(self._tell, self._replace))

    def _load_again(self) -> Generator:
        """In the engine's thread."""
        if self._reload is None:
            return self._generator
        generator = self._reload()
        if generator.fingerprint != self.fingerprint:
            raise EngineError("expected the checkpoint that the bot started with, got another: restart the bot")
        return generator

    async def _watch_engine(self) -> None:
        while True:
            await asyncio.sleep(self._patience / 4)
            engine = self._engine
            began = None if engine is None else engine.step_began
            if engine is not None and began is not None and time.monotonic() - began > self._patience:
                self._replace(engine, TimeoutError(f"no answer for {self._patience:g} s"))

    def _replace(self, engine: EngineThread, cause: Exception) -> None:
        """Give up an engine that raised or hangs. What it had in hand is tried once more, each turn by itself."""
        engine.end()
        if engine is not self._engine or not self._is_open:
            return
        self._engine = None
        in_hand = [entry for entry in self._entries if entry.job is not None]
        _log.error(
            "the engine failed with %d turns in hand and is started again: %s", len(in_hand), type(cause).__name__
        )
        for entry in in_hand:
            entry.job = None
            if entry.attempts < ATTEMPTS:
                self._suspects.append(entry)
            else:
                failure = GenerationFailed(_FAILED)
                failure.__cause__ = cause
                _refuse(entry, failure)
        self._let_in()


def _refuse(entry: _Entry, refusal: TurnRefused) -> None:
    if not entry.done.done():
        entry.done.set_exception(refusal)
