"""Nothing lost, nothing said twice: what arrives, what goes out, and what may go wrong in between."""

import asyncio
import dataclasses
import datetime as dt
import json
import resource
import sqlite3
from pathlib import Path

import pytest

from bot.incoming.inbox import ATTEMPTS, SUSPICIOUS
from bot.playground import Playground, faults
from bot.rules.access import Access
from bot.sending.budgets import Budgets
from bot.storage.database import Database
from bot.storage.deliveries import Deliveries
from bot.storage.inbox import Arrival
from bot.storage.mail import Mail
from bot.storage.schema import prepare_schema
from model.config import SamplingConfig
from tests.bot.fakes import FakeGenerator, expected_text
from tests.bot.stage import Stage
from tests.bot.talking.test_takes import ask, press

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)


def texts(stage: Stage, chat: int) -> list[str]:
    """What the bot's messages in a chat look like to people."""
    bot = stage.playground.world.bot.id
    return [m.text or "" for m in stage.playground.history(chat) if m.from_user is not None and m.from_user.id == bot]


def file_of(stage: Stage) -> Path:
    return Path(stage.address.removeprefix("sqlite:///"))


async def states(stage: Stage) -> list[tuple[str, str | None]]:
    with sqlite3.connect(file_of(stage)) as connection:
        return connection.execute("SELECT state, payload FROM inbox ORDER BY id").fetchall()


# --- what is sent ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        faults.dropped_after(),
        faults.half_body(),
        faults.dropped_before(),
        faults.server_error(),
        faults.server_error(500),
        faults.flood(1),
    ],
    ids=lambda fault: fault.moment.name,
)
async def test_a_reply_is_seen_once_whatever_becomes_of_the_call(stage: Stage, fault: faults.Fault) -> None:
    stage.playground.faults.add(fault, method="sendMessage")
    await stage.say("/seed once")
    await stage.settled()
    once, _ = texts(stage, stage.you)
    (prompt,) = await stage.prompts()
    assert once == (prompt.answer.reply_text or "").strip()
    last = stage.playground.history(stage.you)
    assert prompt.answer.reply_message_id == next(m.message_id for m in last if m.text == once)
    assert prompt.answer.outcome == "answered"


async def test_in_a_channel_no_post_is_tried_since_an_edit_there_would_change_somebody_elses(stage: Stage) -> None:
    channel = stage.playground.world.add_group("News", [stage.playground.world.you], kind="channel").chat.id
    await stage.say("somebody's own words", channel)
    stage.playground.faults.add(faults.dropped_after(), method="sendMessage")
    await stage.say("/seed news", channel)
    (prompt,) = await stage.idle()
    assert prompt.answer.outcome == "answered"
    assert stage.playground.calls.of("editMessageText", chat_id=channel) == []


async def test_each_part_of_a_long_reply_is_seen_once(stage: Stage) -> None:
    trouble = (faults.dropped_after(), faults.server_error(), faults.half_body())
    stage.playground.faults.add(*trouble, method="sendMessage")
    await stage.say(f"/seed {'word ' * 800}")
    await stage.settled()
    first, second, _ = texts(stage, stage.you)
    (prompt,) = await stage.prompts()
    assert f"{first} {second}".split() == (prompt.answer.reply_text or "").split()


async def test_a_search_for_a_lost_message_may_fail_too(stage: Stage) -> None:
    stage.playground.faults.add(faults.dropped_after(), method="sendMessage")
    stage.playground.faults.add(
        faults.server_error(), faults.dropped_after(), faults.flood(1), method="editMessageText"
    )
    await stage.say("/seed once", stage.group)
    await stage.settled(stage.group)
    assert len(texts(stage, stage.group)) == 2


async def test_other_peoples_messages_are_never_taken_for_the_reply(stage: Stage) -> None:
    """In a group the bot sees little of what people say, and may try to edit it."""
    stage.playground.faults.add(faults.server_error(), faults.dropped_after(), method="sendMessage")
    said = await stage.playground.say(stage.group, stage.you, "/seed once")
    for number in range(5):
        await stage.playground.say(stage.group, stage.you, f"chatter {number}")
    await stage.playground.calls.wait("sendMessage")
    await stage.settled(stage.group)
    assert len(texts(stage, stage.group)) == 2
    people = [m.text for m in stage.playground.history(stage.group) if m.message_id > said.message_id][:5]
    assert people == [f"chatter {number}" for number in range(5)]


async def test_a_setting_is_changed_once_and_the_answer_says_so_again(stage: Stage) -> None:
    """The update is handled a second time, as after a crash before its answer was sent."""
    mark = stage.playground.calls.mark()
    stage.playground.faults.add(faults.dropped_before(), method="sendMessage")
    await stage.say("/temp 1.5")
    await stage.settled()
    assert texts(stage, stage.you)[0] == "The temperature is now 1.5. It was 0.5."
    assert len(stage.playground.calls.of("sendMessage", after=mark)) == 3
    assert len(await stage.changes()) == 1


async def test_sentences_too_are_seen_once(stage: Stage) -> None:
    stage.playground.faults.add(faults.dropped_after(), method="sendMessage", times=1)
    await stage.say("/nonsense")
    await stage.settled()
    assert len(texts(stage, stage.you)) == 2


# --- what comes in --------------------------------------------------------------------------------------


async def execute(stage: Stage, statement: str) -> None:
    """In a thread: the bot may be in the middle of a transaction, which the loop has to go on with."""

    def run() -> None:
        with sqlite3.connect(file_of(stage)) as connection:
            connection.execute(statement)

    await asyncio.to_thread(run)


async def break_table(stage: Stage, table: str, words: str) -> None:
    """From now on SQLite answers every new row with these words."""
    await execute(stage, f"CREATE TRIGGER broken BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, '{words}'); END")


async def mend_table(stage: Stage) -> None:
    await execute(stage, "DROP TRIGGER broken")


@pytest.mark.parametrize(
    "words",
    ["database is locked", "database or disk is full", "attempt to write a readonly database", "disk I/O error",
     "unable to open database file"],
)  # fmt: skip
async def test_what_the_database_does_not_take_stays_with_telegram(
    stage: Stage, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    await break_table(stage, "inbox", words)
    await stage.playground.say(stage.you, stage.you, "/seed patience")
    while "stay with Telegram" not in caplog.text:  # noqa: ASYNC110  the log is all there is to wait for
        await asyncio.sleep(0.01)
    assert len(stage.playground.updates) == 1
    await mend_table(stage)
    await stage.playground.until(stage.you, lambda m: (m.text or "").startswith("patience"))
    assert caplog.text.count("stay with Telegram") == 1


async def test_a_database_that_another_program_holds_is_waited_for(stage: Stage) -> None:
    await stage.ask("/help")
    with sqlite3.connect(file_of(stage), isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        await stage.playground.say(stage.you, stage.you, "/seed patience")
        await asyncio.sleep(0.3)
        assert len(stage.playground.updates) == 1
        other.execute("ROLLBACK")
    await stage.playground.until(stage.you, lambda m: (m.text or "").startswith("patience"))


async def test_a_full_disk_is_waited_out(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """The system refuses to let any file grow, so SQLite's own files too."""
    await stage.ask("/help")
    await stage.settled()
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, old[1]))
    try:
        await stage.playground.say(stage.you, stage.you, "/seed patience")
        while "stay with Telegram" not in caplog.text:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert len(stage.playground.updates) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)
    await stage.playground.until(stage.you, lambda m: (m.text or "").startswith("patience"))


async def test_an_update_whose_handler_lacks_the_database_is_handled_again(stage: Stage) -> None:
    await break_table(stage, "prompts", "database is locked")
    await stage.playground.say(stage.you, stage.you, "/seed patience")
    await asyncio.sleep(0.3)
    assert texts(stage, stage.you) == []
    await mend_table(stage)
    await stage.playground.until(stage.you, lambda m: (m.text or "").startswith("patience"))
    await stage.settled()
    assert len(texts(stage, stage.you)) == 2


async def test_an_update_that_comes_again_is_refused(stage: Stage) -> None:
    inbox = stage.application.bot_data.inbox
    update = {"update_id": 5, "message": {}}
    assert [await inbox.accept([update]), await inbox.accept([update, update, {"update_id": 6}])] == [1, 1]


async def test_a_finished_update_leaves_its_number_and_no_words(stage: Stage) -> None:
    await stage.deliver_command("/seed private words")
    await stage.settled()
    await stage.settled()
    assert (await states(stage))[0] == ("done", None)
    with sqlite3.connect(file_of(stage)) as connection:
        kept = connection.execute("SELECT text FROM deliveries WHERE inbox_id = 1").fetchall()
    assert kept == [(None,)]


@pytest.mark.parametrize(
    "message",
    [
        {"chat": 7, "text": []},
        {"message_id": 1, "date": float("inf"), "chat": {"id": 7, "type": "private"}},
        {"message_id": 1, "date": 10**30, "chat": {"id": 7, "type": "private"}},
    ],
)
async def test_an_update_that_the_library_cannot_read_fails_alone(stage: Stage, message: dict[str, object]) -> None:
    await stage.application.bot_data.inbox.accept([{"update_id": 5, "message": message}])
    assert "/seed" in await stage.ask("/help")
    assert [state for state, _ in await states(stage)][:1] == ["failed"]


async def test_the_oldest_numbers_are_forgotten(address: str) -> None:
    async with Database(address) as database:
        await prepare_schema(database, address)
        mail = Mail(database, 1)
        places = await mail.accept([Arrival(1, number, 7, number, NOON, "{}") for number in range(10)])
        for place in places[:8]:
            await mail.end(place.id, "done")
        assert await mail.forget(keep=5) == 5
        assert [place.update_id for place in await mail.waiting()] == [8, 9]
        again = await mail.accept([Arrival(1, number, 7, number, NOON, "{}") for number in range(5, 10)])
        assert again == []


async def test_what_waits_is_never_forgotten_nor_what_another_bot_of_the_database_was_told(address: str) -> None:
    """A bot with a new token has numbers of its own, and may well be brought some that the former one knew."""
    async with Database(address) as database:
        await prepare_schema(database, address)
        former, mail = Mail(database, 1), Mail(database, 2)
        for place in await former.accept([Arrival(1, number, 7, number, NOON, "{}") for number in range(4)]):
            await former.end(place.id, "done")
        waiting, *others = await mail.accept([Arrival(2, number, 7, number, NOON, "{}") for number in range(10)])
        for place in others:
            await mail.end(place.id, "done")
        assert await former.waiting() == []
        assert await mail.forget(keep=5) == 4
        assert await mail.waiting() == [waiting]
        assert await former.accept([Arrival(1, number, 7, number, NOON, "{}") for number in range(4)]) == []


# --- after a restart ------------------------------------------------------------------------------------


async def test_what_was_not_answered_is_answered_after_the_restart_in_order(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    generator = FakeGenerator()
    async with Stage(address, generator, patience=0.01) as stage:
        generator.gate.clear()
        for number in range(3):
            await stage.say(f"/seed number {number}")
        await stage.playground.calls.wait("sendChatAction")
        async with asyncio.TaskGroup() as group:
            group.create_task(stage.stop())
            while "unfinished" not in caplog.text:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            generator.gate.set()
        assert texts(stage, stage.you) == []
        await stage.start()
        await stage.settled()
        assert [text[:8] for text in texts(stage, stage.you)[:3]] == ["number 0", "number 1", "number 2"]
        rows = await stage.prompts()
        assert [row.answer.outcome for row in rows] == ["answered"] * 3
        first = rows[0].asked
        continuation = expected_text("number 0", 300, SamplingConfig(), first.rng_seed)
        assert rows[0].answer.reply_text == "number 0" + continuation


async def test_what_came_too_long_ago_is_recorded_as_expired(stage: Stage) -> None:
    old = int((dt.datetime.now(dt.UTC) - dt.timedelta(minutes=61)).timestamp())
    young = int((dt.datetime.now(dt.UTC) - dt.timedelta(minutes=59)).timestamp())
    await stage.deliver_command("/seed old", date=old)
    await stage.deliver_command("/seed young", date=young)
    await stage.settled()
    assert [text[:5] for text in texts(stage, stage.you)[:1]] == ["young"]
    assert [state for state, _ in await states(stage)][:2] == ["expired", "done"]


async def test_an_update_on_which_the_process_dies_again_and_again_is_given_up(stage: Stage) -> None:
    await stage.stop()
    mail = Mail(stage.database, stage.playground.world.bot.id)
    (place,) = await mail.accept([Arrival(mail.bot_id, 5, 7, 1, dt.datetime.now(dt.UTC), '{"update_id": 5}')])
    for _ in range(ATTEMPTS):
        await mail.open(place.id)
    await stage.start()
    await stage.settled()
    assert (await states(stage))[0] == ("failed", None)


def arrival(stage: Stage, update_id: int, chat: int, text: str) -> Arrival:
    """A command as it lies in the inbox."""
    now = dt.datetime.now(dt.UTC)
    person = {"id": stage.you, "is_bot": False, "first_name": "You"}
    kind = "private" if chat > 0 else "supergroup"
    message = {"message_id": update_id, "date": int(now.timestamp()), "chat": {"id": chat, "type": kind}}
    message |= {"from": person, "text": text, "entities": [{"type": "bot_command", "offset": 0, "length": 5}]}
    payload = json.dumps({"update_id": update_id, "message": message})
    return Arrival(stage.playground.world.bot.id, update_id, chat, update_id, now, payload)


async def left_behind(stage: Stage, *arrivals: Arrival) -> tuple[Mail, list[int]]:
    """What an earlier process left: the mail, and the updates' places."""
    await stage.stop()
    mail = Mail(stage.database, stage.playground.world.bot.id)
    return mail, [place.id for place in await mail.accept(arrivals)]


async def test_deaths_while_an_answer_waits_for_its_turn_are_not_the_updates_own(stage: Stage) -> None:
    """As in a group whose minute is full, while the process is killed again and again."""
    mail, (place,) = await left_behind(stage, arrival(stage, 5, stage.you, "/seed patience"))
    for _ in range(ATTEMPTS + 1):
        await mail.open(place)
        await mail.plan(place, 0, stage.you, ["patience"])
    for _ in range(ATTEMPTS + 1):  # and one that was half-written
        await mail.open(place)
        await mail.revise(place, 1, stage.you, ["patience and more"])
    await stage.start()
    await stage.settled()
    assert (await states(stage))[0] == ("done", None)


async def test_an_attempt_that_fails_for_want_of_the_database_counts_as_no_death(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    mail, (place,) = await left_behind(stage, arrival(stage, 5, stage.you, "/seed patience"))
    for _ in range(ATTEMPTS - 1):
        await mail.open(place)
    await break_table(stage, "prompts", "database is locked")
    await stage.start()
    while "tried again" not in caplog.text:  # noqa: ASYNC110  a log tells nobody that it has grown
        await asyncio.sleep(0.01)
    await mend_table(stage)
    await stage.settled()
    assert (await states(stage))[0] == ("done", None)


async def test_what_was_said_before_does_not_excuse_an_update_on_which_the_process_dies(stage: Stage) -> None:
    mail, (place,) = await left_behind(stage, arrival(stage, 5, stage.you, "/seed twice"))
    (delivery,) = await mail.plan(place, 0, stage.you, ["a first sentence"])
    await mail.sent(delivery, 70)
    for _ in range(ATTEMPTS):
        await mail.open(place)
        await mail.plan(place, 0, stage.you, ["a first sentence"])
    opened = await mail.open(place)
    assert opened is not None
    assert stage.application.bot_data.inbox.verdict(opened) == "failed"


async def test_what_the_process_may_have_died_on_is_begun_alone_and_then_all_the_rest(address: str) -> None:
    generator = FakeGenerator()
    async with Stage(address, generator) as stage:
        chats = {"/seed innocent": stage.group, "/seed suspect": stage.you, "/seed later": stage.group}
        arrivals = [arrival(stage, 5 + n, chat, text) for n, (text, chat) in enumerate(chats.items())]
        mail, places = await left_behind(stage, *arrivals)
        for _ in range(SUSPICIOUS):
            await mail.open(places[1])
        generator.gate.clear()
        generator.entered.clear()
        await stage.start()
        await asyncio.to_thread(generator.entered.wait)
        with sqlite3.connect(file_of(stage)) as connection:
            begun = connection.execute("SELECT attempts FROM inbox ORDER BY id").fetchall()
        assert begun == [(0,), (SUSPICIOUS + 1,), (0,)]
        generator.gate.set()
        await stage.idle()
        assert [state for state, _ in await states(stage)] == ["done"] * 3


async def maybe_sent(stage: Stage, text: str, before: int = 0) -> None:
    """An answer that may have arrived in the private chat, before so many messages; the next bot looks for it."""
    mail = Mail(stage.database, stage.playground.world.bot.id)
    (place,) = await mail.accept([arrival(stage, 5, stage.you, "/help")])
    (delivery,) = await mail.plan(place.id, 0, stage.you, [text])
    begun = await mail.begin(delivery)
    assert begun is not None
    async with stage.database.writing() as connection:
        await Deliveries(connection).put(dataclasses.replace(begun, above=(begun.above or before) - before))


async def test_what_operators_are_told_is_never_taken_for_a_lost_message(address: str) -> None:
    you = Playground().world.you.id
    async with Stage(address, FakeGenerator(), Access(admins=frozenset({you}))) as stage:
        await stage.ask("/help")
        stage.playground.faults.add(faults.error(400, "Bad Request: what?"), method="sendMessage")
        await stage.deliver_command("/temp", chat=stage.group)
        await stage.playground.until(stage.you, lambda m: "The log says more" in (m.text or ""))
        await stage.idle()
        told = texts(stage, stage.you)
        await maybe_sent(stage, "lost", before=1)
        await stage.restart()
        await stage.idle()
        assert texts(stage, stage.you) == [*told, "lost"]


async def test_while_a_message_may_have_arrived_no_other_goes_to_its_chat(stage: Stage) -> None:
    """A button waits for no lane, so its answer could be taken for the message that is looked for."""
    first = await ask(stage, "/seed first")
    playground = stage.playground
    playground.faults.add(faults.dropped_after(), method="sendMessage")
    playground.faults.add(faults.server_error(), method="editMessageText", times=1_000)  # and cannot be found
    await playground.say(stage.you, stage.you, "/seed second")
    await playground.calls.wait("editMessageText", chat_id=stage.you)
    assert await press(stage, first, "Another take") is None
    async with asyncio.timeout(30):
        while b'kind="Uncertain"' not in stage.application.bot_data.metrics.text():  # noqa: ASYNC110  nothing else tells
            await asyncio.sleep(0.01)
    assert "temperature" in await stage.ask("/temp", stage.group)  # other chats are free
    assert [text[:5] for text in texts(stage, stage.you)] == ["first", "secon"]
    playground.faults.clear()
    await stage.idle()
    assert [text[:5] for text in texts(stage, stage.you)] == ["first", "secon", "first"]


# --- the connection -------------------------------------------------------------------------------------


async def test_a_second_instance_is_said_once_until_it_is_gone(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    conflict = faults.error(409, "Conflict: terminated by other getUpdates request")
    stage.playground.faults.add(conflict, method="getUpdates", times=2)
    await stage.playground.say(stage.you, stage.you, "/seed after it")
    await stage.playground.until(stage.you, lambda m: (m.text or "").startswith("after it"))
    assert caplog.text.count("another program receives") == 1


async def test_a_message_that_waits_for_its_turn_is_not_searched_for_after_a_crash(address: str) -> None:
    """Only from the moment it goes may it have arrived."""
    one_a_second = Budgets(overall=30, burst=1, group=20)
    async with Stage(address, FakeGenerator(), budgets=one_a_second) as stage:
        await stage.ask("/seed first")
        await stage.say("/seed second")
        while (found := await asyncio.to_thread(planned, stage)) == []:  # noqa: ASYNC110  only the file tells
            await asyncio.sleep(0.01)
        assert found == [None]
        await stage.next_text(stage.you, stage.playground.calls.mark())


def planned(stage: Stage) -> list[int | None]:
    """Of each message that is meant and not sent: after which one it may have arrived."""
    query = "SELECT above FROM deliveries WHERE message_id IS NULL AND text LIKE 'second%'"
    with sqlite3.connect(file_of(stage)) as connection:
        return [above for (above,) in connection.execute(query)]
