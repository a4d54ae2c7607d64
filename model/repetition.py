"""The repetition brake: what a text would repeat next, and how much it has repeated so far.

Knows no network: it looks at the last characters of a text, given as a string with chr(id) for every id.

A text that goes round in circles says the same as it said some characters before, the lag. For each lag the brake
counts how many characters in a row are the same; what exceeds a dozen weighs against the one character that would
make the repetition longer, added up over all lags. So `aaaa`, rows of spaces or dashes, a line for the third time
and lines that take turns grow less likely with every character until something else comes, while a word, a name or
a rhyme costs nothing. It is DRY ("Don't Repeat Yourself", a sampler of llama.cpp and others) for characters: summed
over the lags and linear.
"""

import numpy as np
from numpy.typing import NDArray

HISTORY = 512  # ids that the brake remembers: a screen of chat, some eight lines
FREE = 12  # characters that may be the same without a weight: longer than most words
DEPTH = FREE + 64  # a repetition is counted up to here; by then it weighs more than any preference
REACH = HISTORY - DEPTH  # the longest lag

_PAD = np.uint32(0xFFFFFFFF)  # before the beginning of the text; no id


def remember(recent: str, ids: str) -> str:
    """The history after some more ids."""
    return (recent + ids)[-HISTORY:]


def weights(recent: str, width: int) -> NDArray[np.float32] | None:
    """How much each id, as the next, would continue a repetition: 1D tensor, with shape (width,); None for all zeros.

    Whole numbers, so that every sum of them is exact, whatever the order.
    """
    end = len(recent)
    start = end - FREE - 1
    if start < 0 or recent.find(recent[start:], max(0, start - REACH), end - 1) < 0:
        return None  # the common case, at the cost of one search
    counts = np.maximum(run_lengths(recent) - FREE, 0)
    followers = backwards(recent)[:REACH]
    known = followers != _PAD
    total = np.bincount(followers[known], weights=counts[known], minlength=width)
    return total[:width].astype(np.float32)


def run_lengths(recent: str) -> NDArray[np.int32]:
    """For every lag from 1 on, how many of the last characters are the same: with shape (REACH,), DEPTH at most."""
    last = backwards(recent)
    tail = np.append(last[:DEPTH], np.full(max(0, DEPTH - len(last)), _PAD - np.uint32(1)))
    windows = np.lib.stride_tricks.sliding_window_view(last[1:], DEPTH)[:REACH]
    same = windows == tail
    lengths = np.where(same.all(axis=1), DEPTH, same.argmin(axis=1))
    return lengths.astype(np.int32)


def backwards(recent: str) -> NDArray[np.uint32]:
    """The ids from the last one back, padded with 2**32 - 1: 1D tensor, with shape (HISTORY,)."""
    codes = np.frombuffer(recent[-HISTORY:].encode("utf-32-le", "surrogatepass"), np.uint32)[::-1]
    return np.append(codes, np.full(HISTORY - len(codes), _PAD))
