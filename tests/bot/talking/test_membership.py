import asyncio
import datetime as dt
import json
import logging
from dataclasses import replace

import pytest
from telegram.error import BadRequest, Forbidden

from bot.playground import Playground, faults
from bot.playground.calls import Call
from bot.rules.access import Access
from bot.sending.silence import TRY_AGAIN, is_muted, is_silent
from bot.storage.inbox import Arrival
from bot.storage.mail import Mail
from bot.storage.migration import move_chat, redirect
from tests.bot.fakes import FakeGenerator
from tests.bot.stage import Stage

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
NO_RIGHTS = "Bad Request: not enough rights to send text messages to the chat"


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def attempts(stage: Stage, chat: int, after: int = 0) -> list[Call]:
    return stage.playground.calls.of("sendMessage", chat_id=chat, after=after)


async def idle(stage: Stage) -> None:
    """Everything that came is done with."""
    await stage.taken()
    while len(stage.application.bot_data.inbox):  # noqa: ASYNC110  the inbox tells nobody when it is empty
        await asyncio.sleep(0.01)


async def left_at(stage: Stage, chat: int) -> dt.datetime | None:
    return await stage.book.left_at(chat)


# --- going quiet, coming back ------------------------------------------------------------------------------


async def test_muted_it_says_nothing_and_once_it_may_it_speaks_again(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    bot = stage.application.bot.id
    await stage.ask("/seed a", stage.group)
    await stage.playground.restrict(stage.group, bot)
    await idle(stage)
    mark = stage.playground.calls.mark()
    await stage.playground.say(stage.group, stage.you, "/seed muted")
    await idle(stage)
    assert attempts(stage, stage.group, mark) == []
    assert [prompt.asked.seed_text for prompt in await stage.prompts()] == ["a"]
    await stage.playground.promote(stage.group, bot)
    await idle(stage)
    assert await left_at(stage, stage.group) is None
    assert (await stage.ask("/seed back", stage.group)).startswith("back")
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("how", ["blocked", "removed"])
async def test_removed_or_blocked_it_goes_without_a_word_and_comes_back(
    stage: Stage, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    bot, chat = stage.application.bot.id, stage.you if how == "blocked" else stage.group
    if how == "blocked":
        await stage.playground.block(stage.you)
    else:
        await stage.playground.leave(chat, bot, by=stage.you)
    await idle(stage)
    assert await left_at(stage, chat) is not None
    if how == "removed":
        await stage.playground.join(chat, bot, by=stage.you)
    assert (await stage.ask("/seed back", chat)).startswith("back")
    await idle(stage)
    assert await left_at(stage, chat) is None
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("text", ["/seed a", "/help"])
async def test_rights_that_the_whole_group_lost_are_noticed_when_it_speaks(
    stage: Stage, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    await stage.ask("/temp 0.5", stage.group)
    stage.playground.faults.add(faults.error(400, NO_RIGHTS), method="sendMessage", times=10)
    mark = stage.playground.calls.mark()
    await stage.playground.say(stage.group, stage.you, text)
    await stage.playground.calls.wait("sendMessage", after=mark)
    await idle(stage)
    assert await left_at(stage, stage.group) is not None
    tried = len(attempts(stage, stage.group, mark))
    assert tried == 1
    await stage.playground.say(stage.group, stage.you, text)
    await idle(stage)
    assert len(attempts(stage, stage.group, mark)) == tried
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_silence_ends_by_itself() -> None:
    assert is_silent(NOON, NOON + TRY_AGAIN / 2)
    assert not is_silent(NOON, NOON + TRY_AGAIN)
    assert not is_silent(None, NOON)


def test_only_rights_that_are_missing_make_it_silent() -> None:
    assert is_muted(Forbidden("bot was kicked from the supergroup chat"))
    assert is_muted(BadRequest("Not enough rights to send text messages to the chat"))
    assert is_muted(BadRequest("CHAT_WRITE_FORBIDDEN"))
    assert not is_muted(BadRequest("Message is too long"))
    assert not is_muted(None)


# --- a group becomes a supergroup ----------------------------------------------------------------------------


@pytest.fixture
async def basic(stage: Stage) -> int:
    world = stage.playground.world
    room = world.add_group("Basic", [world.you, *list(world.people.values())[1:]], kind="group")
    return room.chat.id


async def test_a_group_that_becomes_a_supergroup_keeps_everything(stage: Stage, basic: int) -> None:
    await stage.ask("/temp 0.9", basic)
    await stage.ask("/seed once", basic)
    await idle(stage)
    new = await stage.playground.migrate(basic)
    await idle(stage)
    assert (await stage.book.settings(new)).temperature == 0.9
    assert [change.name for change in await stage.changes(new)] == ["temperature"]
    (prompt,) = await stage.prompts()
    assert prompt.asked.chat_id == new
    assert await stage.book.state_after(prompt.id) is not None
    assert await stage.book.find_chat(basic) is None
    mark = stage.playground.calls.mark()
    await stage.playground.say(new, stage.you, "/more")
    assert await stage.next_text(new, mark)
    await idle(stage)
    assert (await stage.prompts())[1].asked.continues_id == prompt.id


async def test_what_waited_in_the_group_is_answered_in_the_supergroup(stage: Stage, basic: int) -> None:
    await stage.ask("/temp 0.9", basic)
    await idle(stage)
    room = stage.playground.world.room(basic)
    new = await stage.playground.migrate(basic)
    await idle(stage)
    # Said before, and only handled now: Telegram names the new chat when the bot answers in the old one.
    await stage.deliver_command("/seed late", chat=basic)
    call = await stage.playground.calls.wait("sendMessage", chat_id=new, where=lambda c: "late" in (c.text or ""))
    await idle(stage)
    (prompt,) = await stage.prompts()
    assert (prompt.asked.chat_id, prompt.answer.outcome) == (new, "answered")
    assert call.status == 200
    assert room.migrated_to == new


async def test_the_operator_hears_that_the_supergroup_is_not_allowed(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    world = Playground().world
    you, basic = world.you.id, world.add_group("Basic", [world.you], kind="group").chat.id
    access = Access(frozenset({basic, you}), admins=frozenset({you}))
    async with Stage(address, FakeGenerator(), access) as stage:
        stage.playground.world.add_group("Basic", [stage.playground.world.you], kind="group")
        await stage.ask("/temp 0.9", basic)
        new = await stage.playground.migrate(basic)
        call = await stage.playground.calls.wait("sendMessage", chat_id=you)
        assert str(call.text).endswith(f"To let it in, put {new} into COTORRA_ALLOWED_CHATS.")
        await idle(stage)
        assert f"the supergroup {new} is not in COTORRA_ALLOWED_CHATS" in caplog.text


async def test_moving_twice_is_moving_once_and_what_the_supergroup_set_stays(stage: Stage) -> None:
    old, new = -5, -1_000_000_000_005
    book = stage.book
    for update, chat, temperature in ((1, old, 0.9), (2, new, 1.1)):
        where = replace(stage.occasion(update, NOON), chat=stage.chat(chat))
        await book.change_settings(where, temperature=temperature)
    mail = Mail(stage.database, 99)
    payload = {"message": {"chat": {"id": old, "type": "group"}, "text": str(old)}}
    await mail.accept([Arrival(99, 1, old, 7, NOON, json.dumps(payload))])
    for _ in range(2):
        async with stage.database.writing() as connection:
            await move_chat(connection, old, new)
            await redirect(connection, 99, old, new)
    assert (await book.settings(new)).temperature == 1.1
    assert len(await stage.changes(new)) == 2
    (waiting,) = await mail.waiting()
    opened = await mail.open(waiting.id)
    assert opened is not None
    message = json.loads(opened.payload)["message"]
    assert (message["chat"], message["text"]) == ({"id": new, "type": "supergroup"}, str(old))
    assert waiting.chat_id == new
