import dataclasses
import datetime as dt
import random

import pytest
from sqlalchemy import select, update
from telegram import InlineKeyboardButton, Message
from telegram.error import TelegramError

from bot.context import BotContext
from bot.handlers.duel import LASTS, TIE
from bot.handlers.duel_ends import PAUSE, end_due
from bot.playground import faults
from bot.storage.chats import Chat
from bot.storage.game_book import PASSED_OVER, PREFERRED
from bot.storage.ratings import Rating, Ratings
from bot.storage.settings import ChatSettings
from bot.storage.tables import games
from bot.talking.duel import LADDER, Side, draw, shown
from tests.bot.stage import Stage


async def play(stage: Stage, text: str = "/duel once upon a time") -> Message:
    await stage.playground.say(stage.group, stage.you, text)
    message = await stage.playground.until(stage.group, lambda m: (m.text or "").startswith("🅰"))
    await stage.idle()
    return message


async def press(stage: Stage, message: Message, label: str, user: int) -> str:
    now = stage.playground.world.message(stage.group, message.message_id)
    name = next(button.text for button in buttons(now) if button.text.startswith(label))
    pressed = await stage.playground.press_label(stage.group, message.message_id, name, user)
    answer = await pressed.answer
    await stage.idle()
    return answer.text or ""


def buttons(message: Message) -> list[InlineKeyboardButton]:
    rows = () if message.reply_markup is None else message.reply_markup.inline_keyboard
    return [button for row in rows for button in row]


def now(stage: Stage, message: Message) -> Message:
    return stage.playground.world.message(stage.group, message.message_id)


async def ratings(stage: Stage) -> list[Rating]:
    async with stage.database.reading() as connection:
        return await Ratings(connection).of_prompts([prompt.id for prompt in await stage.prompts()])


def others(stage: Stage) -> list[int]:
    return [
        user
        for user, role in stage.playground.world.group.members.items()
        if role == "member" and user != stage.playground.world.bot.id
    ]


async def test_two_temperatures_go_on_with_the_same_words_and_do_not_say_who_is_who(stage: Stage) -> None:
    message = await play(stage)
    first, second = await stage.prompts()
    assert first.asked.seed_text == second.asked.seed_text == "once upon a time"
    assert first.asked.temperature != second.asked.temperature
    assert {first.asked.kind, second.asked.kind} == {"duel"}
    await stage.idle()
    for prompt in await stage.prompts():
        assert prompt.answer.reply_message_id == message.message_id
        assert prompt.answer.latency_ms is not None
    text = message.text or ""
    assert text.count("once upon a time") == 2
    assert f"{first.asked.temperature:g}" not in text
    assert [button.text for button in buttons(message)] == ["🅰", "🅱", "🏁 Result"]


async def test_votes_are_counted_may_change_and_the_result_becomes_preferences(stage: Stage) -> None:
    message = await play(stage)
    first, second = others(stage)[:2]
    assert "🅰" in await press(stage, message, "🅰", stage.you)
    await press(stage, message, "🅱", stage.you)  # thought better of it
    await press(stage, message, "🅱", first)
    await press(stage, message, "🅰", second)
    assert [button.text for button in buttons(now(stage, message))][:2] == ["🅰 1", "🅱 2"]
    assert await ratings(stage) == []
    await press(stage, message, "🏁", stage.you)
    result = now(stage, message).text or ""
    one, other = (prompt.asked.temperature for prompt in await stage.prompts())
    assert f"🅰 temperature {one:g}: 1 vote\n🅱 temperature {other:g}: 2 votes 🏆" in result
    values = {(rating.user_id, rating.value) for rating in await ratings(stage)}
    assert values == {(user, value) for user in (stage.you, first, second) for value in (PREFERRED, PASSED_OVER)}
    assert {rating.kind for rating in await ratings(stage)} == {"duel"}


async def test_the_winners_temperature_can_be_kept(stage: Stage) -> None:
    message = await play(stage)
    await press(stage, message, "🅱", stage.you)
    await press(stage, message, "🏁", stage.you)
    kept = (await stage.prompts())[1].asked.temperature
    assert f"{kept:g}" in await press(stage, message, "Keep", stage.you)
    assert (await stage.book.settings(stage.group)).temperature == kept
    changed = [(change.name, change.new) for change in await stage.changes(stage.group)]
    assert changed == ([] if kept == ChatSettings().temperature else [("temperature", str(kept))])
    assert buttons(now(stage, message)) == []


async def test_where_administrators_rule_nobody_else_keeps_anything(stage: Stage) -> None:
    here = dataclasses.replace(stage.occasion(1, dt.datetime.now(dt.UTC)), chat=Chat(stage.group, "supergroup"))
    await stage.book.change_settings(here, who_may_change="admins")
    message = await play(stage)
    member = others(stage)[0]
    await press(stage, message, "🅱", member)
    await press(stage, message, "🏁", stage.you)
    assert "administrators" in await press(stage, message, "Keep", member)
    assert [change.name for change in await stage.changes(stage.group)] == ["who_may_change"]


async def test_the_result_is_for_whoever_asked(stage: Stage) -> None:
    message = await play(stage)
    member = others(stage)[0]
    await press(stage, message, "🅰", member)
    assert "somebody else" in await press(stage, message, "🏁", member)
    assert "Nobody has voted" not in await press(stage, message, "🏁", stage.you)


async def test_without_votes_there_is_no_result_and_a_tie_keeps_nothing(stage: Stage) -> None:
    message = await play(stage)
    assert "Nobody has voted" in await press(stage, message, "🏁", stage.you)
    await press(stage, message, "🅰", stage.you)
    await press(stage, message, "🅱", others(stage)[0])
    await press(stage, message, "🏁", stage.you)
    assert (now(stage, message).text or "").endswith("It is a tie.")
    assert buttons(now(stage, message)) == []


async def test_a_duel_goes_on_after_a_restart(stage: Stage) -> None:
    message = await play(stage)
    await press(stage, message, "🅰", stage.you)
    await stage.restart()
    await press(stage, message, "🏁", stage.you)
    assert "🏆" in (now(stage, message).text or "")


async def test_the_message_stays_in_the_language_of_who_asked_whoever_votes(stage: Stage) -> None:
    message = await play(stage)
    other = others(stage)[0]
    spanish = {"id": other, "is_bot": False, "first_name": "Ana", "language_code": "es"}
    data = buttons(message)[0].callback_data
    where = {"message_id": message.message_id, "date": 1, "chat": {"id": stage.group, "type": "supergroup"}}
    press_ = {"id": "1", "from": spanish, "chat_instance": "1", "message": where, "data": data}
    await stage.deliver_update("callback_query", press_)
    await stage.idle()
    assert [button.text for button in buttons(now(stage, message))] == ["🅰 1", "🅱", "🏁 Result"]
    assert "voto" in str(stage.playground.calls.of("answerCallbackQuery")[-1].parameters["text"])


# --- by itself ----------------------------------------------------------------------------------------------


async def age(stage: Stage, by: dt.timedelta) -> None:
    """Every duel began so much earlier."""
    async with stage.database.writing() as connection:
        for row in (await connection.execute(select(games.c.id, games.c.opened_at))).all():
            await connection.execute(update(games).where(games.c.id == row.id).values(opened_at=row.opened_at - by))


async def ended(stage: Stage) -> Message:
    return await stage.playground.until(stage.group, lambda m: "temperature" in (m.text or ""))


async def test_a_duel_says_when_it_ends_by_itself(stage: Stage) -> None:
    message = await play(stage)
    assert "after 10 minutes" in (message.text or "")
    pause = await end_due(BotContext(stage.application))
    assert 590 < pause <= 600
    assert [button.text for button in buttons(now(stage, message))] == ["🅰", "🅱", "🏁 Result"]


async def test_when_its_time_is_over_its_result_is_shown_and_kept(stage: Stage) -> None:
    message = await play(stage)
    await press(stage, message, "🅱", stage.you)
    await age(stage, LASTS)
    assert await end_due(BotContext(stage.application)) == LASTS.total_seconds()
    result = now(stage, message)
    assert "🏆" in (result.text or "")
    assert [button.text for button in buttons(result)] == [f"Keep {(await stage.prompts())[1].asked.temperature:g}"]
    assert {rating.value for rating in await ratings(stage)} == {PREFERRED, PASSED_OVER}


async def test_a_duel_whose_time_was_over_while_the_bot_was_away_ends_after_the_restart(stage: Stage) -> None:
    message = await play(stage)
    await press(stage, message, "🅰", stage.you)
    await stage.stop()
    await age(stage, LASTS)
    await stage.start()
    assert (await ended(stage)).message_id == message.message_id


async def test_a_vote_that_comes_after_its_time_does_not_count(stage: Stage) -> None:
    message = await play(stage)
    await press(stage, message, "🅰", stage.you)
    await age(stage, LASTS)
    assert "over" in await press(stage, message, "🅱", others(stage)[0])
    await end_due(BotContext(stage.application))
    assert ": 1 vote 🏆" in (now(stage, message).text or "")


async def test_nobody_voted_and_it_ends_all_the_same(stage: Stage) -> None:
    message = await play(stage)
    await age(stage, LASTS)
    await end_due(BotContext(stage.application))
    assert TIE in (now(stage, message).text or "")
    assert buttons(now(stage, message)) == []


async def test_a_result_that_telegram_did_not_take_is_shown_later(stage: Stage) -> None:
    message = await play(stage)
    await age(stage, LASTS)
    stage.playground.faults.add(faults.server_error(), method="editMessageText")
    with pytest.raises(TelegramError):
        await end_due(BotContext(stage.application))
    await end_due(BotContext(stage.application))
    assert TIE in (now(stage, message).text or "")


async def test_a_chat_that_takes_nothing_for_long_keeps_no_other_chats_duel_open(stage: Stage) -> None:
    first = await play(stage)
    await stage.playground.say(stage.you, stage.you, "/duel once upon a time")
    second = await stage.playground.until(stage.you, lambda m: (m.text or "").startswith("🅰"))
    await stage.idle()
    await age(stage, LASTS)
    stage.playground.faults.add(faults.flood(300), method="editMessageText")
    assert await end_due(BotContext(stage.application)) == PAUSE
    assert TIE not in (now(stage, first).text or "")
    assert TIE in (stage.playground.world.message(stage.you, second.message_id).text or "")


async def test_a_duel_whose_message_is_gone_is_over_without_it(stage: Stage) -> None:
    message = await play(stage)
    await age(stage, LASTS)
    stage.playground.faults.add(faults.error(400, "Bad Request: message to edit not found"), method="editMessageText")
    await end_due(BotContext(stage.application))
    await end_due(BotContext(stage.application))
    assert "🏁 Result" in [button.text for button in buttons(now(stage, message))]


async def test_a_command_handled_again_makes_no_second_duel(stage: Stage) -> None:
    update_id = await stage.deliver_command("/duel again", chat=stage.group)
    await stage.playground.until(stage.group, lambda m: (m.text or "").startswith("🅰"))
    await stage.deliver_command("/duel again", chat=stage.group, update_id=update_id)
    await stage.idle()
    assert len(await stage.prompts()) == 2
    assert len(stage.sent(stage.group)) == 1


async def test_a_duel_whose_arrival_nobody_confirmed_is_found(stage: Stage) -> None:
    stage.playground.faults.add(faults.dropped_after(), method="sendMessage")
    message = await play(stage)
    await press(stage, message, "🅰", stage.you)
    assert len([m for m in stage.playground.history(stage.group) if (m.text or "").startswith("🅰")]) == 1


async def test_without_words_one_is_told_how(stage: Stage) -> None:
    assert "/duel" in await stage.ask("/duel", stage.group)


def test_temperatures_are_drawn_far_enough_apart() -> None:
    pairs = [draw(random.Random(seed)) for seed in range(200)]
    assert all(abs(LADDER.index(one) - LADDER.index(other)) >= 2 for one, other in pairs)
    assert {one < other for one, other in pairs} == {True, False}


def test_of_a_long_beginning_the_end_is_shown() -> None:
    sides = [Side("x" * 1_000, "x" * 1_000 + " and then", temperature) for temperature in (0.3, 0.9)]
    assert len(shown(sides)) < 500
    assert shown(sides).count("and then") == 2
