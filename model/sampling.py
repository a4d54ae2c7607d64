"""Logits -> next character: temperature, top-p, seeded.

Knows no network. The draw is the Gumbel-max trick (Gumbel 1954; Maddison, Tarlow and Minka 2014): the id
with the largest logit / temperature + noise is a draw from the softmax, for the price of an addition and
an argmax. The noise of a reply's k-th character depends on the reply's seed and on k alone, so neither
the size of a chunk nor who else is talking can change a text.
"""

import math
import secrets
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.config import SamplingConfig
from model.errors import ConfigError
from model.vocabulary import UNKNOWN_ID

Floats = NDArray[np.float32]

SEED_BITS = 63  # a signed 64-bit column of a database holds it


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


def draw(logits: Floats, sampling: SamplingConfig, noise: Floats) -> int:
    """The next id: from logits and Gumbel noise, both 1D tensors with shape (vocabulary,).

    `<unk>` is never drawn.
    """
    scaled = logits * np.float32(1 / sampling.temperature)
    scaled[UNKNOWN_ID] = -np.inf
    if sampling.top_p < 1:
        scaled[~nucleus(scaled, sampling.top_p)] = -np.inf
    scaled += noise
    return int(scaled.argmax())


def nucleus(logits: Floats, top_p: float) -> NDArray[np.bool_]:
    """Which ids are in the nucleus: the fewest likely ones whose probabilities reach top_p.

    1D tensors, with shape (vocabulary,). The likeliest is always in; ties fall to the smaller id.
    Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration".
    """
    order = np.argsort(-logits, kind="stable")
    probabilities = np.exp(logits[order].astype(np.float64) - logits[order[0]])
    before = np.cumsum(probabilities) - probabilities
    keep = np.zeros(len(logits), np.bool_)
    keep[order[before < top_p * probabilities.sum()]] = True
    return keep
