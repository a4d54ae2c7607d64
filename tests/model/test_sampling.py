"""Logits -> next character: temperature, top-p, seeded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.config import SamplingConfig
from model.errors import ConfigError
from model.sampling import Floats, Rng, Sampler, nucleus
from model.vocabulary import UNKNOWN_ID

SEEDS = st.integers(0, 2**63 - 1)


def draw(logits: Floats, sampling: SamplingConfig, noise: Floats, recent: str = "") -> int:
    return int(Sampler([sampling], [recent]).draw(logits[None], noise[None])[0])


def test_the_noise_of_a_seed_is_the_same_for_ever() -> None:
    """Golden numbers: a stored prompt must be reproducible by any later version."""
    noise = Rng(2026).gumbel_noise(2, 5)
    expected = [
        [0.14772424, -0.06905103, -0.7843124, 3.106093, 0.5197001],
        [0.9797102, -0.12016601, 0.13694966, -0.82541656, 0.11553564],
    ]
    np.testing.assert_allclose(noise, expected, atol=1e-6)


@given(SEEDS, st.integers(0, 10**9), st.integers(0, 40), st.integers(0, 40), st.integers(2, 130))
def test_a_stream_read_in_pieces_is_the_stream_read_at_once(
    seed: int, position: int, first: int, second: int, width: int
) -> None:
    rng = Rng(seed, position)
    pieces = [rng.gumbel_noise(first, width), rng.advance(first).gumbel_noise(second, width)]
    assert np.array_equal(np.concatenate(pieces), rng.gumbel_noise(first + second, width))


def test_noise_is_finite_and_standard_gumbel() -> None:
    noise = Rng(1).gumbel_noise(2_000, 100)
    assert np.isfinite(noise).all()
    assert noise.mean() == pytest.approx(0.5772, abs=0.01)  # Euler's constant
    assert noise.var() == pytest.approx(np.pi**2 / 6, abs=0.03)


@pytest.mark.parametrize(("temperature", "top_p"), [(1.0, 1.0), (0.5, 1.0), (2.0, 1.0), (1.0, 0.8)])
def test_draws_follow_the_tempered_softmax(temperature: float, top_p: float) -> None:
    logits = np.array([9.0, 1.0, 2.0, 0.5, -1.0], np.float32)  # the first is <unk>
    sampling = SamplingConfig(temperature, top_p)
    noise = Rng(7).gumbel_noise(40_000, 5)
    drawn = np.bincount([draw(logits, sampling, row) for row in noise], minlength=5) / len(noise)
    expected = np.exp(logits.astype(float) / temperature)
    expected[UNKNOWN_ID] = 0
    expected /= expected.sum()
    if top_p < 1:  # 0.63 and 0.23 reach 0.8
        expected[[3, 4]] = 0
        expected /= expected.sum()
    np.testing.assert_allclose(drawn, expected, atol=0.01)


@given(SEEDS, st.integers(0, 2**32))
def test_unknown_is_never_drawn_however_likely(seed: int, spread: int) -> None:
    logits = np.random.default_rng(spread).normal(0, 5, 12).astype(np.float32)
    logits[UNKNOWN_ID] = 100
    assert draw(logits, SamplingConfig(2.0, 0.3), Rng(seed).gumbel_noise(1, 12)[0]) != UNKNOWN_ID


def test_the_logits_are_left_as_they_were() -> None:
    logits = np.arange(5, dtype=np.float32)
    draw(logits, SamplingConfig(), Rng(1).gumbel_noise(1, 5)[0])
    assert logits.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("top_p", "kept"),
    [(0.01, [1]), (0.49, [1]), (0.51, [1, 2]), (0.81, [1, 2, 0]), (1.0, [0, 1, 2, 3])],
)
def test_the_nucleus_is_the_fewest_ids_that_reach_top_p(top_p: float, kept: list[int]) -> None:
    logits = np.log(np.array([0.15, 0.5, 0.3, 0.05], np.float32))
    assert nucleus(logits, top_p).nonzero()[0].tolist() == sorted(kept)


@given(SEEDS, st.floats(0.01, 1), st.booleans())
def test_the_nucleus_is_what_a_sort_says(seed: int, top_p: float, with_ties: bool) -> None:
    logits = np.random.default_rng(seed).normal(0, 3, 30).astype(np.float32)
    if with_ties:
        logits = logits.round()
    order = sorted(range(30), key=lambda i: (-logits[i], i))
    probabilities = np.exp(logits[order].astype(np.float64) - logits[order[0]])
    before = np.cumsum(probabilities) - probabilities
    kept = {order[i] for i in range(30) if before[i] < top_p * probabilities.sum()}
    assert set(nucleus(logits, top_p).nonzero()[0].tolist()) == kept


@given(
    SEEDS,
    st.lists(st.sampled_from([1e-6, 0.01, 0.3, 0.5, 0.9, 0.999, 1.0]) | st.floats(0.01, 1), min_size=1, max_size=5),
    st.sampled_from([0.05, 0.5, 1.0, 2.0]),
    st.sampled_from(["even", "peaked", "with ties"]),
)
def test_what_is_drawn_is_the_best_in_the_nucleus(
    seed: int, top_ps: list[float], temperature: float, kind: str
) -> None:
    """However it is found: here by sorting, for one row after another."""
    logits = np.random.default_rng(seed).normal(0, 0.2 if kind == "even" else 3, (len(top_ps), 12)).astype(np.float32)
    if kind == "with ties":
        logits = logits.round()
    noise = Rng(seed).gumbel_noise(len(top_ps), 12)
    scaled = logits * np.float32(1 / temperature)
    scaled[:, UNKNOWN_ID] = -np.inf
    expected = []
    for row, each, top_p in zip(scaled, noise, top_ps, strict=True):
        order = sorted(range(12), key=lambda i: (-row[i], i))
        probabilities = np.exp((row[order] - row[order[0]]).astype(np.float64))
        before = np.cumsum(probabilities) - probabilities
        kept = [order[i] for i in range(12) if top_p == 1 or before[i] < top_p * probabilities.sum()]
        expected.append(max(kept, key=lambda i: (row[i] + each[i], -i)))
    samplings = [SamplingConfig(temperature, top_p) for top_p in top_ps]
    assert Sampler(samplings, [""] * len(top_ps)).draw(logits, noise).tolist() == expected


@given(SEEDS)
def test_a_row_is_drawn_the_same_whoever_is_beside_it(seed: int) -> None:
    random = np.random.default_rng(seed)
    settings = [SamplingConfig(0.3), SamplingConfig(1.0, 0.6), SamplingConfig(2.0, 0.9, 1.0), SamplingConfig(0.05)]
    recents = ["", "\3" * 40, "\4\5" * 30, "\6" * 300]
    logits = random.normal(0, 4, (4, 12)).astype(np.float32)
    noise = Rng(seed).gumbel_noise(4, 12)
    alone = [draw(logits[i], settings[i], noise[i], recents[i]) for i in range(4)]
    assert Sampler(settings, recents).draw(logits, noise).tolist() == alone


def test_a_tie_in_the_nucleus_falls_to_the_smaller_id() -> None:
    assert nucleus(np.zeros(4, np.float32), 0.4).tolist() == [True, True, False, False]


@pytest.mark.parametrize("seed", [-1, 2**63, 1.0, True])
def test_a_seed_out_of_range_is_refused(seed: int) -> None:
    with pytest.raises(ConfigError, match="expected a rng seed from 0"):
        Rng(seed)


def test_fresh_streams_differ() -> None:
    assert Rng.fresh() != Rng.fresh()
