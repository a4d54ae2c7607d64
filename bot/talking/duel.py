"""The duel: the same beginning continued at two temperatures, side by side; what one sees of it.

Knows neither Telegram nor storage.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.storage.settings import ChatSettings

SIDES = ("🅰", "🅱")
LENGTH = 160  # characters: two of them and the question are read on one screen
LADDER = (0.3, 0.5, 0.7, 0.9, 1.1)
_STEPS_APART = 2  # closer ones read alike
_SEED_SHOWN = 200  # characters: of a longer beginning its end


@dataclass(frozen=True)
class Side:
    """One of the two: what it was given, what it made of it, and at which temperature."""

    seed: str
    text: str
    temperature: float


def draw(rng: random.Random) -> tuple[float, float]:
    """Two temperatures far enough apart, in any order."""
    low = rng.randrange(len(LADDER) - _STEPS_APART)
    pair = [LADDER[low], LADDER[rng.randrange(low + _STEPS_APART, len(LADDER))]]
    rng.shuffle(pair)
    return pair[0], pair[1]


def settings_for(chat: ChatSettings, temperature: float) -> ChatSettings:
    """How a side writes in a chat."""
    return replace(chat, temperature=temperature, length=LENGTH, ending="sentence")


def shown(sides: Sequence[Side]) -> str:
    """Both texts under each other; who is who, they do not say."""
    return "\n\n".join(f"{sign} {_cut(side)}" for sign, side in zip(SIDES, sides, strict=True))


def _cut(side: Side) -> str:
    text = side.text if len(side.seed) <= _SEED_SHOWN else f"…{side.text[len(side.seed) - _SEED_SHOWN :].lstrip()}"
    return "\n".join(" ".join(line.split()) for line in text.splitlines() if line.strip())
