"""Rows for the tests of the log: people who allowed it and people who did not, asking once an hour from noon on."""

import datetime as dt
from pathlib import Path

from bot.privacy.terms import Terms
from bot.storage.book import Book, Occasion, Origin
from bot.storage.chats import Chat
from bot.storage.consent_book import ConsentBook
from bot.storage.database import Database
from bot.storage.prompts import Answer, Kind, Prompt
from bot.storage.users import User
from model.config import SamplingConfig
from tests.bot.fakes import FakeGenerator, expected_text

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
FINGERPRINT = FakeGenerator().fingerprint
TERMS = Terms()
ANA, LUIS, EVA = User(7, "Ana", "ana", "es"), User(8, "Luis", None, "pt"), User(9, "Eva")


async def decide(database: Database, user: User, decision: str, at: dt.datetime = NOON - HOUR) -> None:
    await ConsentBook(database).decide(user, TERMS.question(), decision, at)  # type: ignore[arg-type]


async def ask(
    database: Database,
    number: int,
    seed: str | None = None,
    *,
    chat: int | None = 5,
    user: User | None = ANA,
    kind: Kind = "seed",
    origin: Origin | None = None,
) -> Prompt:
    """The prompt of hour `number` after noon, pending."""
    where = None if chat is None else Chat(chat, "private" if chat > 0 else "group")
    occasion = Occasion(1, number, where, user, number, NOON + number * HOUR)
    seed = f"seed {number}\n" if seed is None else seed
    book = Book(database, TERMS.version)
    return await book.open_prompt(occasion, kind, seed, number, FINGERPRINT, origin or Origin())


async def answer(database: Database, prompt: Prompt, text: str | None = None) -> Prompt:
    """Answered as FakeGenerator would, or with a text."""
    asked = prompt.asked
    if text is None:
        text = asked.seed_text + expected_text(asked.seed_text, asked.length, SamplingConfig(), asked.rng_seed)
    done = Answer("answered", text, 100 + prompt.id, 10 * prompt.id, 900.0, len(text) - len(asked.seed_text), 1, 2)
    await Book(database).close_prompt(prompt.id, done)
    found = await Book(database).find_prompt(prompt.id)
    assert found is not None
    return found


async def add(database: Database, number: int, seed: str | None = None, **how: object) -> Prompt:
    """Asked and answered."""
    return await answer(database, await ask(database, number, seed, **how))  # type: ignore[arg-type]


def path_of(address: str) -> Path:
    return Path(address.removeprefix("sqlite:///"))
