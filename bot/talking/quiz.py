"""The quiz: one real line among three that the network made up; which lines, and how they are made to look alike.

Knows neither Telegram nor storage.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.storage.settings import ChatSettings
from model.held_out import shortened

MADE_UP = 3
SHORTEST = 25  # characters of a line that is worth guessing about
LONGEST = 95  # Telegram's options have at most 100
_TEMPERATURE = 0.7  # wild enough not to recite, tame enough to pass for somebody
_WORDS = 2  # of another real line, with which a made-up one begins


@dataclass(frozen=True)
class Real:
    """A line that somebody wrote: in the corpus, or the words of a prompt."""

    text: str
    prompt_id: int | None = None


def choose(lines: Sequence[Real], rng: random.Random) -> tuple[Real, list[Real]] | None:
    """A real line and those that the made-up ones begin like; None where there are too few lines to begin with."""
    able = [line for line in lines if len(tidy(line.text)) >= SHORTEST]
    if not able:
        return None
    real = rng.choice(able)
    others = [line for line in able if line is not real] or [real]
    return real, [rng.choice(others) for _ in range(MADE_UP)]


def settings_for(chat: ChatSettings) -> ChatSettings:
    """How made-up lines are written in a chat."""
    return replace(chat, temperature=_TEMPERATURE, top_p=1.0, length=LONGEST, ending="line")


def tidy(text: str) -> str:
    """The first line of a text as an option shows it, or more of them where it is short: all are cut alike."""
    words = ""
    for line in text.splitlines():
        words = f"{words} {' '.join(line.split())}".strip()
        if len(words) >= SHORTEST:
            break
    return shortened(words, LONGEST)


def arrange(real: str, made_up: Sequence[str], rng: random.Random) -> list[int]:
    """The order of the options: 0 is the real line, the others follow; without what is blank or there already."""
    seen, order = {real}, [0]
    for number, text in enumerate(made_up, 1):
        if text and text not in seen:
            seen.add(text)
            order.append(number)
    rng.shuffle(order)
    return order


def beginning(line: str) -> str:
    """The words that a made-up line takes from a real one."""
    return " ".join(tidy(line).split()[:_WORDS])
