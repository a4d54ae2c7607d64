"""Pauses: how long to wait before something is tried again: growing from one attempt to the next, to half a minute."""

PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)  # seconds


def pause_after(failures: int) -> float:
    """The seconds to wait after so many attempts failed before the last one did; `failures` counts from 0."""
    return PAUSES[min(failures, len(PAUSES) - 1)]
