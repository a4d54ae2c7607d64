"""Logits -> next character: temperature, top-p, repetition brake, seeded.

Knows no network. The draw is the Gumbel-max trick (Gumbel 1954; Maddison, Tarlow and Minka 2014): the id
with the largest logit / temperature + noise is a draw from the softmax, for the price of an addition and
an argmax. The noise of a reply's k-th character depends on the reply's seed and on k alone, so neither
the size of a chunk nor who else is talking can change a text.
"""

import math
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.config import SamplingConfig
from model.errors import ConfigError
from model.repetition import backwards, remember, run_lengths, weights
from model.vocabulary import UNKNOWN_ID, Ids

Floats = NDArray[np.float32]

SEED_BITS = 63  # a signed 64-bit column of a database holds it
_ROUNDING = 1e-4  # of sums in single precision, generously


@dataclass(frozen=True)
class Rng:
    """A reply's random stream, by value: its seed, and how many characters were drawn from it.

    Raises ConfigError for a seed or position outside 0 .. 2**63 - 1.
    """

    seed: int
    position: int = 0

    def __post_init__(self) -> None:
        for name, value in (("rng seed", self.seed), ("position", self.position)):
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << SEED_BITS:
                raise ConfigError(f"expected a {name} from 0 to 2**63 - 1, got {value!r}")

    @classmethod
    def fresh(cls) -> "Rng":
        """A stream nobody has seen."""
        return cls(secrets.randbits(SEED_BITS))

    def advance(self, characters: int) -> "Rng":
        """The same stream after so many more characters."""
        return Rng(self.seed, self.position + characters)

    def gumbel_noise(self, characters: int, width: int) -> Floats:
        """Standard Gumbel noise for the next characters: 2D tensor, with shape (characters, width).

        Philox (Salmon et al. 2011) is counter based: character k owns the blocks from k * ceil(width / 4),
        four 64-bit words each. 52 bits of a word and a half make a uniform number that is neither 0 nor 1.
        """
        blocks = math.ceil(width / 4)
        stream = np.random.Philox(key=self.seed, counter=self.position * blocks)
        words = stream.random_raw(characters * blocks * 4).reshape(characters, blocks * 4)[:, :width]
        uniform = ((words >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52
        return (-np.log(-np.log(uniform))).astype(np.float32)


class Sampler:
    """Draws for the rows of a batch, each row with its own settings and its own history.

    recents: the last ids of each row as chr(id), oldest first (see model.repetition); kept up to date.

    Top-p: what was drawn is inside the nucleus, and stands, if all that are likelier have less than top_p together.
    Most are, and so that is asked first, in a few quick operations: with weights as multiples of the drawn one's, the
    likelier ones less top_p of all stay below its 1. Where rounding could matter, the nucleus itself is looked at.
    """

    def __init__(self, settings: Sequence[SamplingConfig], recents: Sequence[str]) -> None:
        self.recents = list(recents)
        self.scales = np.array([[1 / each.temperature] for each in settings], np.float32)
        self.top_p = np.array([[each.top_p] for each in settings])
        self.brakes = np.array([each.repetition_brake for each in settings], np.float32)
        self._surely = np.where(self.top_p < 1, self.top_p - _ROUNDING, 2).astype(np.float32)  # 2: never a doubt
        self._has_nucleus = bool((self.top_p < 1).any())
        self._top_p = [each.top_p for each in settings]
        self._scale = self.scales[0, 0]  # of a single row
        self._every = np.arange(len(self.recents))
        self._braked = self.brakes.nonzero()[0].tolist()

    def draw(self, logits: Floats, noise: Floats) -> NDArray[np.intp]:
        """The next ids: from logits and Gumbel noise, both 2D tensors with shape (rows, vocabulary).

        `<unk>` is never drawn. Does not remember what it drew: `remember` does.
        """
        logits = self._brake(logits)
        if len(logits) == 1:  # vectors are twice as quick as arrays of one row
            return self._draw_one(logits[0], noise[0])
        scaled = logits * self.scales
        scaled[:, UNKNOWN_ID] = -np.inf
        noisy = scaled + noise
        drawn: NDArray[np.intp] = noisy.argmax(axis=1)
        if self._has_nucleus:
            weights = np.exp(scaled - scaled[self._every, drawn, None])  # the drawn one's is 1
            likelier = np.vecdot(weights, (weights >= 1) - self._surely)
            for row in (likelier >= 1).nonzero()[0].tolist():
                drawn[row] = _best_inside(scaled[row], noisy[row], self._top_p[row])
        return drawn

    def _draw_one(self, logits: Floats, noise: Floats) -> NDArray[np.intp]:
        scaled = logits * self._scale
        scaled[UNKNOWN_ID] = -np.inf
        noisy = scaled + noise
        drawn: NDArray[np.intp] = noisy.argmax(keepdims=True)
        if self._has_nucleus:
            weights = np.exp(scaled - scaled[drawn])
            if weights.dot((weights >= 1) - self._surely[0]) >= 1:
                drawn[0] = _best_inside(scaled, noisy, self._top_p[0])
        return drawn

    def remember(self, ids: Iterable[int]) -> None:
        """One more id of each row, drawn or read."""
        self.recents = [remember(recent, chr(i)) for recent, i in zip(self.recents, ids, strict=True)]

    def history(self) -> tuple[Ids, Ids]:
        """What the brake knows, for a loop that keeps it itself.

        The ids from the last one back, -1 where there is none, with shape (rows, HISTORY), and how long each lag
        has repeated, with shape (rows, REACH).
        """
        ids = np.stack([backwards(recent) for recent in self.recents]).view(np.int32)
        return ids, np.stack([run_lengths(recent) for recent in self.recents])

    def _brake(self, logits: Floats) -> Floats:
        braked = logits
        for row in self._braked:
            weight = weights(self.recents[row], logits.shape[1])
            if weight is not None:
                if braked is logits:
                    braked = logits.copy()
                braked[row] -= self.brakes[row] * weight
        return braked


def nats(logits: Floats, ids: Ids) -> Floats:
    """How surprising ids are, -log p: from logits, with shape (rows, vocabulary), and an id for each row."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    chosen: Floats = shifted[np.arange(len(ids)), ids]
    surprise: Floats = np.log(np.exp(shifted).sum(axis=1)) - chosen
    return surprise


def nucleus(logits: Floats, top_p: float) -> NDArray[np.bool_]:
    """Which ids are in the nucleus: the fewest likely ones whose probabilities reach top_p.

    1D tensors, with shape (vocabulary,). The likeliest is always in; ties fall to the smaller id. Holtzman et al. 2020,
    "The Curious Case of Neural Text Degeneration".
    """
    ranked = np.sort(logits)[::-1]
    reached = np.add.accumulate(np.exp(ranked - ranked[0], dtype=np.float64))
    count = min(int(reached.searchsorted(top_p * reached[-1])) + 1, len(ranked))
    kept: NDArray[np.bool_] = logits >= ranked[count - 1]
    surplus = np.count_nonzero(kept) - count
    if surplus:
        kept[(logits == ranked[count - 1]).nonzero()[0][-surplus:]] = False
    return kept


def _best_inside(scaled: Floats, noisy: Floats, top_p: float) -> np.intp:
    """The draw among what is in the nucleus alone: all of shape (vocabulary,)."""
    return np.where(nucleus(scaled, top_p), noisy, -np.inf).argmax()
