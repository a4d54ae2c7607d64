"""People: who says what, where and when; drawn from a seed, so that a run can be repeated."""

import asyncio
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from benchmarks.proofs.telegram import FakeTelegram, Seat

Chat = Sequence[Seat]  # those who write in one chat
PEOPLE = 3  # in a group

_WORDS = ("the list", "a class", "every module", "import", "Domingo", "what is", "this string", "two words")
_ASKS = re.compile(r"Chat (\d+) asks (\d+):")
# What else is said to a bot, with the share of all that is said.
_SMALL_TALK = ("/help", "/temp", "/temp 0,7", "/temp hot", "/nonsense", "/seed", "/privacy", "/start")


@dataclass(frozen=True)
class Prompt:
    """A text to continue: the `number`-th one of a chat. Its reply begins with the same words, and no other's does."""

    seat: Seat
    chat: int
    number: int
    words: str

    @property
    def key(self) -> tuple[int, int]:
        return self.chat, self.number

    @property
    def seed_text(self) -> str:
        return f"Chat {self.chat} asks {self.number}: {self.words}"

    @property
    def text(self) -> str:
        """As somebody writes it: in a group, and every second time in private, as a command."""
        is_command = self.seat.chat_id < 0 or self.number % 2 == 0
        return f"/seed {self.seed_text}" if is_command else self.seed_text


def key_of(text: str) -> tuple[int, int] | None:
    """Which prompt a text belongs to; None for any other text."""
    found = _ASKS.match(text)
    return None if found is None else (int(found[1]), int(found[2]))


@dataclass(frozen=True)
class Line:
    """Something to say, so many seconds after the beginning; `prompt` is None for small talk."""

    at: float
    seat: Seat
    text: str
    prompt: Prompt | None = None


def take_seats(telegram: FakeTelegram, chats: int, groups: int) -> list[Chat]:
    """So many chats, the last of which are groups."""
    return [telegram.group(PEOPLE) if n >= chats - groups else (telegram.private_chat(),) for n in range(chats)]


def conversation(chats: Sequence[Chat], rate: float, rng: random.Random, small_talk: float = 0.0) -> Iterator[Line]:
    """Prompts without end, `rate` a second at random moments (a Poisson process) in random chats.

    small_talk: the share of what is said that is no prompt.
    """
    numbers = [0] * len(chats)
    at = 0.0
    while True:
        yield _line(at, rng.randrange(len(chats)), chats, numbers, rng, small_talk)
        at += rng.expovariate(rate)


def rounds(chats: Sequence[Chat], prompts: int, rate: float, rng: random.Random) -> Iterator[Line]:
    """So many prompts from each chat, all of them mixed, `rate` a second."""
    numbers = [0] * len(chats)
    order = [chat for chat in range(len(chats)) for _ in range(prompts)]
    rng.shuffle(order)
    for place, chat in zip(count(), order, strict=False):
        yield _line(place / rate, chat, chats, numbers, rng, 0.0)


def _line(
    at: float, chat: int, chats: Sequence[Chat], numbers: list[int], rng: random.Random, small_talk: float
) -> Line:
    seat = rng.choice(chats[chat])
    if rng.random() < small_talk:
        return Line(at, seat, rng.choice(_SMALL_TALK))
    prompt = Prompt(seat, chat, numbers[chat], rng.choice(_WORDS))
    numbers[chat] += 1
    return Line(at, seat, prompt.text, prompt)


async def wait_for(line: Line, start: float) -> None:
    """Return when it is the line's time."""
    await asyncio.sleep(max(0.0, start + line.at - asyncio.get_running_loop().time()))
