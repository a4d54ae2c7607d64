"""What people are promised about their words, seen from the chat and then in the bytes of the database's files."""

import asyncio
import datetime as dt
import json
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text, update
from telegram import Message

from bot.callbacks import Callback, Callbacks
from bot.languages import phrases
from bot.observability.health import Health
from bot.observability.metrics import Metrics
from bot.observability.server import PagesConfig, operators_pages
from bot.playground import Playground, faults
from bot.privacy.policy import policy_pages
from bot.privacy.retention import Retention
from bot.privacy.terms import PURPOSE, QUESTION, Terms
from bot.storage.book import Origin
from bot.storage.database import Database
from bot.storage.errors import DatabaseLocked
from bot.storage.prompts import Answer, Prompt
from bot.storage.states import States
from bot.storage.tables import prompts as prompt_rows
from tests.bot.stage import Stage

DAY = dt.timedelta(days=1)


def on_disk(address: str, words: str) -> bool:
    """Whether the words stand anywhere in the database's files: rows, free pages, write-ahead log."""
    path = Path(address.removeprefix("sqlite:///"))
    files = [path, path.with_name(path.name + "-wal")]
    return any(words.encode() in file.read_bytes() for file in files if file.exists())


def is_question(message: Message) -> bool:
    return message.reply_markup is not None and "May I keep" in (message.text or "")


async def question(stage: Stage, chat: int) -> Message:
    return await stage.playground.until(chat, is_question)


async def press(stage: Stage, message: Message, label: str, user: int) -> str | None:
    done = await stage.playground.press_label(message.chat.id, message.message_id, label, user)
    return (await done.answer).text or None


async def say(stage: Stage, words: str, chat: int | None = None, user: int | None = None) -> Prompt:
    """Somebody asks, and is answered; the row."""
    await stage.ask(f"/seed {words}", chat, user)
    await stage.settled(chat)
    return (await stage.prompts())[-1]


async def age(stage: Stage, days: int) -> None:
    """Make every prompt so much older."""
    async with stage.database.writing() as connection:
        for row in (await connection.execute(text("SELECT id, asked_at FROM prompts"))).all():
            asked = dt.datetime.fromisoformat(row.asked_at).replace(tzinfo=dt.UTC) - days * DAY
            await connection.execute(update(prompt_rows).where(prompt_rows.c.id == row.id).values(asked_at=asked))


def retention(stage: Stage, days: int = 30, database: Database | None = None) -> Retention:
    folder = Path(stage.address.removeprefix("sqlite:///")).parent
    return Retention(database or stage.database, folder, days)


# --- the first question ---------------------------------------------------------------------------------


async def test_the_first_use_asks_once_what_is_kept_for_how_long_and_why(first_day: Stage) -> None:
    await first_day.ask("/seed hello")
    asked = await question(first_day, first_day.you)
    assert asked.text == first_day.terms.question().sentence
    assert all(part in asked.text for part in ("what you ask me", "after 30 days", "to study how people", "/privacy"))
    assert asked.reply_markup is not None
    assert [button.text for row in asked.reply_markup.inline_keyboard for button in row] == [
        "Yes, keep them",
        "No, erase them",
    ]
    await first_day.ask("/seed again")
    await first_day.settled()
    assert sum(map(is_question, first_day.playground.history(first_day.you))) == 1


async def test_in_a_group_everybody_is_asked_for_themselves_and_nobody_answers_for_others(first_day: Stage) -> None:
    group, you = first_day.group, first_day.you
    other = next(user for user in first_day.playground.world.group.members if user != you)
    await first_day.playground.say(group, other, "just talking")
    mine = await say(first_day, "mine", group, you)
    asked = await question(first_day, group)
    assert await press(first_day, asked, "Yes, keep them", other) == "This button is for somebody else."
    assert await press(first_day, asked, "Yes, keep them", you) is None
    theirs = await say(first_day, "theirs", group, other)
    assert sum(map(is_question, first_day.playground.history(group))) == 1  # mine shows the thanks by now
    later = await say(first_day, "mine again", group, you)
    assert [row.asked.consent_id is None for row in (mine, theirs, later)] == [True, True, False]


async def test_a_yes_is_kept_with_the_sentence_that_was_shown(first_day: Stage) -> None:
    await say(first_day, "hello")
    await press(first_day, await question(first_day, first_day.you), "Yes, keep them", first_day.you)
    state = await first_day.ask("/privacy")
    assert "You allowed me" in state
    assert first_day.terms.question().sentence in state


async def test_an_old_question_does_not_decide_on_new_terms(first_day: Stage) -> None:
    await say(first_day, "hello")
    asked = await question(first_day, first_day.you)
    first_day.terms = Terms(purpose="to print them on mugs")
    await first_day.restart()
    assert await press(first_day, asked, "Yes, keep them", first_day.you) == (
        "The terms have changed since, so I ask you again:"
    )
    assert (await say(first_day, "more")).asked.consent_id is None
    renewed = await first_day.playground.until(first_day.you, lambda message: "mugs" in (message.text or ""))
    await press(first_day, renewed, "Yes, keep them", first_day.you)
    assert (await say(first_day, "even more")).asked.consent_id is not None


# --- buttons ----------------------------------------------------------------------------------------------


async def test_buttons_survive_a_restart(first_day: Stage) -> None:
    await say(first_day, "hello")
    asked = await question(first_day, first_day.you)
    await first_day.restart()
    assert await press(first_day, asked, "Yes, keep them", first_day.you) is None
    assert (await say(first_day, "more")).asked.consent_id is not None


@pytest.mark.parametrize("how", ["crafted", "of another chat", "unknown action", "", "x" * 64])
async def test_a_button_that_is_not_ours_does_nothing_but_say_so(first_day: Stage, how: str) -> None:
    await say(first_day, "hello")
    asked = await question(first_day, first_day.you)
    callbacks = Callbacks(first_day.playground.token)
    data = {
        "crafted": callbacks.data(Callback("consent.no", first_day.terms.version, 99), asked.chat.id).replace(
            ":2r:", "::"
        ),
        "of another chat": callbacks.data(Callback("forget.me", owner=first_day.you), asked.chat.id - 1),
        "unknown action": callbacks.data(Callback("format.disk", owner=first_day.you), asked.chat.id),
    }.get(how, how)
    mark = first_day.playground.calls.mark()
    query = {
        "id": "1",
        "from": {"id": first_day.you, "is_bot": False, "first_name": "You"},
        "chat_instance": "1",
        "message": asked.to_dict(),
        "data": data,
    }
    await first_day.deliver_update("callback_query", query)
    call = await first_day.playground.calls.wait("answerCallbackQuery", after=mark)
    assert call.parameters["text"] == "This button is from another time. Please ask again."
    assert len(await first_day.prompts()) == 1


# --- yes, no, not any more --------------------------------------------------------------------------------


async def test_words_stay_only_where_their_author_allowed_it(first_day: Stage) -> None:
    you, group = first_day.you, first_day.group
    no, silent = [user for user in first_day.playground.world.group.members if user != you][:2]
    for user, label in ((you, "Yes, keep them"), (no, "No, erase them")):
        await first_day.ask("/privacy", group, user)
        shown = first_day.playground.history(group)[-1]
        await press(first_day, shown, label, user)
    for user, words in ((you, "allowed parrot"), (no, "refused parrot"), (silent, "silent parrot")):
        await say(first_day, words, group, user)
    replies = [row.answer.reply_text or "" for row in await first_day.prompts()]
    await age(first_day, 31)
    purged = await retention(first_day).purge()
    assert purged.words == 2
    assert on_disk(first_day.address, "allowed parrot")
    assert not any(on_disk(first_day.address, words) for words in ("refused parrot", "silent parrot"))
    assert [on_disk(first_day.address, reply[-100:]) for reply in replies] == [True, False, False]
    rows = await first_day.prompts()
    assert [row.asked.seed_text for row in rows] == ["allowed parrot", "", ""]
    assert [row.erased_at is None for row in rows] == [True, False, False]
    assert all(row.answer.outcome == "answered" for row in rows)


async def test_what_is_younger_than_the_retention_period_stays(first_day: Stage) -> None:
    await say(first_day, "young parrot")
    await age(first_day, 29)
    await retention(first_day).purge()
    assert on_disk(first_day.address, "young parrot")


async def test_a_retention_of_no_days_erases_at_once(first_day: Stage) -> None:
    await say(first_day, "fleeting parrot")
    await retention(first_day, 0).purge()
    assert not on_disk(first_day.address, "fleeting parrot")


async def test_a_yes_that_is_taken_back_uncovers_what_was_said_under_it(first_day: Stage) -> None:
    await say(first_day, "hello")
    await press(first_day, await question(first_day, first_day.you), "Yes, keep them", first_day.you)
    covered = await say(first_day, "covered parrot")
    other = first_day.book
    copy = await other.open_prompt(
        first_day.occasion(900, covered.asked.asked_at), "again", "covered parrot", 1, "f", Origin(covered)
    )
    await other.close_prompt(copy.id, Answer("answered", "covered parrot says"))
    await first_day.ask("/privacy")
    shown = first_day.playground.history(first_day.you)[-1]
    await press(first_day, shown, "No, erase them", first_day.you)
    assert all(row.asked.consent_id is None for row in await first_day.prompts())
    await age(first_day, 31)
    await retention(first_day).purge()
    assert not on_disk(first_day.address, "covered parrot")


# --- forgetting -------------------------------------------------------------------------------------------


async def forget(stage: Stage, chat: int, user: int, *labels: str) -> None:
    await stage.ask("/forget", chat, user)
    shown = stage.playground.history(chat)[-1]
    for label in labels:
        await press(stage, shown, label, user)


async def test_who_is_forgotten_is_nowhere_in_the_files_and_others_are(first_day: Stage) -> None:
    you, group = first_day.you, first_day.group
    other = next(user for user in first_day.playground.world.group.members if user != you)
    await say(first_day, "private parrot", you)
    mine = await say(first_day, "grouped parrot", group)
    await say(first_day, "foreign parrot", group, other)
    await first_day.ask("/temp 0.9")
    async with first_day.database.writing() as connection:
        await States(connection).save(mine.id, group, b"remembered parrot", mine.asked.asked_at)
    stranger = first_day.occasion(901, mine.asked.asked_at)
    copy = await first_day.book.open_prompt(stranger, "again", "grouped parrot", 1, "f", Origin(mine))
    async with first_day.database.writing() as connection:  # somebody else pressed the button
        await connection.execute(update(prompt_rows).where(prompt_rows.c.id == copy.id).values(user_id=other))
    await forget(first_day, group, you, "No")
    assert on_disk(first_day.address, "grouped parrot")
    await forget(first_day, group, you, "Yes, erase everything")
    gone = ("private parrot", "grouped parrot", "remembered parrot")
    assert [words for words in gone if on_disk(first_day.address, words)] == []
    assert on_disk(first_day.address, "foreign parrot")
    async with first_day.database.reading() as connection:
        for statement in (
            "SELECT count(*) FROM users WHERE id = :you",
            "SELECT count(*) FROM chats WHERE id = :you",
            "SELECT count(*) FROM prompts WHERE user_id = :you OR chat_id = :you",
            "SELECT count(*) FROM settings_changes WHERE user_id = :you",
        ):
            assert (await connection.execute(text(statement), {"you": you})).scalar() == 0


async def test_who_comes_back_is_somebody_new_whom_the_tombstone_leaves_alone(first_day: Stage) -> None:
    await say(first_day, "old parrot")
    await forget(first_day, first_day.you, first_day.you, "Yes, erase everything")
    await say(first_day, "new parrot")
    await retention(first_day).purge()
    assert [row.asked.seed_text for row in await first_day.prompts()] == ["new parrot"]
    assert sum(map(is_question, first_day.playground.history(first_day.you))) == 2


async def test_a_group_is_forgotten_by_its_administrators_alone(first_day: Stage) -> None:
    group, you = first_day.group, first_day.you
    owner, plain = await roles(first_day)
    await say(first_day, "private parrot", you)
    await say(first_day, "grouped parrot", group, plain)
    await first_day.ask("/forget", group, plain)
    shown = first_day.playground.history(group)[-1]
    assert await press(first_day, shown, "Forget this group", plain) == (
        "Only administrators of this group may do that."
    )
    await press(first_day, shown, "Forget this group", owner)
    await press(first_day, shown, "Yes, erase everything", owner)
    assert not on_disk(first_day.address, "grouped parrot")
    assert on_disk(first_day.address, "private parrot")


async def roles(stage: Stage) -> tuple[int, int]:
    """An administrator of the group, and a member who is none."""
    bot = stage.application.bot
    statuses = {
        user: (await bot.get_chat_member(stage.group, user)).status for user in stage.playground.world.group.members
    }
    owner = next(user for user, status in statuses.items() if status in ("creator", "administrator"))
    return owner, next(user for user, status in statuses.items() if status == "member")


async def test_forgetting_goes_on_where_it_was_cut_off(first_day: Stage) -> None:
    await say(first_day, "half parrot")
    folder = Path(first_day.address.removeprefix("sqlite:///")).parent
    keeper = retention(first_day)
    async with first_day.database.writing() as connection:
        await connection.execute(
            text("CREATE TRIGGER no BEFORE DELETE ON prompts BEGIN SELECT RAISE(ABORT, 'locked'); END")
        )
    with pytest.raises(DatabaseLocked):
        await keeper.forget_person(first_day.you)
    assert (folder / "tombstones.jsonl").exists()
    async with first_day.database.writing() as connection:
        await connection.execute(text("DROP TRIGGER no"))
    assert (await keeper.purge()).forgotten == 1
    assert not on_disk(first_day.address, "half parrot")


async def test_what_waits_from_somebody_forgotten_is_not_answered(first_day: Stage) -> None:
    group, you = first_day.group, first_day.you
    other = next(user for user in first_day.playground.world.group.members if user != you)
    await say(first_day, "first parrot", group)
    first_day.generator.gate.clear()
    await first_day.playground.say(group, other, "/seed holding parrot")
    await first_day.playground.say(group, you, "/seed queued parrot")
    await asyncio.to_thread(first_day.generator.entered.wait, 10)
    await first_day.taken()
    assert on_disk(first_day.address, "queued parrot")
    await retention(first_day).forget_person(you)
    assert not on_disk(first_day.address, "queued parrot")
    first_day.generator.gate.set()
    await first_day.settled(group)
    assert [row.asked.seed_text for row in await first_day.prompts()] == ["holding parrot"]
    assert not any("queued" in (call.text or "") for call in first_day.sent(group))


# --- all that is kept -------------------------------------------------------------------------------------


async def test_my_data_is_a_file_with_all_of_it_and_nothing_of_others(first_day: Stage) -> None:
    group, you = first_day.group, first_day.you
    other = next(user for user in first_day.playground.world.group.members if user != you)
    await say(first_day, "mine in private")
    await say(first_day, "mine in the group", group)
    await say(first_day, "not mine", group, other)
    await first_day.ask("/temp 0.9")
    await press(first_day, await question(first_day, you), "Yes, keep them", you)
    await first_day.ask("/mydata", group)
    file = await first_day.playground.until(you, lambda message: message.document is not None)
    assert file.document is not None
    stored = first_day.playground.service.files.by_id(file.document.file_id)
    assert stored is not None
    data = json.loads(stored.content)
    assert [row["seed_text"] for row in data["prompts"]] == ["mine in private", "mine in the group"]
    assert data["person"][0]["id"] == you
    assert data["decisions"][0]["sentence"] == first_day.terms.question().sentence
    assert data["settings_changes"][0]["new"] == "0.9"
    assert "not mine" not in stored.content.decode()


async def test_my_data_whose_arrival_nobody_confirmed_are_found_and_not_sent_again(first_day: Stage) -> None:
    await first_day.ask("/help")
    first_day.playground.faults.add(faults.dropped_after(), method="sendDocument")
    await first_day.playground.say(first_day.group, first_day.you, "/mydata")
    await first_day.playground.calls.wait("editMessageCaption", chat_id=first_day.you)
    await first_day.playground.until(first_day.group, lambda message: "sent you a file" in (message.text or ""))
    assert len([message for message in first_day.playground.history(first_day.you) if message.document]) == 1


def test_the_policy_says_what_the_settings_do() -> None:
    page = policy_pages(Terms(7, "to feed <parrots>", "Ana & co"))["/privacy"]
    assert "after 7 days" in page
    assert "to feed &lt;parrots&gt;" in page
    assert "Ana &amp; co" in page
    assert "within the hour" in policy_pages(Terms(0))["/privacy"]
    assert "after 1 day." in policy_pages(Terms(1))["/privacy"]
    assert Terms(7).version != Terms(8).version


def test_the_question_is_recorded_in_the_language_that_it_is_really_in() -> None:
    terms = Terms(7)
    for language in ("en", "es", "pt-BR", "tlh", None):
        question = terms.question(language)
        say = phrases(question.language)
        assert question.sentence == say(QUESTION, purpose=say(PURPOSE), limit=terms.limit(say))
        assert question.language == "en" or question.sentence != terms.question("en").sentence
        assert question.version == terms.version


def test_the_policy_is_offered_in_the_languages_it_is_whole_in() -> None:
    pages = policy_pages(Terms(7))
    for path, page in pages.items():
        language = path.removeprefix("/privacy").removeprefix("/") or "en"
        assert f'<html lang="{language}">' in page
        assert all(len(pages) == 1 or f'href="{other}"' in page for other in pages)


async def test_the_policy_is_served_where_the_operator_looks() -> None:
    pages = PagesConfig(port=0, further=policy_pages(Terms(7)))
    async with operators_pages(Metrics(), Health({}), pages) as port, httpx.AsyncClient(trust_env=False) as web:
        answer = await web.get(f"http://127.0.0.1:{port}/privacy")
    assert (answer.status_code, answer.text) == (200, policy_pages(Terms(7))["/privacy"])


async def test_the_bot_purges_by_itself(first_day: Stage) -> None:
    await say(first_day, "forgotten parrot")
    await age(first_day, 31)
    await first_day.restart()
    await first_day.application.bot_data.retention.purged.wait()
    assert not on_disk(first_day.address, "forgotten parrot")


async def test_the_policy_is_a_page_of_the_playground() -> None:
    page = policy_pages(Terms(7))["/privacy"]
    async with Playground(pages={"/privacy": page}) as playground, httpx.AsyncClient(trust_env=False) as web:
        answer = await web.get(f"{playground.api_base_url}/privacy")
    assert (answer.status_code, answer.text) == (200, page)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


# --- the question and crashes ---------------------------------------------------------------------------


def questions(stage: Stage) -> int:
    return sum(is_question(message) for message in stage.playground.history(stage.you))


@pytest.mark.parametrize("fault", [faults.dropped_after(), faults.dropped_before(), faults.server_error()])
async def test_the_question_is_seen_once_whatever_becomes_of_the_call(first_day: Stage, fault: faults.Fault) -> None:
    """After it the update is handled again, in which nothing else is said any more."""
    first_day.generator.gate.clear()
    await first_day.say("/seed once")
    reply = asyncio.create_task(first_day.playground.calls.wait("sendMessage"))
    first_day.generator.gate.set()
    await reply
    first_day.playground.faults.add(fault, method="sendMessage")
    await question(first_day, first_day.you)
    await first_day.settled()
    await first_day.settled()
    assert questions(first_day) == 1


async def test_the_question_is_never_taken_for_a_reply_that_may_have_been_lost(first_day: Stage) -> None:
    """A bot may edit all of its own messages, so it must know which is which."""
    first_day.generator.gate.clear()
    await first_day.say("/seed first")
    await first_day.say("/seed second")
    asked = asyncio.create_task(question(first_day, first_day.you))
    first_day.generator.gate.set()
    await asked
    first_day.playground.faults.add(faults.server_error(), method="sendMessage")
    await first_day.playground.until(first_day.you, lambda m: (m.text or "").startswith("second"))
    await first_day.settled()
    texts = [m.text or "" for m in first_day.playground.history(first_day.you)]
    assert [sum(text.startswith(word) for text in texts) for word in ("May I keep", "second")] == [1, 1]
