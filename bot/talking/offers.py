"""Offers: what is shown to somebody who types `@bot text`: the same text continued at three temperatures.

Nothing is written down before one of them is chosen. Until then all that it takes to write them again stands in the
ids of the results, which come back with the choice. Knows neither Telegram nor storage.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.languages import N_
from bot.storage.settings import ChatSettings

LENGTH = 100  # characters: read at a glance in a list
LADDER = ((0.3, N_("🙂 Tame")), (0.6, N_("🦜 Lively")), (1.0, N_("🌀 Wild")))
_FORM = re.compile(r"1\.([0-9])\.([0-9]{1,20})\.([0-9a-f]{8})")


@dataclass(frozen=True)
class Offer:
    """One step of the ladder, the random seed of all three, and the beginning of the fingerprint of who wrote them."""

    step: int
    rng_seed: int
    voice: str

    @property
    def id(self) -> str:
        """At most 64 bytes, as Telegram wants it."""
        return f"1.{self.step}.{self.rng_seed}.{self.voice}"


def offers(rng_seed: int, fingerprint: str) -> Sequence[Offer]:
    """One for each temperature."""
    return [Offer(step, rng_seed, fingerprint[:8]) for step in range(len(LADDER))]


def read_offer(result_id: str) -> Offer | None:
    """The offer with this id; None for what is none of ours, or of another version."""
    form = _FORM.fullmatch(result_id)
    if form is None or int(form[1]) >= len(LADDER):
        return None
    return Offer(int(form[1]), int(form[2]), form[3])


def settings_of(step: int) -> ChatSettings:
    """How the offer of this step is written, whoever asks: what a person sets between offer and choice changes none."""
    return ChatSettings(LADDER[step][0], 1.0, LENGTH, "sentence")
