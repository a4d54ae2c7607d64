"""Replies that write themselves: what people see before the text is whole, and that nothing of it is lost."""

from collections.abc import AsyncIterator

import pytest
from telegram import Message

from bot.generating.scheduler import TAKEN_BACK
from bot.handlers.presses import NOT_YOURS
from bot.playground import faults
from bot.playground.calls import Call
from bot.talking.conversation import AHEAD, NEXT
from tests.bot.fakes import FakeGenerator, expected_text
from tests.bot.stage import Stage
from tests.bot.talking.test_takes import ask, labels, press

WRITTEN = 80  # characters before the network pauses


@pytest.fixture
async def slow(address: str) -> AsyncIterator[Stage]:
    """A network that writes some characters, slowly enough to be seen, and then waits at its gate."""
    generator = FakeGenerator(pauses_at=WRITTEN, pace=0.001)
    generator.gate.clear()
    async with Stage(address, generator, patience=0.1) as stage:
        yield stage


def messages(stage: Stage, chat: int) -> list[Message]:
    """What the bot said there."""
    bot = stage.playground.world.bot.id
    return [m for m in stage.playground.history(chat) if m.from_user is not None and m.from_user.id == bot]


async def begin(stage: Stage, chat: int, method: str, seed: str = "Domingo") -> Call:
    """Ask for a text, and wait for the first that is seen of it."""
    await stage.playground.say(chat, stage.you, f"/seed {seed}")
    return await stage.playground.calls.wait(method, chat_id=chat)


async def whole(stage: Stage) -> str:
    """Let the network go on to the end; the whole text, as the log has it and as it must be."""
    stage.generator.gate.set()
    (prompt,) = await stage.idle()
    asked = prompt.asked
    expected = asked.seed_text + expected_text(asked.seed_text, asked.length, asked.sampling, asked.rng_seed)
    assert prompt.answer.outcome == "answered"
    assert prompt.answer.reply_text == expected
    return expected.strip()


def is_beginning(frame: str | None, text: str) -> bool:
    return bool(frame) and text.startswith(frame or "?") and len(frame or "") < len(text)


# --- in private -----------------------------------------------------------------------------------------


async def test_a_quick_reply_is_one_message_and_nothing_else(stage: Stage) -> None:
    mark = stage.playground.calls.mark()
    await stage.playground.say(stage.you, stage.you, "/seed Domingo")
    await stage.idle()
    calls = stage.playground.calls.of(after=mark)
    assert [call.method for call in calls] == ["sendMessage"]


async def test_in_private_a_slow_reply_is_seen_as_drafts_and_then_sent(slow: Stage) -> None:
    draft = await begin(slow, slow.you, "sendMessageDraft")
    assert messages(slow, slow.you) == []
    text = await whole(slow)
    assert is_beginning(draft.text, text)
    assert int(draft.parameters["draft_id"]) != 0
    (message,) = messages(slow, slow.you)
    assert message.text == text
    assert slow.playground.calls.of("editMessageText") == []


async def test_in_private_what_takes_longer_becomes_a_message_that_can_be_stopped(slow: Stage) -> None:
    draft = await begin(slow, slow.you, "sendMessageDraft")
    sent = await slow.playground.calls.wait("sendMessage", chat_id=slow.you)  # although the text grows no more
    assert sent.text == draft.text
    (growing,) = messages(slow, slow.you)
    assert await press(slow, growing, "Stop") is None
    slow.generator.gate.set()
    (prompt,) = await slow.idle()
    assert prompt.answer.outcome == "stopped"
    (message,) = messages(slow, slow.you)
    assert message.text == (prompt.answer.reply_text or "").strip()


async def test_where_drafts_fail_a_message_is_edited_and_the_chat_remembered(slow: Stage) -> None:
    slow.playground.faults.add(faults.error(400, "Bad Request: DRAFT_INVALID"), method="sendMessageDraft")
    first = await begin(slow, slow.you, "sendMessage")
    text = await whole(slow)
    assert is_beginning(first.text, text)
    assert [m.text for m in messages(slow, slow.you)] == [text]
    assert len(slow.playground.calls.of("sendMessageDraft")) == 1
    slow.generator.gate.clear()
    mark = slow.playground.calls.mark()
    await slow.playground.say(slow.you, slow.you, "/seed Lunes")
    await slow.playground.calls.wait("sendMessage", chat_id=slow.you, after=mark)
    assert len(slow.playground.calls.of("sendMessageDraft")) == 1
    slow.generator.gate.set()
    await slow.idle()


async def test_a_draft_that_breaks_on_its_way_costs_nothing(slow: Stage) -> None:
    slow.playground.faults.add(faults.dropped_before(), faults.server_error(), method="sendMessageDraft")
    await begin(slow, slow.you, "sendMessageDraft")
    text = await whole(slow)
    assert [m.text for m in messages(slow, slow.you)] == [text]


async def test_a_draft_that_is_refused_with_the_token_says_nothing_of_drafts(slow: Stage) -> None:
    slow.playground.faults.add(faults.error(401, "Unauthorized"), method="sendMessageDraft")
    await begin(slow, slow.you, "sendMessageDraft")
    await whole(slow)
    assert slow.application.bot_data.underway.takes_drafts(slow.you)


# --- in groups ------------------------------------------------------------------------------------------


async def test_in_a_group_one_message_grows_and_has_a_stop_button_until_it_is_whole(slow: Stage) -> None:
    first = await begin(slow, slow.group, "sendMessage")
    (growing,) = messages(slow, slow.group)
    assert labels(growing) == ["⏹ Stop"]
    text = await whole(slow)
    assert is_beginning(first.text, text)
    (message,) = messages(slow, slow.group)
    assert (message.message_id, message.text) == (growing.message_id, text)
    assert "▶ Continue" in labels(message)
    (prompt,) = await slow.prompts()
    assert prompt.answer.reply_message_id == message.message_id
    assert await slow.book.prompt_of_message(slow.group, message.message_id) == prompt


async def test_a_long_text_goes_on_in_further_messages(slow: Stage) -> None:
    await begin(slow, slow.group, "sendMessage", "word " * 800)
    text = await whole(slow)
    first, second = messages(slow, slow.group)
    assert f"{first.text} {second.text}".split() == text.split()
    assert labels(first) == []
    assert "▶ Continue" in labels(second)


async def test_stopped_it_keeps_what_there_is(slow: Stage) -> None:
    await begin(slow, slow.group, "sendMessage")
    (growing,) = messages(slow, slow.group)
    assert await press(slow, growing, "Stop") is None
    slow.generator.gate.set()
    (prompt,) = await slow.idle()
    asked, answer = prompt.asked, prompt.answer
    assert answer.outcome == "stopped"
    assert answer.characters is not None
    assert WRITTEN <= answer.characters < asked.length
    written = expected_text("Domingo", answer.characters, asked.sampling, asked.rng_seed)
    assert answer.reply_text == "Domingo" + written
    (message,) = messages(slow, slow.group)
    assert message.text == (answer.reply_text or "").strip()
    assert "▶ Continue" in labels(message)


async def test_a_stranger_cannot_stop_it(slow: Stage) -> None:
    other = next(user for user in slow.playground.world.group.members if user != slow.you)
    await begin(slow, slow.group, "sendMessage")
    (growing,) = messages(slow, slow.group)
    assert await press(slow, growing, "Stop", other) == NOT_YOURS
    await whole(slow)


async def test_stopped_before_a_restart_it_stays_stopped(slow: Stage) -> None:
    await begin(slow, slow.group, "sendMessage")
    (growing,) = messages(slow, slow.group)
    await press(slow, growing, "Stop")  # the network waits at its gate: nothing has come of it yet
    await slow.stop()
    slow.generator.gate.set()
    await slow.start()
    (prompt,) = await slow.idle()
    assert prompt.answer.outcome == "stopped"
    (message,) = messages(slow, slow.group)
    assert message.text == (prompt.answer.reply_text or "").strip()


# --- before there is anything to see --------------------------------------------------------------------


@pytest.fixture
async def silent(address: str) -> AsyncIterator[Stage]:
    """A network that has written nothing yet."""
    generator = FakeGenerator()
    async with Stage(address, generator, patience=0.1) as stage:
        yield stage


@pytest.mark.parametrize("place", ["you", "group"])
async def test_what_takes_long_to_begin_says_so_and_becomes_the_reply(silent: Stage, place: str) -> None:
    chat: int = getattr(silent, place)
    silent.generator.gate.clear()
    await begin(silent, chat, "sendMessage")
    (waiting,) = messages(silent, chat)
    assert (waiting.text, labels(waiting)) == (NEXT, ["⏹ Stop"])
    text = await whole(silent)
    (message,) = messages(silent, chat)
    assert (message.message_id, message.text) == (waiting.message_id, text)


async def test_in_line_a_reply_says_how_many_come_first_and_is_taken_back_at_once(silent: Stage) -> None:
    first, second = [await ask(silent, f"/seed {word}") for word in ("Domingo", "Lunes")]
    silent.generator.gate.clear()
    for label in ("Continue", "Another take", "Warmer", "Colder"):  # as many as one chat may have at once
        assert await press(silent, first, label) is None
    assert await press(silent, second, "Continue") is None
    await silent.playground.say(silent.you, silent.you, "/seed Martes")
    waiting = await silent.playground.until(silent.you, lambda message: message.text == AHEAD.one.format(number=1))
    assert await press(silent, waiting, "Stop") is None  # nothing is written, and nobody waits for that
    await silent.playground.until(silent.you, lambda message: message.text == TAKEN_BACK)
    silent.generator.gate.set()
    assert [prompt.answer.outcome for prompt in await silent.idle()] == ["answered"] * 7 + ["refused"]


# --- nothing lost, nothing twice ------------------------------------------------------------------------


async def test_after_a_restart_the_half_written_message_is_finished_in_place(slow: Stage) -> None:
    await begin(slow, slow.group, "sendMessage")
    (growing,) = messages(slow, slow.group)
    await slow.restart()
    text = await whole(slow)
    (message,) = messages(slow, slow.group)
    assert (message.message_id, message.text) == (growing.message_id, text)
    assert "▶ Continue" in labels(message)


@pytest.mark.parametrize("fault", [faults.dropped_after(), faults.half_body()], ids=lambda fault: fault.moment.name)
async def test_a_first_message_that_may_have_arrived_is_found(slow: Stage, fault: faults.Fault) -> None:
    slow.playground.faults.add(fault, method="sendMessage")
    await begin(slow, slow.group, "sendMessage")
    text = await whole(slow)
    assert [m.text for m in messages(slow, slow.group)] == [text]


@pytest.mark.parametrize("fault", [faults.flood(1), faults.error(400, "Bad Request: what?")], ids=["flood", "error"])
async def test_a_first_message_that_was_refused_is_not_searched_for(slow: Stage, fault: faults.Fault) -> None:
    """Telegram said that nothing was done, so the text is sent and no message tried for it."""
    slow.playground.faults.add(fault, method="sendMessage")
    refused = await begin(slow, slow.group, "sendMessage")
    slow.generator.gate.set()
    await slow.idle()
    assert refused.status in (400, 429)
    calls = slow.playground.calls.of(chat_id=slow.group, after=refused.number + 1)
    tried = [call.method for call in calls if call.method == "editMessageText" and call.status != 200]
    assert tried == []
    assert len(messages(slow, slow.group)) == 1


@pytest.mark.parametrize(
    "fault",
    [faults.dropped_after(), faults.dropped_before(), faults.server_error(), faults.flood(1)],
    ids=lambda fault: fault.moment.name,
)
async def test_the_last_edit_arrives_whatever_becomes_of_the_call(slow: Stage, fault: faults.Fault) -> None:
    await begin(slow, slow.group, "sendMessage")
    slow.playground.faults.add(fault, method="editMessageText")
    text = await whole(slow)
    assert [m.text for m in messages(slow, slow.group)] == [text]


async def test_a_message_deleted_while_it_grew_is_sent_again(slow: Stage) -> None:
    await slow.playground.promote(slow.group, slow.you)
    await begin(slow, slow.group, "sendMessage")
    (growing,) = messages(slow, slow.group)
    await slow.playground.delete(slow.group, growing.message_id, slow.you)
    text = await whole(slow)
    assert [m.text for m in messages(slow, slow.group)] == [text]


async def test_a_network_that_fails_halfway_turns_the_message_into_a_sentence(address: str) -> None:
    generator = FakeGenerator(pauses_at=WRITTEN, pace=0.001, dies_after=WRITTEN + 20)
    generator.gate.clear()
    async with Stage(address, generator) as stage:
        await begin(stage, stage.group, "sendMessage")
        generator.gate.set()
        (prompt,) = await stage.idle()
        assert prompt.answer.outcome == "failed"
        (message,) = messages(stage, stage.group)
        assert "went wrong" in (message.text or "")
        assert labels(message) == []
