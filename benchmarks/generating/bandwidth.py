"""The bandwidth reader: how often a second two threads can read as many bytes as one character needs."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

THREADS = 2  # as many as the engine has


class Reader:
    """Reads memory of a given size again and again, so that it comes from whichever cache holds so much.

    The fastest readers in numpy are reductions of whole numbers, which leave the interpreter's lock to others.
    """

    def __init__(self, size: int) -> None:
        whole = np.random.default_rng(0).integers(-128, 128, size // THREADS * THREADS, np.int8)
        self._parts = [part.copy() for part in np.split(whole, THREADS)]
        self._pool = ThreadPoolExecutor(THREADS)

    def __call__(self, times: int) -> None:
        """Read everything so many times."""
        list(self._pool.map(lambda part: [part.max() for _ in range(times)], self._parts))
