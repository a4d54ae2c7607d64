"""Replay: the very text again, also of replies that go on from others; else a sentence that says what differs."""

import dataclasses
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.errors import LogError
from bot.generating.scheduler import Scheduler
from bot.log.reading import find
from bot.log.replay import Replay, checkpoint_of, load_replay
from bot.storage.book import Book, Occasion, Origin
from bot.storage.chats import Chat
from bot.storage.database import Database
from bot.storage.prompts import Answer, Prompt
from bot.storage.settings import ChatSettings
from bot.talking.prompt_turn import turn_of
from bot.talking.thinking import think
from bot.text import clean
from model.generator import STARTER, RecurrentGenerator
from tests.bot.fakes import FakeGenerator
from tests.bot.log.rows import ANA, NOON, add

CHAT = Chat(5, "private")
SEEDS = ("Python is", "The statement", "x = [", "¿Qué? ", "a\nb\n\n", "🦜 ", "def f(")


async def talk(
    database: Database, scheduler: Scheduler, number: int, seed: str, origin: Origin, kind: Any = "seed"
) -> Prompt:
    """A prompt as handlers bring it, from its arrival to its end."""
    book = Book(database)
    occasion = Occasion(1, number, CHAT, ANA, number, NOON)
    prompt = await book.open_prompt(occasion, kind, seed, number, scheduler.fingerprint, origin)
    answer = await think(prompt, scheduler, book)
    await book.close_prompt(prompt.id, answer)
    return await find(database, prompt.id)


async def replayed(database: Database, prompt: Prompt, generator: Any) -> tuple[str, str | None]:
    loaded = await load_replay(database, prompt)
    again = loaded.text(generator)
    return again, loaded.difference(generator, again)


async def test_replies_of_every_kind_and_setting_are_the_same_again(
    database: Database, starter: RecurrentGenerator
) -> None:
    """A hundred of them, in chains: seeds, /more on a state, a new text on a state, other takes."""
    chance = random.Random(1)
    said: list[Prompt] = []
    async with Scheduler(starter) as scheduler:
        for number in range(100):
            settings = ChatSettings(
                chance.choice((0.05, 0.4, 0.9, 2.0)),
                chance.choice((1.0, 0.8)),
                chance.choice((1, 40, 120)),
                chance.choice(("length", "sentence", "line")),
            )
            before = said[-1] if said and chance.random() < 0.7 else None
            origin = Origin(before, None if before is None else before.id, 0, settings)
            kind = "seed" if before is None else chance.choice(("more", "reply"))
            seed = "" if kind == "more" else chance.choice(SEEDS)
            said.append(await talk(database, scheduler, number, seed, origin, kind))
    assert max(number_of(said, prompt) for prompt in said) >= 5
    for prompt in said:
        assert await replayed(database, prompt, starter) == (prompt.answer.reply_text, None)


def number_of(said: list[Prompt], prompt: Prompt) -> int:
    """How many replies a prompt goes on from."""
    by_id = {one.id: one for one in said}
    count = 0
    while prompt.asked.continues_id is not None:
        prompt, count = by_id[prompt.asked.continues_id], count + 1
    return count


async def test_a_text_that_was_stopped_and_what_went_on_from_it_are_the_same_again(
    database: Database, starter: RecurrentGenerator
) -> None:
    async with Scheduler(starter) as scheduler:
        first = await talk(database, scheduler, 1, "Python is", Origin(settings=ChatSettings(length=80)))
        whole = (first.answer.reply_text or "")[len("Python is") :]
        state = starter.generate(
            starter.feed(starter.initial_state(), "Python is"), 30, first.asked.sampling, turn_of(first.asked).rng
        ).state
        stopped = dataclasses.replace(
            first.answer, outcome="stopped", characters=30, reply_text=clean("Python is" + whole[:30])
        )
        await Book(database).close_prompt(first.id, stopped, state=state.to_bytes())
        more = await talk(database, scheduler, 2, "", Origin(first, first.id), "more")
    assert await replayed(database, await find(database, first.id), starter) == (f"Python is{whole[:30]}", None)
    await forget_states(database)
    assert await replayed(database, more, starter) == (more.answer.reply_text, None)


async def test_a_chain_whose_states_are_gone_is_run_from_its_beginning(
    database: Database, starter: RecurrentGenerator
) -> None:
    async with Scheduler(starter) as scheduler:
        last = await talk(database, scheduler, 1, "Python is", Origin())
        for number in range(2, 6):
            last = await talk(database, scheduler, number, "", Origin(last, last.id), "more")
    await forget_states(database)
    assert await replayed(database, last, starter) == (last.answer.reply_text, None)
    async with database.writing() as connection:
        await connection.execute(text("DELETE FROM prompts WHERE id = 1"))
    with pytest.raises(LogError, match=r"expected what prompt 5 goes on from, but the words of prompt 1 .* are erased"):
        await load_replay(database, last)


async def forget_states(database: Database) -> None:
    async with database.writing() as connection:
        await connection.execute(text("DELETE FROM states"))


async def test_a_replay_says_what_differs(database: Database) -> None:
    prompt = await add(database, 3)
    loaded, generator = await load_replay(database, prompt), FakeGenerator()
    assert loaded.difference(generator, loaded.text(generator)) is None
    changed = (prompt.answer.reply_text or "")[:10] + "#"
    assert "character 11 on" in (loaded.difference(generator, changed) or "")
    other = FakeGenerator()
    other.fingerprint = "other/weights"
    assert "this checkpoint is other/weights" in (loaded.difference(other, "x") or "")
    unanswered = Replay([Prompt(prompt.id, prompt.asked, Answer("refused"))], None)
    assert "the prompt is refused" in (unanswered.difference(generator, "x") or "")
    erased = Replay([dataclasses.replace(prompt, erased_at=NOON)], None)
    assert "were erased on 2026-01-31" in (erased.difference(generator, "x") or "")


async def test_a_state_of_other_weights_is_a_sentence(database: Database, starter: RecurrentGenerator) -> None:
    async with Scheduler(starter) as scheduler:
        first = await talk(database, scheduler, 1, "Python is", Origin())
        more = await talk(database, scheduler, 2, "", Origin(first, first.id), "more")
    loaded = await load_replay(database, more)
    with pytest.raises(LogError, match="this checkpoint is 0123"):
        loaded.text(FakeGenerator())


async def test_a_replay_takes_the_engine_of_the_reply(database: Database) -> None:
    prompt = await add(database, 3)
    for fingerprint, engine in (("abc/litert-int8", "litert"), ("abc/tensorflow", "tensorflow"), ("abc/fake", "auto")):
        asked = dataclasses.replace(prompt.asked, fingerprint=fingerprint)
        assert Replay([Prompt(prompt.id, asked, prompt.answer)], None).engine == engine


async def test_a_replay_takes_the_voice_that_gave_the_reply(
    database: Database, starter: RecurrentGenerator, tmp_path: Path
) -> None:
    prompt = await add(database, 3)
    theirs = dataclasses.replace(prompt, asked=dataclasses.replace(prompt.asked, fingerprint=starter.fingerprint))
    copy = Path(shutil.copytree(STARTER, tmp_path / "voice"))
    assert checkpoint_of(theirs, [copy]) == copy
    assert checkpoint_of(prompt, [copy]) is None


@pytest.mark.parametrize("number", [42, 0, -1, 2**63, 10**30])
async def test_a_prompt_that_is_not_there_is_named(database: Database, number: int) -> None:
    with pytest.raises(LogError, match=f"got {number}"):
        await find(database, number)
