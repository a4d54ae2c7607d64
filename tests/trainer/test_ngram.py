"""The interpolated n-gram, by hand and by its properties."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.ngram import ngram_nats


def ids(text: str) -> np.ndarray:
    """`a` is 1; 0 stays for `<unk>`."""
    return np.array([ord(c) - ord("a") + 1 for c in text], np.int32)


def test_a_unigram_by_hand() -> None:
    """Counts in `aab`: a 2, b 1, so D = 1 / (1 + 2) = 1/3, and P(a) = (2 - 1/3 + 1/3 * 2 * 1/3) / 3 = 17/27."""
    nats = ngram_nats(ids("aab"), ids("abc")[:2], characters=3, order=1)
    assert np.exp(-nats) == pytest.approx([17 / 27, 8 / 27])
    unseen = ngram_nats(ids("aab"), np.array([0], np.int32), characters=3, order=1)
    assert np.exp(-unseen) == pytest.approx([2 / 27])


def test_a_bigram_by_hand() -> None:
    """Training on `abaab`.

    Below: a comes after b and a, b after a alone: n(a) = 2, n(b) = 1, D = 1/3, so P(a) = 17/27 and P(b) = 8/27 as
    above. Bigrams: ab 2, ba 1, aa 1, so D = 2 / (2 + 2) = 1/2; after a: n = 3, distinct = 2; after b: n = 1,
    distinct = 1. P(a | b) = (1 - 1/2 + 1/2 * 17/27) / 1, then P(b | a) = (2 - 1/2 + 1/2 * 2 * 8/27) / 3.
    """
    probabilities = np.exp(-ngram_nats(ids("abaab"), ids("ab"), characters=3, order=2))
    assert probabilities == pytest.approx([0.5 + 17 / 54, (1.5 + 8 / 27) / 3])


def test_a_context_never_seen_leaves_it_to_the_shorter_one() -> None:
    after_unknown = ngram_nats(ids("abaab"), np.array([0, 1], np.int32), characters=3, order=2)
    assert math.exp(-after_unknown[1]) == pytest.approx(17 / 27)


def test_having_learned_nothing_it_is_uniform() -> None:
    nats = ngram_nats(ids(""), ids("abcab"), characters=5, order=4)
    assert nats == pytest.approx([math.log(5)] * 5)


@given(st.text("abc", max_size=40), st.text("abcd", max_size=6), st.integers(1, 6))
def test_the_probabilities_of_what_may_come_next_sum_to_one(training: str, context: str, order: int) -> None:
    following = [np.append(ids(context), character).astype(np.int32) for character in range(5)]
    total = sum(math.exp(-ngram_nats(ids(training), text, 5, order)[-1]) for text in following)
    assert total == pytest.approx(1)


def test_longer_contexts_predict_a_language_better() -> None:
    text = "".join(f"{'abcdefgh'[n % 8]}{'xyz'[n // 8 % 3]}q" for n in range(2_000))
    losses = [ngram_nats(ids(text[:5_000]), ids(text[5_000:]), 27, order).mean() for order in (1, 2, 4)]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.2


def test_it_takes_little_more_than_forty_bytes_a_character() -> None:
    """Six million characters are counted at the end of a long run, beside all that the run needs."""
    rng = np.random.default_rng(0)
    words = rng.integers(0, 60, (500, 8)).astype(np.int32)
    text = words[rng.integers(0, len(words), 25_000)].ravel()
    tracemalloc.start()
    try:
        ngram_nats(text[:150_000], text[150_000:], 60)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 46 * len(text), f"{peak / len(text):.0f} bytes a character"
