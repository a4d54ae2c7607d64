"""Counting: characters numbered as they first appear, and how often each was seen; knows no file."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_DISTINCT = 0xFFFF  # two bytes a character on disk; what first appears after so many others is `<unk>`

_CODE_POINTS = 0x110000
_RUN_READS = 5_000_000  # a character rarer than one in so many is met a few times in a run of minutes: too few to learn

Numbers = NDArray[np.uint16]


def usual_minimum(characters: int) -> int:
    """How often a character must be seen in a corpus of so many: once up to ten million of them, then more."""
    return max(1, characters // _RUN_READS)


@dataclass(frozen=True)
class LeftOut:
    """What a vocabulary leaves out of its corpus; these characters read as `<unk>`, or without their marks."""

    minimum_count: int  # what is seen less often is left out; 1 leaves out nothing
    different: int
    characters: int  # occurrences of them all

    def to_json(self) -> dict[str, int]:
        """The fields by name, as they stand in config.json."""
        return {"minimum_count": self.minimum_count, "different": self.different, "characters": self.characters}


class Numbering:
    """Numbers for characters; points and counts are by number, those past the 65,535th share the last one."""

    def __init__(self) -> None:
        self._numbers = np.full(_CODE_POINTS, MOST_DISTINCT, np.uint16)  # by code point
        # One array for all: small ones, made between the large ones of each piece, would keep their memory from
        # going back to the system.
        self._points = np.zeros(MOST_DISTINCT, np.uint32)
        self._beyond: set[int] = set()
        self._length = 0
        self.counts = np.zeros(MOST_DISTINCT + 1, np.int64)

    def number(self, text: str) -> Numbers:
        """The numbers of a text's characters, counted: 1D tensor, with shape (characters,)."""
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        numbers = self._numbers.take(codes)
        unmet = numbers == MOST_DISTINCT
        if unmet.any():
            self._meet(np.unique(codes[unmet]))
            numbers = self._numbers.take(codes)
        self.counts += np.bincount(numbers, minlength=MOST_DISTINCT + 1)
        return numbers

    @property
    def points(self) -> NDArray[np.uint32]:
        """The code points by number."""
        return self._points[: self._length]

    @property
    def different(self) -> int:
        """How many different characters were seen, those without a number of their own too."""
        return self._length + len(self._beyond)

    def _meet(self, codes: NDArray[np.uint32]) -> None:
        """Numbers for new characters, as long as there are any."""
        new = codes[: MOST_DISTINCT - self._length]
        self._numbers[new] = np.arange(self._length, self._length + len(new), dtype=np.uint16)
        self._points[self._length : self._length + len(new)] = new
        self._length += len(new)
        self._beyond.update(codes[len(new) :].tolist())
