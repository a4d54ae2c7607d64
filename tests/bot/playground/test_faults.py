"""Faults on request, and the record of what the bot did."""

import asyncio
from datetime import timedelta

import pytest
from telegram import Bot
from telegram.error import BadRequest, NetworkError, RetryAfter, TimedOut

from bot.playground import FloodLimits, Playground, faults


async def test_a_flood_fault_names_the_seconds_and_nothing_is_sent(playground: Playground, bot: Bot, you: int) -> None:
    playground.faults.add(faults.flood(7), method="sendMessage")
    with pytest.raises(RetryAfter) as caught:
        await bot.send_message(you, "x")
    assert caught.value.retry_after == timedelta(seconds=7)
    assert playground.history(you) == ()
    assert await bot.send_message(you, "x")


@pytest.mark.parametrize("code", [500, 502, 503])
async def test_a_server_in_trouble_does_nothing(playground: Playground, bot: Bot, you: int, code: int) -> None:
    playground.faults.add(faults.server_error(code))
    with pytest.raises(NetworkError):
        await bot.send_message(you, "x")
    assert playground.history(you) == ()


@pytest.mark.parametrize(
    ("fault", "done"),
    [(faults.dropped_before(), 0), (faults.dropped_after(), 1), (faults.half_body(), 1)],
)
async def test_a_broken_connection_before_or_after_the_deed(
    playground: Playground, bot: Bot, you: int, fault: faults.Fault, done: int
) -> None:
    playground.faults.add(fault, method="sendmessage")
    with pytest.raises(NetworkError):
        await bot.send_message(you, "x")
    assert len(playground.history(you)) == done
    assert len(playground.faults) == 0


async def test_a_slow_answer_is_done_at_once_and_answered_late(playground: Playground, bot: Bot, you: int) -> None:
    release = asyncio.Event()
    playground.faults.add(faults.slow(release), method="sendMessage")
    sending = asyncio.create_task(bot.send_message(you, "x"))
    await playground.until(you, lambda message: message.text == "x")
    assert not sending.done()
    release.set()
    assert (await sending).text == "x"


async def test_a_held_call_is_done_late(playground: Playground, bot: Bot, you: int) -> None:
    release = asyncio.Event()
    playground.faults.add(faults.slow(release, done_at_once=False), method="sendMessage")
    with pytest.raises(TimedOut):
        await bot.send_message(you, "x", read_timeout=0.05)
    assert playground.history(you) == ()
    release.set()
    await playground.until(you, lambda message: message.text == "x")


async def test_a_fault_waits_for_its_method_and_spares_polling(playground: Playground, bot: Bot, you: int) -> None:
    playground.faults.add(faults.server_error(), method="editMessageText")
    playground.faults.add(faults.flood(1))
    assert await bot.get_updates() == ()
    with pytest.raises(RetryAfter):
        await bot.get_me()
    assert await bot.send_message(you, "x")
    assert len(playground.faults) == 1


async def test_stopping_ends_a_held_call(playground: Playground, bot: Bot, you: int) -> None:
    playground.faults.add(faults.slow(asyncio.Event()), method="sendMessage")
    sending = asyncio.create_task(bot.send_message(you, "x"))
    await playground.until(you, lambda message: message.text == "x")
    await playground.stop()
    with pytest.raises(NetworkError):
        await sending


async def test_the_record_holds_what_was_asked_and_answered(playground: Playground, bot: Bot, you: int) -> None:
    waiting = asyncio.create_task(playground.calls.wait("sendMessage", chat_id=you))
    sent = await bot.send_message(you, "x")
    call = await waiting
    assert (call.method, call.text, call.status) == ("sendMessage", "x", 200)
    assert call.result["message_id"] == sent.message_id
    with pytest.raises(BadRequest):
        await bot.send_message(you, "")
    assert [call.status for call in playground.calls.of("sendMessage")] == [200, 400]


async def test_the_record_can_be_awaited_from_a_mark_on(playground: Playground, bot: Bot, you: int) -> None:
    await bot.send_message(you, "old")
    mark = playground.calls.mark()
    with pytest.raises(TimeoutError):
        await playground.calls.wait("sendMessage", after=mark, timeout=0.01)
    await bot.send_message(you, "new")
    assert (await playground.calls.wait("sendMessage", after=mark)).text == "new"


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


async def flooded(bot: Bot, chats: list[int], times: int) -> int | None:
    """The retry_after of the first refusal, if any."""
    for at in range(times):
        try:
            await bot.send_message(chats[at % len(chats)], str(at))
        except RetryAfter as error:
            return error.retry_after // timedelta(seconds=1)  # type: ignore[operator]
    return None


async def test_flood_limits_in_a_chat_in_a_group_and_overall() -> None:
    clock = Clock()
    async with Playground(limits=FloodLimits(), clock=clock) as playground:
        base = f"{playground.api_base_url}/bot"
        async with Bot(playground.token, base_url=base) as bot:
            you, group = playground.world.you.id, playground.world.group.chat.id
            assert await flooded(bot, [you], 4) == 1  # three at once, then one a second
            clock.now += 1
            assert await flooded(bot, [you], 1) is None
            for _ in range(20):
                clock.now += 1
                assert await flooded(bot, [group], 1) is None
            clock.now += 1
            assert await flooded(bot, [group], 1) == 40  # the first of the twenty was twenty seconds ago
            await bot.send_chat_action(group, "typing")  # costs nothing
            clock.now += 40
            assert await flooded(bot, [group], 1) is None
            clock.now += 10
            people = [playground.world.add_person(f"P{at}").id for at in range(31)]
            for person in people:
                await playground.say(person, person, "/start")
            assert await flooded(bot, people, 30) is None
            assert await flooded(bot, people[30:], 1) == 1


async def test_without_flood_limits_everything_goes(bot: Bot, group: int) -> None:
    assert await flooded(bot, [group], 40) is None
