"""Continue, another take, warmer, colder: the buttons under a reply, and the commands beside them."""

import datetime as dt
import json
from typing import Any

import pytest
from sqlalchemy import update
from telegram import Message

from bot.callbacks import OLD, Callback, Callbacks
from bot.handlers.presses import NOT_YOURS
from bot.handlers.takes import FINISHED, NOTHING_YET
from bot.languages import LANGUAGES, phrases
from bot.sending.manners import defuse
from bot.storage.book import Occasion
from bot.storage.chats import Chat
from bot.storage.prompts import Prompt
from bot.storage.ratings import Rating, Ratings
from bot.storage.tables import prompts
from bot.talking.buttons import AGAIN, COLDER, MORE, WARMER
from bot.talking.takes import ERASED
from bot.talking.thinking import GONE, OTHER_VOICE
from bot.text import utf16_units
from model.sampling import Rng
from tests.bot.conftest import stage_on
from tests.bot.fakes import FakeGenerator
from tests.bot.stage import Stage


def labels(message: Message) -> list[str]:
    rows = () if message.reply_markup is None else message.reply_markup.inline_keyboard
    return [button.text for row in rows for button in row]


async def ask(stage: Stage, words: str, chat: int | None = None, user: int | None = None) -> Message:
    """Say something; the bot's message that answers it."""
    chat = stage.you if chat is None else chat
    mark = stage.playground.calls.mark()
    await stage.playground.say(chat, stage.you if user is None else user, words)
    return await answer(stage, chat, mark)


async def answer(stage: Stage, chat: int, mark: int) -> Message:
    call = await stage.playground.calls.wait("sendMessage", chat_id=chat, after=mark)
    return stage.playground.world.message(chat, call.result["message_id"])


async def press(stage: Stage, message: Message, label: str, user: int | None = None) -> str | None:
    """What the press says."""
    user = stage.you if user is None else user
    name = next(name for name in labels(message) if label in name)
    done = await stage.playground.press_label(message.chat.id, message.message_id, name, user)
    return (await done.answer).text or None


async def take(stage: Stage, message: Message, label: str, user: int | None = None) -> Message:
    """Press a button; the new reply."""
    mark = stage.playground.calls.mark()
    assert await press(stage, message, label, user) is None
    return await answer(stage, message.chat.id, mark)


async def ratings(stage: Stage) -> list[Rating]:
    async with stage.database.reading() as connection:
        return await Ratings(connection).of_user(stage.you)


def written_after(state: bytes, prompt: Prompt) -> str:
    """What the fake network writes for a prompt that goes on from a state."""
    generator, asked = FakeGenerator(), prompt.asked
    before = type(generator.initial_state()).from_bytes(state, generator.initial_state())
    after = generator.feed(before, asked.seed_text) if asked.seed_text else before
    chunk = generator.generate(after, asked.length, asked.sampling, Rng(asked.rng_seed))
    return asked.seed_text + chunk.text


async def state_of(stage: Stage, prompt: Prompt) -> bytes:
    state = await stage.book.state_after(prompt.id)
    assert state is not None
    return state


# --- going on -------------------------------------------------------------------------------------------


async def test_every_reply_has_its_buttons(stage: Stage) -> None:
    seen = ["▶ Continue", "🔁 Another take", "❄ Colder", "🔥 Warmer"]
    assert labels(await ask(stage, "/seed Domingo")) == [*seen, "📋 Copy the beginning"]
    await stage.ask("/length 50")
    assert labels(await ask(stage, "/seed Domingo")) == [*seen, "📋 Copy"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_fit_on_a_phone_beside_each_other(language: str) -> None:
    for label in (MORE, AGAIN, COLDER, WARMER):
        assert len(phrases(language)(label)) <= 16


async def test_more_goes_on_from_the_very_same_state(stage: Stage) -> None:
    await ask(stage, "/seed Domingo")
    await ask(stage, "/more")
    first, second = await stage.idle()
    assert (second.asked.kind, second.asked.seed_text) == ("more", "")
    assert (second.asked.parent_id, second.asked.continues_id) == (first.id, first.id)
    assert second.answer.reply_text == written_after(await state_of(stage, first), second)


async def test_more_goes_on_after_a_restart(stage: Stage) -> None:
    await ask(stage, "/seed Domingo")
    await stage.idle()
    await stage.restart()
    await ask(stage, "/more")
    first, second = await stage.idle()
    assert second.answer.reply_text == written_after(await state_of(stage, first), second)


async def test_more_may_be_given_words(stage: Stage) -> None:
    await ask(stage, "/seed Domingo")
    await ask(stage, "/more and then")
    first, second = await stage.idle()
    assert second.asked.seed_text == "and then"
    assert second.answer.reply_text == written_after(await state_of(stage, first), second)


async def test_more_in_answer_to_a_reply_goes_on_with_that_one(stage: Stage) -> None:
    first = await ask(stage, "/seed Domingo")
    await ask(stage, "/seed Lunes")
    mark = stage.playground.calls.mark()
    await stage.playground.say(stage.you, stage.you, "/more", reply_to=first.message_id)
    await answer(stage, stage.you, mark)
    rows = await stage.idle()
    assert rows[2].asked.continues_id == rows[0].id


async def test_with_nothing_said_yet_more_and_again_say_so(stage: Stage) -> None:
    assert (await ask(stage, "/more")).text == NOTHING_YET
    assert (await ask(stage, "/again")).text == NOTHING_YET


async def test_the_button_goes_on_with_the_reply_it_stands_under(stage: Stage) -> None:
    first = await ask(stage, "/seed Domingo")
    await ask(stage, "/seed Lunes")
    await take(stage, first, "Continue")
    rows = await stage.idle()
    assert (rows[2].asked.kind, rows[2].asked.continues_id) == ("more", rows[0].id)


async def test_a_state_that_is_gone_is_told_at_the_button(stage: Stage) -> None:
    first = await ask(stage, "/seed first")
    for number in range(8):
        await ask(stage, f"/seed another {number}")
    assert await press(stage, first, "Continue") == GONE
    assert len(await stage.idle()) == 9


async def test_a_topic_goes_on_however_much_is_said_in_others(stage: Stage) -> None:
    group, mark = stage.group, stage.playground.calls.mark()
    topics = [await stage.playground.open_topic(group, stage.you, name) for name in ("Novels", "Poems")]
    for topic in (topics[0], *[topics[1]] * 8, 0, *[topics[1]] * 8):
        await stage.playground.say(group, stage.you, "/seed Domingo", topic=topic)
    for topic in (topics[0], 0):
        await stage.playground.say(group, stage.you, "/more", topic=topic)
    rows = await stage.idle()
    assert [row.answer.outcome for row in rows] == ["answered"] * len(rows)
    assert [row.asked.continues_id for row in rows[-2:]] == [rows[0].id, rows[9].id]
    said = stage.sent(group, mark)
    assert [int(call.parameters.get("message_thread_id", 0)) for call in said[-2:]] == [topics[0], 0]


async def test_the_state_of_another_checkpoint_gets_a_sentence(stage: Stage) -> None:
    await ask(stage, "/seed Domingo")
    (first,) = await stage.idle()
    state = bytearray(await state_of(stage, first))
    state[5:21] = bytes(16)  # the weights it is for
    await stage.book.close_prompt(first.id, first.answer, state=bytes(state))
    assert (await ask(stage, "/more")).text == OTHER_VOICE
    assert [p.answer.outcome for p in await stage.idle()] == ["answered", "refused"]


# --- the same again -------------------------------------------------------------------------------------


async def test_another_take_is_the_same_seed_with_other_luck(stage: Stage) -> None:
    await take(stage, await ask(stage, "/seed Domingo"), "Another take")
    first, second = await stage.idle()
    assert (second.asked.kind, second.asked.seed_text, second.asked.parent_id) == ("again", "Domingo", first.id)
    assert second.asked.rng_seed != first.asked.rng_seed
    assert second.asked.sampling == first.asked.sampling
    (rating,) = await ratings(stage)
    assert (rating.prompt_id, rating.kind) == (first.id, "again")


async def test_another_take_of_what_went_on_begins_from_the_same_state(stage: Stage) -> None:
    await ask(stage, "/seed Domingo")
    await take(stage, await ask(stage, "/more"), "Another take")
    first, second, third = await stage.idle()
    assert (third.asked.parent_id, third.asked.continues_id) == (second.id, first.id)
    assert third.answer.reply_text == written_after(await state_of(stage, first), third)


async def test_again_takes_the_settings_of_the_chat_and_the_button_those_of_its_reply(stage: Stage) -> None:
    first = await ask(stage, "/seed Domingo")
    await ask(stage, "/temp 1.2")
    await ask(stage, "/again")
    await take(stage, first, "Another take")
    assert [p.asked.temperature for p in await stage.idle()] == [0.5, 1.2, 0.5]


async def test_warmer_and_colder_are_takes_a_step_away(stage: Stage) -> None:
    warm = await take(stage, await ask(stage, "/seed Domingo"), "Warmer")
    await take(stage, warm, "Colder")
    rows = await stage.idle()
    assert [p.asked.temperature for p in rows] == [0.5, 0.7, 0.5]
    assert [p.asked.kind for p in rows] == ["seed", "again", "again"]
    assert len({p.asked.rng_seed for p in rows}) == 3
    assert [(r.prompt_id, r.kind, r.value) for r in await ratings(stage)] == [
        (rows[0].id, "warmer", "0.7"),
        (rows[1].id, "colder", "0.5"),
    ]
    assert (await stage.book.settings(stage.you)).temperature == 0.5


async def test_at_the_ends_of_the_range_the_step_is_not_offered(stage: Stage) -> None:
    await ask(stage, "/temp 2")
    assert not any("Warmer" in label for label in labels(await ask(stage, "/seed hot")))
    await ask(stage, "/temp 0.05")
    assert not any("Colder" in label for label in labels(await ask(stage, "/seed cold")))


# --- who, when, how often -------------------------------------------------------------------------------


async def test_buttons_survive_a_restart(stage: Stage) -> None:
    first = await ask(stage, "/seed Domingo")
    await stage.idle()
    await stage.restart()
    await take(stage, first, "Continue")
    assert len(await stage.idle()) == 2


async def test_an_old_button_answers_with_a_sentence(stage: Stage) -> None:
    callbacks = stage.application.bot_data.callbacks
    for data in (
        "more:1",
        "",
        callbacks.data(Callback("more", "999"), stage.you),
        Callbacks("x").data(Callback("more", "1"), stage.you),
    ):
        mark = stage.playground.calls.mark()
        await stage.deliver_update("callback_query", callback(stage, data))
        call = await stage.playground.calls.wait("answerCallbackQuery", after=mark)
        assert call.text == OLD


async def test_erased_words_cannot_be_taken_again(stage: Stage) -> None:
    first = await ask(stage, "/seed Domingo")
    await stage.idle()
    async with stage.database.writing() as connection:
        await connection.execute(update(prompts).values(erased_at=dt.datetime.now(dt.UTC)))
    assert await press(stage, first, "Another take") == ERASED
    assert len(await stage.idle()) == 1


async def test_in_a_group_only_whoever_asked_may_press(stage: Stage) -> None:
    other = next(user for user in stage.playground.world.group.members if user != stage.you)
    first = await ask(stage, "/seed Domingo", stage.group)
    assert await press(stage, first, "Continue", other) == NOT_YOURS
    await take(stage, first, "Continue")
    assert len(await stage.idle()) == 2


async def test_in_a_group_everybody_may_press_if_the_group_says_so(stage: Stage) -> None:
    other = next(user for user in stage.playground.world.group.members if user != stage.you)
    first = await ask(stage, "/seed Domingo", stage.group)
    (prompt,) = await stage.idle()
    group = Occasion(1, 1, Chat(stage.group, "supergroup"), None, 1, prompt.asked.asked_at)
    await stage.book.change_settings(group, who_may_press="everybody")
    await take(stage, first, "Continue", other)
    assert [p.asked.user_id for p in await stage.idle()] == [stage.you, other]


async def test_a_press_handled_twice_does_its_thing_once(stage: Stage) -> None:
    await ask(stage, "/seed Domingo")
    (prompt,) = await stage.idle()
    data = stage.application.bot_data.callbacks.data(Callback("warmer", str(prompt.id), stage.you), stage.you)
    query = callback(stage, data)
    stage_update = {"update_id": 77_000, "callback_query": query}
    for _ in range(2):
        await stage.application.bot_data.inbox.accept([stage_update])
        await stage.idle()
    mark = stage.playground.calls.mark()
    await stage.deliver_update("callback_query", query | {"data": ""})
    await stage.playground.calls.wait("answerCallbackQuery", after=mark)
    assert len(await stage.idle()) == 2
    assert len(await ratings(stage)) == 1


async def test_a_button_pressed_in_a_hurry_makes_one_reply(address: str) -> None:
    generator = FakeGenerator()
    async with stage_on(address, generator) as stage:
        first = await ask(stage, "/seed Domingo")
        generator.gate.clear()
        generator.entered.clear()
        assert await press(stage, first, "Continue") is None
        assert "already" in (await press(stage, first, "Continue") or "")
        generator.gate.set()
        assert len(await stage.idle()) == 2


async def test_a_press_is_answered_before_the_text_is_written(address: str) -> None:
    generator = FakeGenerator()
    async with stage_on(address, generator) as stage:
        first = await ask(stage, "/seed Domingo")
        await stage.idle()
        generator.gate.clear()
        assert await press(stage, first, "Another take") is None
        assert len(stage.sent()) == 1
        generator.gate.set()
        await stage.idle()


async def test_a_short_reply_can_be_copied_as_it_was_written(stage: Stage) -> None:
    now = dt.datetime.now(dt.UTC)
    await stage.book.change_settings(stage.occasion(1, now), length=20)
    await ask(stage, "/seed see example.org")
    (prompt,) = await stage.idle()
    assert copies(stage) == [(prompt.answer.reply_text or "").strip()]


async def test_of_a_long_reply_as_much_can_be_copied_as_a_button_holds(stage: Stage) -> None:
    await ask(stage, f"/seed {'🦜' * 100}")
    (prompt,) = await stage.idle()
    (copied,) = copies(stage)
    assert (prompt.answer.reply_text or "").startswith(copied)
    assert 200 < utf16_units(copied) <= 256


def copies(stage: Stage) -> list[str]:
    """What the buttons of the one message that was sent put on the clipboard."""
    (call,) = stage.sent()
    keyboard: dict[str, Any] = json.loads(call.parameters["reply_markup"])
    return [b["copy_text"]["text"] for row in keyboard["inline_keyboard"] for b in row if "copy_text" in b]


async def test_a_stop_that_comes_too_late_says_so(stage: Stage) -> None:
    await ask(stage, "/seed Domingo")
    (prompt,) = await stage.idle()
    data = stage.application.bot_data.callbacks.data(Callback("stop", str(prompt.id), stage.you), stage.you)
    mark = stage.playground.calls.mark()
    await stage.deliver_update("callback_query", callback(stage, data))
    assert (await stage.playground.calls.wait("answerCallbackQuery", after=mark)).text == FINISHED


# --- why ------------------------------------------------------------------------------------------------


async def test_why_tells_how_a_reply_came_about_and_how_to_have_it_again(stage: Stage) -> None:
    first = await ask(stage, "/seed it's Domingo")
    await ask(stage, "/seed Lunes")
    mark = stage.playground.calls.mark()
    await stage.playground.say(stage.you, stage.you, "/why", reply_to=first.message_id)
    text = (await answer(stage, stage.you, mark)).text or ""
    prompt = (await stage.idle())[0]
    assert f"random seed {prompt.asked.rng_seed}" in text
    assert "Temperature 0.5, top-p 1" in text
    assert stage.generator.fingerprint[:8] in text
    assert "a second" in text
    options = f"--length 300 --temperature 0.5 --top-p 1.0 --rng-seed {prompt.asked.rng_seed}"
    assert f"cotorra sample {options} -- CHECKPOINT 'it'\"'\"'s Domingo'" in text.replace("\u2060", "")


async def test_why_of_what_went_on_needs_the_log(stage: Stage) -> None:
    await ask(stage, "/seed Domingo")
    await ask(stage, "/more")
    text = (await ask(stage, "/why")).text or ""
    assert "an earlier reply.\n" in text
    assert f"cotorra logs replay {(await stage.idle())[1].id}" in text
    await ask(stage, "/more with @ana")
    text = (await ask(stage, "/why")).text or ""
    assert f"an earlier reply, with “{defuse('with @ana')}”." in text


async def test_why_with_nothing_said_yet_says_so(stage: Stage) -> None:
    assert (await ask(stage, "/why")).text == NOTHING_YET


def callback(stage: Stage, data: str) -> dict[str, Any]:
    person = {"id": stage.you, "is_bot": False, "first_name": "You"}
    chat = {"id": stage.you, "type": "private", "first_name": "You"}
    message = {"message_id": 2, "date": 1, "chat": chat, "text": "old"}
    return {"id": "1", "from": person, "chat_instance": "1", "message": message, "data": data}
