"""Counted: the scheduler and the book as they are, telling the metrics what passes through them.

Handlers are given these and need not know.
"""

import datetime as dt
from collections.abc import Callable, Sequence

from bot.generating.scheduler import Continuation, Scheduler, Turn, Watch
from bot.observability.metrics import Metrics
from bot.storage.book import NOTHING, Book, Occasion, Origin
from bot.storage.database import Database
from bot.storage.prompts import Answer, Kind, Prompt
from model.generator import Generator


class CountedScheduler(Scheduler):
    """A scheduler whose characters and failures are counted."""

    def __init__(
        self, metrics: Metrics, patience: float, generator: Generator, reload: Callable[[], Generator] | None = None
    ) -> None:
        super().__init__(generator, reload, patience=patience)
        self._metrics = metrics

    async def run(self, turn: Turn, watch: Watch | None = None) -> Continuation:
        try:
            continuation = await super().run(turn, watch)
        except Exception as error:
            self._metrics.error(error)
            raise
        self._metrics.generated(len(continuation.text))
        return continuation


class CountedBook(Book):
    """A book whose prompts are counted: each once when it is asked, and once when something has come of it."""

    def __init__(self, metrics: Metrics, database: Database, terms: str, now: Callable[[], dt.datetime]) -> None:
        super().__init__(database, terms, now)
        self._metrics = metrics

    async def open_prompt(
        self,
        occasion: Occasion,
        kind: Kind,
        seed_text: str,
        rng_seed: int,
        fingerprint: str,
        origin: Origin = NOTHING,
    ) -> Prompt:
        prompt = await super().open_prompt(occasion, kind, seed_text, rng_seed, fingerprint, origin)
        if prompt.asked.rng_seed == rng_seed:  # one that came before keeps the random seed it had
            self._metrics.prompt_came(kind)
        return prompt

    async def close_prompt(
        self, prompt_id: int, answer: Answer, message_ids: Sequence[int] = (), state: bytes | None = None
    ) -> None:
        await super().close_prompt(prompt_id, answer, message_ids, state)
        if answer.outcome != "pending":
            seconds = None if answer.reply_text is None or answer.latency_ms is None else answer.latency_ms / 1_000
            self._metrics.prompt_ended(answer.outcome, seconds)
