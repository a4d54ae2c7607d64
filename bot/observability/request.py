"""The request id: which update a log line belongs to, from its arrival to its reply.

Tasks that are started while an update is handled inherit it. An update that is handled again, after a crash too,
has the same id.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

NONE = ""
_current: ContextVar[str] = ContextVar("request", default=NONE)


@contextmanager
def request(update_id: int) -> Iterator[None]:
    """Every log line within belongs to this update."""
    before = _current.set(str(update_id))
    try:
        yield
    finally:
        _current.reset(before)


def current_request() -> str:
    """The id of the update that is being handled here; empty where none is."""
    return _current.get()
