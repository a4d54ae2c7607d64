"""Every promise about people's words, kept for everybody: each decision, in private and in groups, seen in the file.

What is looked for are bytes: rows, indexes, free pages and the write-ahead log.
"""

import dataclasses
import datetime as dt
import json
import shutil
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.log.export import export_file
from bot.log.filters import Filter
from bot.privacy.my_data import collect
from bot.storage.book import Book, Occasion, Origin
from bot.storage.consent_book import ConsentBook
from bot.storage.database import Database
from bot.storage.migration import move_chat
from bot.storage.prompts import Answer
from bot.storage.ratings import Rating
from bot.storage.states import States
from bot.storage.tables import states
from bot.storage.users import User
from tests.bot.fakes import FakeGenerator
from tests.bot.privacy.test_privacy import age, forget, on_disk, press, retention, say
from tests.bot.stage import Stage

DECISIONS = [("allowed", "refused", "silent"), ("withdrawn", "silent", "allowed")]  # of the three in the group


@pytest.fixture
async def stage(address: str) -> AsyncIterator[Stage]:
    """Nobody has used the bot before."""
    async with Stage(address, FakeGenerator(), strangers=True) as opened:
        yield opened


@dataclass(frozen=True)
class Person:
    """Somebody of the group, and what they decided."""

    id: int
    decision: str

    def words(self, place: str) -> str:
        return f"{self.decision} parrot in {place}"


async def people(stage: Stage, decisions: tuple[str, ...]) -> list[Person]:
    """People who have each decided differently, and then talked in private and in the group."""
    members = [user for user in stage.playground.world.group.members if user in stage.playground.world.people]
    found = [Person(user, decision) for user, decision in zip(members, decisions, strict=True)]
    for person in found:
        if person.decision in ("allowed", "withdrawn"):
            await decide(stage, person, "Yes, keep them")
        if person.decision == "refused":
            await decide(stage, person, "No, erase them")
        await say(stage, person.words("the group"), stage.group, person.id)
        await in_private(stage, person)
        if person.decision == "withdrawn":
            await decide(stage, person, "No, erase them")
    return found


async def decide(stage: Stage, person: Person, label: str) -> None:
    await stage.ask("/privacy", stage.group, person.id)
    await press(stage, stage.playground.history(stage.group)[-1], label, person.id)


async def in_private(stage: Stage, person: Person) -> None:
    """As the handlers write it: a private chat has its person's number."""
    from bot.storage.chats import Chat

    book = Book(stage.database, stage.terms.version)
    now = dt.datetime.now(dt.UTC)
    occasion = Occasion(1, person.id, Chat(person.id, "private"), User(person.id, "Somebody"), 1, now)
    prompt = await book.open_prompt(occasion, "seed", person.words("private"), 1, "f")
    await book.close_prompt(prompt.id, Answer("answered", person.words("private") + " says"), state=b"remembered")


@pytest.mark.parametrize("decisions", DECISIONS)
async def test_after_the_retention_period_only_what_was_allowed_is_anywhere(
    stage: Stage, decisions: tuple[str, ...]
) -> None:
    everybody = await people(stage, decisions)
    for person in everybody:
        assert on_disk(stage.address, person.words("the group"))
        assert on_disk(stage.address, person.words("private"))
    await age(stage, 31)
    await retention(stage).purge()
    left = {
        person.decision
        for person in everybody
        for place in ("the group", "private")
        if on_disk(stage.address, person.words(place))
    }
    assert left == {"allowed"}
    assert len(await stage.prompts()) == 6  # the facts stay, for figures without words


async def test_an_export_has_the_words_of_those_who_allowed_it_and_of_nobody_else(stage: Stage, tmp_path: Path) -> None:
    await people(stage, DECISIONS[0])
    path = tmp_path / "log.jsonl"
    await export_file(stage.database, Filter(consented=True), "jsonl", path, tmp_path)
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert sorted(row["seed_text"] for row in rows) == ["allowed parrot in private", "allowed parrot in the group"]
    assert len({row["person"] for row in rows}) == 1
    numbers = {str(user) for user in stage.playground.world.people} | {str(stage.group)}
    assert not any(number in path.read_text("utf-8") for number in numbers)


@pytest.mark.parametrize("decisions", DECISIONS)
async def test_whoever_is_forgotten_leaves_nothing_and_everybody_else_stays(
    stage: Stage, decisions: tuple[str, ...]
) -> None:
    everybody = await people(stage, decisions)
    for person in everybody:
        await forget(stage, stage.group, person.id, "Yes, erase everything")
        left = [
            other.decision
            for other in everybody
            if on_disk(stage.address, other.words("the group")) or on_disk(stage.address, other.words("private"))
        ]
        assert left == [other.decision for other in everybody[everybody.index(person) + 1 :]]
    path = stage.address.removeprefix("sqlite:///")
    with sqlite3.connect(path) as connection:
        (pages,) = connection.execute("SELECT count(*) FROM consents").fetchone()
    connection.close()
    assert pages == 0


async def test_a_name_is_forgotten_with_its_person_and_after_a_long_absence(stage: Stage) -> None:
    now = dt.datetime.now(dt.UTC)
    consents = ConsentBook(stage.database)
    for number, name, decision in ((901, "Nomenclatura", "refused"), (902, "Onomastica", "allowed")):
        person = User(number, name, f"{name.lower()}_user")
        await consents.decide(person, stage.terms.question(), decision, now - dt.timedelta(days=31))  # type: ignore[arg-type]
    await retention(stage).purge()
    assert not on_disk(stage.address, "Nomenclatura")
    assert not on_disk(stage.address, "nomenclatura_user")
    assert on_disk(stage.address, "Onomastica")
    await retention(stage).forget_person(902)
    assert not on_disk(stage.address, "Onomastica")
    assert not on_disk(stage.address, "onomastica_user")


async def test_what_was_asked_inline_and_thought_of_replies_is_forgotten_too(stage: Stage) -> None:
    """There is no chat to be found by."""
    book, now = Book(stage.database), dt.datetime.now(dt.UTC)
    inline = Occasion(1, 700, None, User(55, "Inline"), None, now)
    prompt = await book.open_prompt(inline, "inline", "inline parrot", 1, "f")
    await book.close_prompt(prompt.id, Answer("answered", "inline parrot says", inline_message_id="telling-inline-id"))
    theirs = await say(stage, "their parrot", stage.group)
    opinion = Rating(theirs.id, 55, "reaction", "telling-reaction", now)
    await book.replace_ratings(theirs.id, User(55, "Inline"), "reaction", [opinion])
    assert on_disk(stage.address, "inline parrot")
    await retention(stage).forget_person(55)
    for gone in ("inline parrot", "telling-inline-id", "telling-reaction"):
        assert not on_disk(stage.address, gone), gone
    assert on_disk(stage.address, "their parrot")


async def test_what_the_network_remembers_goes_with_the_words(stage: Stage) -> None:
    prompt = await say(stage, "remembering parrot", stage.group)
    async with stage.database.writing() as connection:
        await States(connection).save(prompt.id, stage.group, b"telling state", prompt.asked.asked_at)
    await age(stage, 31)
    await retention(stage).purge()
    assert not on_disk(stage.address, "telling state")
    async with stage.database.reading() as connection:
        assert (await connection.execute(select(states.c.prompt_id))).all() == []


async def test_another_take_of_words_that_were_not_allowed_is_not_kept_by_who_pressed(stage: Stage) -> None:
    author, presser = list(stage.playground.world.group.members)[:2]
    await decide(stage, Person(presser, "allowed"), "Yes, keep them")
    first = await say(stage, "shy parrot", stage.group, author)
    occasion = Occasion(1, 800, None, User(presser, "Presser"), None, dt.datetime.now(dt.UTC))
    book = Book(stage.database, stage.terms.version)
    again = await book.open_prompt(occasion, "again", "shy parrot", 1, "f", Origin(first))
    assert again.asked.consent_id is None
    await book.close_prompt(again.id, Answer("answered", "shy parrot says"))
    await age(stage, 31)
    await retention(stage).purge()
    assert not on_disk(stage.address, "shy parrot")


async def test_words_that_somebody_else_brings_are_their_authors(stage: Stage) -> None:
    """Nobody allows for others, and who wrote the words sees them and takes them back: forwarded, or for a guest."""
    author, bringer = list(stage.playground.world.people)[:2]
    for person in (author, bringer):
        await decide(stage, Person(person, "allowed"), "Yes, keep them")
    written = await stage.playground.say(stage.group, author, "zanahoria telescopio")
    await stage.settled(stage.group)
    await stage.playground.forward(stage.group, written.message_id, bringer, bringer)
    await stage.playground.until(bringer, lambda message: (message.text or "").startswith("zanahoria"))
    people = list(stage.playground.world.people.values())
    elsewhere = stage.playground.world.add_group("Elsewhere", people, with_bot=False).chat.id
    written = await stage.playground.say(elsewhere, author, "zanahoria microscopio")
    await stage.playground.say(elsewhere, bringer, "@cotorra_bot", reply_to=written.message_id)
    await stage.playground.until(elsewhere, lambda message: message.guest_bot_caller_user is not None)
    await stage.idle()
    brought = await stage.prompts()
    assert [(prompt.asked.user_id, prompt.asked.consent_id) for prompt in brought] == [(bringer, None)] * 2
    assert [row["seed_text"] for row in (await my_data(stage, author))["in_prompts_of_others"]] == [
        "zanahoria telescopio",
        "zanahoria microscopio",
    ]
    assert (await my_data(stage, bringer))["in_prompts_of_others"] == []
    await retention(stage).forget_person(author)
    assert not on_disk(stage.address, "zanahoria")
    assert len(await stage.prompts()) == 2


async def test_what_one_forwards_of_oneself_is_ones_own(stage: Stage) -> None:
    await decide(stage, Person(stage.you, "allowed"), "Yes, keep them")
    written = await stage.playground.say(stage.group, stage.you, "zanahoria")
    await stage.settled(stage.group)
    await stage.playground.forward(stage.group, written.message_id, stage.you, stage.you)
    await stage.playground.until(stage.you, lambda message: (message.text or "").startswith("zanahoria"))
    await stage.idle()
    (prompt,) = await stage.prompts()
    assert prompt.asked.consent_id is not None
    assert (await my_data(stage, stage.you))["in_prompts_of_others"] == []


async def test_other_takes_of_somebodys_words_are_in_their_data_without_who_took_them(stage: Stage) -> None:
    author, presser = list(stage.playground.world.people)[:2]
    first = await say(stage, "shy parrot", stage.group, author)
    occasion = Occasion(1, 800, None, User(presser, "Presser"), None, dt.datetime.now(dt.UTC))
    book = Book(stage.database, stage.terms.version)
    again = await book.open_prompt(occasion, "again", "shy parrot", 1, "f", Origin(first))
    more = dataclasses.replace(occasion, update_id=801)
    await book.open_prompt(more, "more", "the presser's own", 1, "f", Origin(again, again.id))
    taken = (await my_data(stage, author))["in_prompts_of_others"]
    assert [(row["kind"], row.get("seed_text")) for row in taken] == [("again", "shy parrot"), ("more", None)]
    assert not any(str(presser) in str(row) for row in taken)


async def test_a_yes_does_not_cover_another_take_of_what_was_written_before_it(stage: Stage) -> None:
    before = await say(stage, "early parrot", stage.group, stage.you)
    await decide(stage, Person(stage.you, "allowed"), "Yes, keep them")
    await stage.ask("/again", stage.group)
    after = await say(stage, "late parrot", stage.group, stage.you)
    again = (await stage.prompts())[-2]
    assert (again.asked.kind, again.asked.parent_id) == ("again", before.id)
    assert [row.asked.consent_id is None for row in (before, again, after)] == [True, True, False]


async def my_data(stage: Stage, user: int) -> dict[str, Any]:
    _, content = await collect(stage.database, user)
    data: dict[str, Any] = json.loads(content)
    return data


async def test_a_forgotten_group_leaves_no_title_and_no_words(stage: Stage) -> None:
    title = stage.playground.world.group.chat.title or ""
    await say(stage, "grouped parrot", stage.group)
    assert on_disk(stage.address, title)
    await retention(stage).forget_chat(stage.group)
    assert not on_disk(stage.address, title)
    assert not on_disk(stage.address, "grouped parrot")


async def test_made_up_lines_of_a_quiz_forget_whose_words_they_begin_with(stage: Stage) -> None:
    author, asker = list(stage.playground.world.people)[:2]
    for person in (author, asker):
        await decide(stage, Person(person, "allowed"), "Yes, keep them")
    await say(stage, "zanahoria telescopio that nobody else would ever say", stage.group, author)
    await stage.playground.say(stage.group, asker, "/quiz")
    await stage.playground.until(stage.group, lambda message: message.poll is not None)
    await stage.settled(stage.group)
    made_up = [prompt for prompt in await stage.prompts() if prompt.asked.kind == "quiz"]
    assert {prompt.asked.seed_text for prompt in made_up} == {"zanahoria telescopio"}
    assert all(prompt.asked.consent_id is not None for prompt in made_up)
    await retention(stage).forget_person(author)
    assert not on_disk(stage.address, "zanahoria")
    assert all(prompt.erased_at is not None for prompt in await stage.prompts() if prompt.asked.kind == "quiz")


async def test_a_forgotten_supergroup_is_erased_from_a_backup_of_the_group_it_was(stage: Stage, tmp_path: Path) -> None:
    await say(stage, "grouped parrot", stage.group)
    await stage.database.scrub()
    backup = shutil.copy(stage.address.removeprefix("sqlite:///"), tmp_path / "backup.sqlite")
    async with stage.database.writing() as connection:
        await move_chat(connection, stage.group, -100_777)
    await retention(stage).forget_chat(-100_777)
    assert not on_disk(stage.address, "grouped parrot")
    restored = f"sqlite:///{backup}"
    assert on_disk(restored, "grouped parrot")
    async with Database(restored) as database:
        assert (await retention(stage, database=database).purge()).forgotten == 1
    assert not on_disk(restored, "grouped parrot")
