"""Metrics: what a running bot counts and times, for Prometheus.

Knows no handlers: they say what happened in one call each. Nothing here is about one chat or person, and no
label can take more than a few values.
"""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 3, 5, 10, 30, 60, 300)


class Metrics:
    """The figures of one bot. It is the rate limiter's observer, too."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._updates = Counter("cotorra_updates", "Updates that handlers began with.", ["kind"], registry=registry)
        self._prompts = Counter(
            "cotorra_prompts", "Texts that the bot was asked to continue.", ["kind"], registry=registry
        )
        self._replies = Counter("cotorra_replies", "What came of prompts.", ["outcome"], registry=registry)
        self._replies.labels("answered")  # there from the start: an alert compares it with 0, which nothing is not
        self._characters = Counter("cotorra_characters", "Characters that were generated.", registry=registry)
        self._reply_seconds = Histogram(
            "cotorra_reply_seconds", "From a prompt's handler to its reply.", registry=registry, buckets=_SECONDS
        )
        self._update_seconds = Histogram(
            "cotorra_update_seconds", "How long an update was in hand.", registry=registry, buckets=_SECONDS
        )
        self._delivery_seconds = Histogram(
            "cotorra_delivery_seconds",
            "From a message's being ready to Telegram's having it, waiting for limits included.",
            registry=registry,
            buckets=_SECONDS,
        )
        self._refusals = Counter(
            "cotorra_telegram_429", "Calls that Telegram refused as too many.", ["method"], registry=registry
        )
        self._dropped = Counter(
            "cotorra_dropped_calls", "Frames and typing actions that did not go.", ["method"], registry=registry
        )
        self._errors = Counter("cotorra_errors", "Errors by kind.", ["kind"], registry=registry)
        self._received_at = Gauge(
            "cotorra_received_timestamp_seconds",
            "When updates were last fetched, or Telegram last said that it can bring them.",
            registry=registry,
        )
        self._queues = Gauge("cotorra_queue_length", "How many wait, and for what.", ["queue"], registry=registry)
        self._tasks = Gauge("cotorra_tasks", "Tasks of the event loop; steady while the load is.", registry=registry)

    def update_began(self, kind: str) -> None:
        """A handler is about to see an update of this kind."""
        self._updates.labels(kind).inc()

    def update_ended(self, seconds: float) -> None:
        """An update is done with, for now."""
        self._update_seconds.observe(seconds)

    def prompt_came(self, kind: str) -> None:
        """Somebody asked for a continuation, in one of the ways in which that can be done."""
        self._prompts.labels(kind).inc()

    def prompt_ended(self, outcome: str, seconds: float | None = None) -> None:
        """What came of a prompt; the seconds, where there was a reply."""
        self._replies.labels(outcome).inc()
        if seconds is not None:
            self._reply_seconds.observe(seconds)

    def generated(self, characters: int) -> None:
        """So many characters were written."""
        self._characters.inc(characters)

    def error(self, error: BaseException) -> None:
        """Something failed; told by its kind."""
        self._errors.labels(type(error).__name__).inc()

    def received(self) -> None:
        """The way by which updates come has just worked."""
        self._received_at.set_to_current_time()

    def watch_queue(self, name: str, length: Callable[[], float]) -> None:
        """Ask for a queue's length whenever somebody looks."""
        self._queues.labels(name).set_function(length)

    def watch_tasks(self, count: Callable[[], float]) -> None:
        """Ask for the number of tasks whenever somebody looks."""
        self._tasks.set_function(count)

    # --- what the rate limiter tells its observer -------------------------------------------------------

    def call_refused(self, method: str) -> None:
        self._refusals.labels(method).inc()

    def call_dropped(self, method: str) -> None:
        self._dropped.labels(method).inc()

    def call_waited(self, seconds: float) -> None:
        self._delivery_seconds.observe(seconds)

    def text(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self._registry)
