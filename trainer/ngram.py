"""A character n-gram, interpolated: what counting alone predicts, as a yardstick for the network.

Interpolated Kneser-Ney smoothing (Kneser and Ney 1995; as in Chen and Goodman 1999, section 2.7), down to a
uniform distribution, so that no character is impossible. Knows no network and no file.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.vocabulary import Ids

ORDER = 6  # characters, the predicted one included: on a megabyte longer ones predict no better

Codes = NDArray[np.int32]  # half the memory of 64 bits, and more n-grams than are ever counted
Floats = NDArray[np.float64]


def ngram_nats(training: Ids, held_out: Ids, characters: int, order: int = ORDER) -> Floats:
    """Nats for every held-out character, given the characters before it: 1D tensor, with shape (held_out,).

    training, held_out: 1D tensors of ids below `characters`, the vocabulary's size, `<unk>` included; the
    first held-out character follows the last one trained on. Counts come from the training ids alone.
    With h a context, h' the same without its first character, and a discount D for each order:
    P(w | h) = (max(n(hw) - D, 0) + D distinct(h) P(w | h')) / n(h). n counts occurrences at the highest
    order, and below it the different characters that come before.
    """
    ids = np.concatenate([training, held_out], dtype=np.int32)
    places = np.arange(len(training), len(ids), dtype=np.int32)
    probability = np.full(len(held_out), 1 / characters)
    context: Codes = np.zeros(len(ids), np.int32)  # number of the n-gram that ends before each place
    grams = ids
    for length in range(1, order + 1):
        last = length == order
        longer = grams if last else _numbered(_shifted(grams), ids, characters)
        counts = _counts(grams, longer, len(training), length, last)
        probability = _interpolate(counts, grams, context, places, len(training), probability)
        context, grams = _shifted(grams), longer
    nats: Floats = -np.log(probability)
    return nats


def _numbered(context: Codes, ids: Codes, characters: int) -> Codes:
    """A number for each different pair of a context and the id after it: what np.unique's inverse would be.

    Each pair stands before its place in one number of 64 bits, so that they are sorted without another array for
    the order: 23 bits of place, 23 of context and 16 of id for the six million characters that are ever counted.
    """
    bits = len(ids).bit_length()
    keys = context.astype(np.int64)
    keys *= characters
    keys += ids
    keys <<= bits
    keys |= np.arange(len(ids), dtype=np.int32)
    keys.sort()
    is_new = np.empty(len(keys), np.bool_)
    is_new[0] = False
    np.greater_equal(keys[1:] ^ keys[:-1], 1 << bits, out=is_new[1:])
    keys &= (1 << bits) - 1
    numbers: Codes = np.empty(len(keys), np.int32)
    numbers[keys] = np.cumsum(is_new, dtype=np.int32)
    return numbers


def _shifted(grams: Codes) -> Codes:
    """The n-gram that ends one place before; the text's first has a number of its own."""
    return np.concatenate([np.array([grams.max() + 1], np.int32), grams[:-1]])


def _counts(grams: Codes, longer: Codes, trained: int, length: int, last: bool) -> NDArray[Any]:
    """The n of each n-gram, by its number: occurrences; below the highest order, different characters before it."""
    size = int(grams.max()) + 1
    if last:
        return np.bincount(grams[length - 1 : trained], minlength=size)
    places = _places(longer, length, trained)
    return np.bincount(grams[places[places >= 0]], minlength=size)


def _interpolate(
    counts: NDArray[Any], grams: Codes, context: Codes, places: Codes, trained: int, lower: Floats
) -> Floats:
    """P(w | h) at the held-out places from P(w | h') there."""
    seen_at = _places(grams, 0, trained)
    kinds = (seen_at >= 0).nonzero()[0]
    mass = counts[kinds]
    homes = context[seen_at[kinds]]  # the context of each n-gram seen in training
    size = int(context.max()) + 1
    total = np.bincount(homes, mass, size)[context[places]]
    distinct = np.bincount(homes, mass > 0, size)[context[places]]
    discount = _discount(counts)
    seen = np.maximum(counts[grams[places]] - discount, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):  # a context never seen leaves it to the shorter one
        return np.where(total > 0, (seen + discount * distinct * lower) / total, lower)


def _places(grams: Codes, start: int, stop: int) -> Codes:
    """A place of each n-gram from start to stop, by its number, no matter which; -1 where it does not occur there."""
    places = np.full(int(grams.max()) + 1, -1, np.int32)
    places[grams[start:stop]] = np.arange(start, stop, dtype=np.int32)
    return places


def _discount(counts: NDArray[Any]) -> float:
    """D = n1 / (n1 + 2 n2), from how many n-grams were counted once and twice (Ney, Essen and Kneser 1994)."""
    once, twice = np.count_nonzero(counts == 1), np.count_nonzero(counts == 2)
    return once / (once + 2 * twice) if once and twice else 0.5
