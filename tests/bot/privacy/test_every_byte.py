"""Every byte: whatever the bot writes down about somebody, in every table, is in no file once it is promised gone.

Looked for are words, names and numbers, in the database, its write-ahead log and all that lies beside them.
"""

import datetime as dt
import json
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.log.browsing import browser
from bot.privacy.my_data import collect
from bot.privacy.retention import Retention
from bot.privacy.terms import Terms
from bot.storage import schema
from bot.storage.book import Book, Occasion, Origin
from bot.storage.chats import Chat
from bot.storage.consent_book import ConsentBook
from bot.storage.database import Database
from bot.storage.game_book import GameBook
from bot.storage.games import Option
from bot.storage.group_calls import GroupCalls
from bot.storage.inbox import Arrival
from bot.storage.mail import Mail
from bot.storage.prompts import Answer
from bot.storage.ratings import Rating
from bot.storage.tables import prompts, states, users
from bot.storage.users import User

TERMS = Terms()
DAYS = 30
NOW = dt.datetime.now(dt.UTC)
THEN = NOW - dt.timedelta(days=DAYS + 2)
CALLER = User(0x0123_4567, "Caller")
DECISIONS = ("allowed", "refused", "silent", "withdrawn")
GROUP = Chat(-0x1122_3344_5566, "supergroup", "Telltale Aviary", "telltale_aviary")


@dataclass(frozen=True)
class Person:
    """Somebody whose every trace can be told apart: words with their decision in them, and a six-byte number."""

    decision: str
    number: int

    @property
    def user(self) -> User:
        return User(self.number, f"Name-{self.decision}", f"username_{self.decision}", "es")

    def mark(self, where: str) -> str:
        return f"{where}-of-{self.decision}"

    def words(self) -> list[str]:
        """What they said or what was made of it."""
        places = (
            "copy",
            "quoted",
            "seed",
            "reply",
            "state",
            "private-seed",
            "private-reply",
            "private-state",
            "inline",
            "game",
        )
        return [self.mark(place) for place in places]

    def traces(self) -> list[bytes]:
        """All that tells of them: words, names, what they waited for, their number in a row and in JSON."""
        others = [self.mark(place) for place in ("update", "delivery", "reaction", "inline-id")]
        names = [self.user.name, str(self.user.username), str(self.number)]
        return [*(text.encode() for text in (*self.words(), *others, *names)), self.number.to_bytes(6, "big")]


PEOPLE = [Person(decision, 0x6A5B_4C3D_2E00 + place) for place, decision in enumerate(DECISIONS)]


@pytest.fixture
async def database(address: str) -> AsyncIterator[Database]:
    """With everything that four people and a group leave in it."""
    async with Database(address) as opened:
        await schema.prepare_schema(opened, address)
        await ConsentBook(opened).decide(CALLER, TERMS.question(), "allowed", THEN)
        for place, person in enumerate(PEOPLE):
            await leave_traces(opened, person, 100 * (place + 1))
        yield opened


async def leave_traces(database: Database, person: Person, number: int) -> None:
    """A row in every table that knows people. number: of the first update."""
    book, consents, games = Book(database, TERMS.version), ConsentBook(database), GameBook(database)
    if person.decision != "silent":
        first = "refused" if person.decision == "refused" else "allowed"
        await consents.decide(person.user, TERMS.question(), first, THEN)  # type: ignore[arg-type]
    private = Chat(person.number, "private", person.user.name, person.user.username)

    async def say(part: int, kind: str, chat: Chat | None, place: str, origin: Origin | None = None) -> int:
        there = Occasion(1, number + part, chat, person.user, number + part, THEN)
        seed = person.mark(place)
        prompt = await book.open_prompt(there, kind, seed, 1, "f", origin or Origin())  # type: ignore[arg-type]
        said = Answer("answered", seed + person.mark(place.replace("seed", "reply")), number + part, 5, 1.0, 9)
        inline = person.mark("inline-id") if chat is None else None
        state = person.mark(place.replace("seed", "state")).encode()
        await book.close_prompt(prompt.id, Answer(**vars(said) | {"inline_message_id": inline}), state=state)
        return prompt.id

    mine = await say(0, "seed", GROUP, "seed")
    await say(1, "seed", private, "private-seed")
    await say(2, "inline", None, "inline")
    await quote(database, person, number + 8)
    parent = await book.find_prompt(mine)
    await say(3, "again", GROUP, "copy", Origin(parent))
    made_up = await say(4, "quiz", GROUP, "game", Origin(parent))
    opinion = Rating(mine, person.number, "reaction", person.mark("reaction"), THEN)
    await book.replace_ratings(mine, person.user, "reaction", [opinion])
    quiz = await games.open_game(GROUP.id, "quiz", [Option(mine), Option(made_up)], 0, THEN, [made_up])
    await games.sent(quiz.id, number + 5, 7, f"poll {number}")
    await games.guess(f"poll {number}", person.user, 0, THEN)
    duel = await games.open_game(GROUP.id, "duel", [Option(mine), Option(made_up)], None, THEN, [made_up])
    await games.vote(duel.id, person.user, 1, THEN)
    await games.close(duel.id, THEN)
    await Mail(database, 1).note_call(GROUP.id, NOW)
    await book.change_settings(Occasion(1, number + 6, GROUP, person.user, 1, THEN), temperature=number / 1_000)
    await book.change_settings(Occasion(1, number + 7, private, person.user, 1, THEN), temperature=0.9)
    if person.decision == "withdrawn":
        await consents.decide(person.user, TERMS.question(), "refused", THEN)
        await Retention(database, folder_of(database), DAYS, lambda: THEN).withdraw(person.number)
    async with database.writing() as connection:
        await connection.execute(update(states).values(saved_at=THEN))
        await connection.execute(update(users).values(last_seen_at=THEN))


async def quote(database: Database, person: Person, number: int) -> None:
    """Somebody else, who allows everything, asks with their words, and once more."""
    book = Book(database, TERMS.version)
    there = Occasion(1, number, None, CALLER, None, THEN, author_id=person.number)
    quoted = await book.open_prompt(there, "guest", person.mark("quoted"), 1, "f")
    again = await book.open_prompt(
        Occasion(1, number + 1, None, CALLER, None, THEN), "again", person.mark("quoted"), 1, "f", Origin(quoted)
    )
    for prompt in (quoted, again):
        assert prompt.asked.consent_id is None
        await book.close_prompt(prompt.id, Answer("answered", person.mark("quoted") + "!"))


async def wait(database: Database, person: Person, number: int, chat: int) -> None:
    """An update of theirs that waits, in the middle of being answered."""
    mail = Mail(database, 1)
    sender = {"id": person.number, "first_name": person.user.name}
    message = {"message": {"from": sender, "chat": {"id": chat, "type": "group"}, "text": person.mark("update")}}
    (place,) = await mail.accept([Arrival(1, number, chat, number, THEN, json.dumps(message))])
    await mail.open(place.id)
    await mail.plan(place.id, 0, chat, [person.mark("delivery")])


def content_of(database: Database) -> bytes:
    return Path(str(database.url.database)).read_bytes()


def folder_of(database: Database) -> Path:
    return Path(str(database.url.database)).parent


def files_with(folder: Path, trace: bytes) -> list[str]:
    """The files in a folder that hold these bytes anywhere."""
    return [path.name for path in sorted(folder.rglob("*")) if path.is_file() and trace in path.read_bytes()]


def left_of(database: Database, person: Person) -> set[bytes]:
    return {trace for trace in person.traces() if files_with(folder_of(database), trace)}


def retention(database: Database, restored: Database | None = None) -> Retention:
    return Retention(restored or database, folder_of(database), DAYS)


@pytest.mark.parametrize("person", PEOPLE, ids=DECISIONS)
async def test_every_trace_is_there_before_and_none_after_forget(database: Database, person: Person) -> None:
    """But for those of everybody else."""
    await wait(database, person, 9_001, GROUP.id)
    await wait(database, person, 9_002, person.number)
    assert left_of(database, person) == set(person.traces())  # so that nothing is looked for in vain
    others = [other for other in PEOPLE if other is not person]
    before = [left_of(database, other) for other in others]
    await retention(database).forget_person(person.number)
    assert left_of(database, person) == set()
    assert [left_of(database, other) for other in others] == before


@pytest.mark.parametrize("person", PEOPLE, ids=DECISIONS)
async def test_my_data_has_every_trace_but_what_no_person_reads(database: Database, person: Person) -> None:
    await wait(database, person, 9_002, person.number)
    _, content = await collect(database, person.number)
    unreadable = {person.mark("state"), person.mark("private-state")}
    told = [trace.decode() for trace in person.traces()[:-1]]
    assert {trace for trace in told if trace not in content.decode()} == unreadable
    assert str(CALLER.id) not in content.decode()


async def test_somebody_who_is_only_quoted_can_be_forgotten_and_stays_it(database: Database, tmp_path: Path) -> None:
    stranger = Person("stranger", 0x6A5B_4C3D_2EFF)
    await quote(database, stranger, 8_000)
    await database.scrub()
    backup = content_of(database)
    traces = [stranger.mark("quoted").encode(), stranger.number.to_bytes(6, "big")]
    assert all(files_with(folder_of(database), trace) for trace in traces)
    await retention(database).forget_person(stranger.number)
    assert not any(files_with(folder_of(database), trace) for trace in traces)
    restored = tmp_path / "restored.sqlite"
    restored.write_bytes(backup)
    async with Database(f"sqlite:///{restored}") as again:
        assert (await retention(database, again).purge(whole=True)).forgotten == 1
    assert not any(files_with(folder_of(database), trace) for trace in traces)


async def test_words_are_erased_in_time_though_nothing_came_of_them_unless_they_are_still_to_be_answered(
    database: Database,
) -> None:
    book, mail = Book(database, TERMS.version), Mail(database, 1)
    for number, words in ((7_001, "given up"), (7_002, "in hand")):
        await book.open_prompt(Occasion(1, number, None, CALLER, None, NOW), "mention", words, 1, "f")
        (place,) = await mail.accept([Arrival(1, number, 1, 1, NOW, "{}")])
        if words == "given up":
            await mail.end(place.id, "failed")
    async with database.writing() as connection:
        await connection.execute(update(prompts).values(consent_id=None))
    await Retention(database, folder_of(database), 0).purge()
    assert not files_with(folder_of(database), b"given up")
    assert files_with(folder_of(database), b"in hand")


async def test_an_update_that_waits_and_brings_somebodys_words_is_not_answered_once_they_are_forgotten(
    database: Database,
) -> None:
    person, mail = PEOPLE[0], Mail(database, 1)
    brought = {"type": "user", "sender_user": {"id": person.number, "first_name": "Name"}}
    message = {"from": {"id": CALLER.id}, "text": person.mark("forwarded"), "forward_origin": brought}
    await mail.accept([Arrival(1, 9_009, 1, 1, NOW, json.dumps({"message": message}))])
    await retention(database).forget_person(person.number)
    assert await mail.waiting() == []
    assert not files_with(folder_of(database), person.mark("forwarded").encode())


async def test_after_the_retention_period_the_words_of_whoever_did_not_allow_it_are_gone(database: Database) -> None:
    await retention(database).purge()
    for person in PEOPLE:
        words = {word for word in person.words() if files_with(folder_of(database), word.encode())}
        remembered = {person.mark("state"), person.mark("private-state")}
        kept = set(person.words()) - remembered - {person.mark("quoted")} if person.decision == "allowed" else set()
        assert words == kept, person
        names = (person.user.name, str(person.user.username))  # which the private chat has too
        found = [bool(files_with(folder_of(database), name.encode())) for name in names]
        assert found == [person.decision == "allowed"] * 2


async def test_a_group_that_is_forgotten_leaves_nothing_that_was_said_there(database: Database) -> None:
    for place, person in enumerate(PEOPLE):
        await wait(database, person, 9_000 + place, GROUP.id)
    await retention(database).forget_chat(GROUP.id)
    said = ("seed", "reply", "state", "copy", "game", "update", "delivery", "reaction")
    group = [str(GROUP.title), str(GROUP.username), str(GROUP.id)]
    gone = [*group, *(person.mark(place) for person in PEOPLE for place in said)]
    folder = folder_of(database)
    found = {text for text in gone if any(_alone(file, text) for file in folder.iterdir() if file.is_file())}
    assert found == set()
    assert not files_with(folder, GROUP.id.to_bytes(6, "big", signed=True))
    assert all(files_with(folder, person.mark("private-seed").encode()) for person in PEOPLE)


async def test_a_pause_is_forgotten_with_its_chat_and_when_it_is_over(database: Database) -> None:
    mail, now = Mail(database, 1), dt.datetime.now(dt.UTC)
    for chat_id in (GROUP.id, 7):
        await mail.note_pause(chat_id, now, now + dt.timedelta(hours=1))
    await retention(database).forget_chat(GROUP.id)
    assert [chat_id for chat_id, _ in await mail.pauses(now)] == [7]
    early = now - dt.timedelta(hours=2)
    await mail.note_pause(8, early, early + dt.timedelta(hours=1))
    await retention(database).purge()
    assert [chat_id for chat_id, _ in await mail.pauses(early)] == []


async def test_a_group_that_was_told_that_it_is_forgotten_is_in_no_file_after_the_next_purge(
    database: Database,
) -> None:
    await retention(database).forget_chat(GROUP.id)
    async with database.writing() as connection:
        await GroupCalls(connection).add(GROUP.id, NOW - dt.timedelta(minutes=2))
    await database.scrub()
    number = GROUP.id.to_bytes(6, "big", signed=True)
    assert files_with(folder_of(database), number)
    await retention(database).purge()
    assert not files_with(folder_of(database), number)


def _alone(path: Path, text: str) -> bool:
    """Whether a text stands in a file other than as the end of what was said in private."""
    content = path.read_bytes()
    return content.count(text.encode()) > content.count(f"private-{text}".encode())


async def test_a_backup_that_is_restored_is_erased_again_to_the_last_byte(database: Database, tmp_path: Path) -> None:
    await database.scrub()
    backup = Path(shutil.copy(str(database.url.database), tmp_path / "backup.sqlite"))
    keeper = retention(database)
    forgotten = [PEOPLE[0], PEOPLE[2]]
    for person in forgotten:
        await keeper.forget_person(person.number)
    await keeper.forget_chat(GROUP.id)
    elsewhere = tmp_path / "restored"
    elsewhere.mkdir()
    for name in ("tombstones.jsonl", "pseudonyms.key"):
        shutil.copy(folder_of(database) / name, elsewhere)
    restored = Path(shutil.move(backup, elsewhere / "restored.sqlite"))
    async with Database(f"sqlite:///{restored}") as again:
        assert all(left_of(again, person) for person in forgotten)
        assert (await retention(again).purge(whole=True)).forgotten >= 3
        assert [left_of(again, person) for person in forgotten] == [set(), set()]
        assert not files_with(elsewhere, str(GROUP.title).encode())
        assert files_with(elsewhere, PEOPLE[1].user.name.encode()) == []  # away for long, and never allowed it
    assert [left_of(again, person) for person in forgotten] == [set(), set()]


def test_the_check_finds_what_is_only_in_a_free_place(tmp_path: Path) -> None:
    """It can fail: without secure_delete, what is deleted stays."""
    with closing(sqlite3.connect(tmp_path / "plain.sqlite")) as connection:
        connection.execute("PRAGMA secure_delete = OFF")
        connection.execute("CREATE TABLE words (word TEXT)")
        connection.executemany("INSERT INTO words VALUES (?)", [("telltale",), ("other",)])
        connection.commit()
        connection.execute("DELETE FROM words WHERE word = 'telltale'")
        connection.commit()
    assert files_with(tmp_path, b"telltale") == ["plain.sqlite"]


async def test_browsing_leaves_no_copy_beside_the_database(database: Database) -> None:
    pytest.importorskip("datasette")
    before = {path.name for path in folder_of(database).iterdir()}
    datasette = browser(database.url)
    await datasette.invoke_startup()
    path = f"/{Path(str(database.url.database)).stem}/prompt_texts.json?_shape=array"
    assert PEOPLE[0].mark("seed") in (await datasette.client.get(path)).text
    await retention(database).forget_person(PEOPLE[0].number)
    assert {path.name for path in folder_of(database).iterdir()} - before <= {"tombstones.jsonl", "pseudonyms.key"}
    assert left_of(database, PEOPLE[0]) == set()
