"""Interruption: Ctrl-C and SIGTERM end a run after the step at hand; a second one ends the program."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def polite_signals() -> Iterator[Callable[[], bool]]:
    """What it yields says whether one came. Only for the main thread."""
    received: list[int] = []

    def note(number: int, _frame: object) -> None:
        received.append(number)
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.default_int_handler if name == signal.SIGINT else signal.SIG_DFL)

    earlier = {name: signal.signal(name, note) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(received)
    finally:
        for name, handler in earlier.items():
            signal.signal(name, handler)
