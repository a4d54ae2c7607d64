"""Garbage: what is here to stay is not searched for any again, which would take a tenth of a second each time."""

import gc


def settle() -> None:
    """Once everything is loaded: Python's collector passes over all that is there by now.

    It stops every thread while it searches, so that nobody is answered; in a transaction everybody waits for it.
    """
    gc.collect()
    gc.freeze()
