"""The limiter over time: nothing is lost when calls are cancelled, nothing grows, nothing is left behind."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram.error import RetryAfter

from bot.sending.budgets import UNLIMITED, Budgets
from bot.sending.outgoing import Priority
from bot.sending.rate_limiter import Dropped
from bot.sending.slots import Slots
from tests.bot.fakes import FakeGenerator
from tests.bot.sending.limited_world import GROUP, Server, now, world
from tests.bot.stage import Stage
from tests.bot.virtual_time import run


def test_a_cancelled_call_gives_its_place_to_the_next() -> None:
    server = Server()

    async def scenario() -> float:
        stage = world(server, Budgets(overall=1))
        tasks = [asyncio.ensure_future(stage.say(chat)) for chat in range(1, 41)]
        await asyncio.sleep(0.5)
        for task in tasks[1:-1]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert stage.limiter.waiting == 0
        return now()

    assert run(scenario()) < 1_002
    assert {one.chat for one in server.arrivals} == {1, 40}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 300), st.booleans()), min_size=5, max_size=60))
def test_no_slot_is_lost_when_calls_are_cancelled_at_any_moment(moments: list[tuple[int, bool]]) -> None:
    """Also in the very moment in which a call is given its slot."""

    async def scenario() -> None:
        stage = world(budgets=Budgets(overall=2))
        tasks = []
        for chat, (centiseconds, cancelled) in enumerate(moments):
            task = asyncio.ensure_future(stage.say(chat + 1))
            tasks.append(task)
            if cancelled:
                asyncio.get_running_loop().call_later(1.01 * centiseconds / 100, task.cancel)
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(2)
        start = now()
        await asyncio.gather(stage.say(1_001), stage.say(1_002))
        assert now() - start < 0.1

    run(scenario())


def test_chats_without_a_debt_are_forgotten() -> None:
    async def scenario() -> int:
        stage = world(budgets=UNLIMITED)
        for chat in range(1, 3_000):
            await stage.say(chat)
        return stage.limiter.chats

    assert run(scenario()) < 600


def test_a_group_that_was_told_much_within_the_minute_is_not_forgotten_however_many_others_come() -> None:
    async def scenario() -> float:
        stage = world(budgets=Budgets(overall=10**9))
        for _ in range(20):
            await stage.say(GROUP)
        await asyncio.sleep(5)  # nothing but the minute is owed
        await asyncio.gather(*(stage.say(chat) for chat in range(1, 600)))
        await stage.say(GROUP)
        return now()

    assert run(scenario()) > 1_060


def test_a_chat_that_telegram_paused_is_not_forgotten_however_many_others_come() -> None:
    server = Server(refuse=lambda method, chat: 300 if chat == 7 else None)

    async def scenario() -> None:
        stage = world(server, budgets=UNLIMITED)
        with pytest.raises(RetryAfter):
            await stage.say(7)
        for chat in range(1_001, 1_600):
            await stage.say(chat)
        with pytest.raises(RetryAfter):
            await stage.say(7)

    run(scenario())
    assert server.refused == 1


def test_a_chat_that_is_being_written_to_is_not_forgotten_however_many_others_come() -> None:
    delays = iter([60.0])  # for the first call alone
    server = Server(there=lambda: next(delays, 0.0))

    async def scenario() -> None:
        stage = world(server, budgets=UNLIMITED)
        first = asyncio.ensure_future(stage.say(1, "first"))
        await asyncio.sleep(0)
        for chat in range(2, 600):
            await stage.say(chat)
        await asyncio.gather(first, stage.say(1, "second"))

    run(scenario())
    assert server.texts(1) == ["first", "second"]


def test_a_limiter_that_is_shut_down_leaves_no_timer() -> None:
    async def scenario() -> None:
        stage = world()
        await asyncio.gather(*(stage.say(chat) for chat in range(1, 31)))
        await stage.limiter.shutdown()
        start = now()
        await asyncio.gather(*(stage.say(chat) for chat in range(31, 61)))
        assert now() - start < 0.1

    run(scenario())


def test_a_slot_given_to_whoever_is_cancelled_in_that_moment_goes_on() -> None:
    async def scenario() -> None:
        slots = Slots(1)
        await slots.take()
        first, second = (asyncio.ensure_future(slots.take()) for _ in range(2))
        await asyncio.sleep(0)
        slots.return_later()
        slots.close()  # gives it to the first, who has not run yet
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await asyncio.wait_for(second, 1)

    run(scenario())


async def test_a_running_bot_is_limited_and_callers_say_how_much_a_call_matters(address: str) -> None:
    async with Stage(address, FakeGenerator(), budgets=Budgets()) as stage:
        bot = stage.application.bot
        await bot.send_message(stage.you, "half", rate_limit_args=Priority.FRAME)
        with pytest.raises(Dropped):
            await bot.send_message(stage.you, "more", rate_limit_args=Priority.FRAME)
        await bot.send_chat_action(stage.you, "typing")
        await bot.send_message(stage.group, "whole")
        assert [call.text for call in stage.sent()] == ["half", "whole"]
