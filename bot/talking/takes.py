"""Takes: what a prompt becomes when it is to be continued, tried again, or tried again warmer or colder.

Knows no Telegram. Buttons keep the settings of the reply they stand under; commands take the chat's.
"""

from dataclasses import dataclass
from typing import Literal

from bot.errors import StateGone
from bot.languages import N_
from bot.storage.book import Origin
from bot.storage.prompts import Asked, Kind, Prompt
from bot.storage.settings import ChatSettings
from model.config import HIGHEST_TEMPERATURE, LOWEST_TEMPERATURE

Wish = Literal["more", "again", "warmer", "colder"]
STEP = 0.2  # of temperature: less is hardly felt in one reply
ERASED = N_("I have erased those words, and cannot do that again.")


@dataclass(frozen=True)
class Take:
    """What is to be asked: see bot.talking.conversation.continue_text."""

    kind: Kind
    seed: str
    origin: Origin


def take_of(prompt: Prompt, wish: Wish, settings: ChatSettings | None = None, words: str = "") -> Take:
    """The prompt that a wish about another prompt leads to.

    settings: the chat's, for a command; None keeps those of the prompt. words: what `more` goes on with.
    Raises StateGone where the prompt's words were erased.
    """
    if prompt.erased_at is not None:
        raise StateGone(ERASED)
    asked = prompt.asked
    if wish == "more":
        settings = settings or _settings_of(asked)
        return Take("more", words, Origin(prompt, prompt.id, settings=settings, fingerprint=asked.fingerprint))
    # A state belongs to its voice; so does what a button stands under. A command is for the voice of now.
    fingerprint = asked.fingerprint if settings is None or asked.continues_id is not None else None
    settings = settings or _settings_of(asked, step(asked.temperature, wish))
    origin = Origin(prompt, asked.continues_id, settings=settings, opinion=wish, fingerprint=fingerprint)
    return Take("again", asked.seed_text, origin)


def step(temperature: float, wish: str) -> float:
    """A step up or down for `warmer` and `colder`, within the range; the same for everything else."""
    change = {"warmer": STEP, "colder": -STEP}.get(wish, 0.0)
    return round(min(max(temperature + change, LOWEST_TEMPERATURE), HIGHEST_TEMPERATURE), 2)


def _settings_of(asked: Asked, temperature: float | None = None) -> ChatSettings:
    return ChatSettings(
        asked.temperature if temperature is None else temperature, asked.top_p, asked.length, asked.ending
    )
