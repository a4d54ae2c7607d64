"""Whose turn it is at the limiter: each chat gets its share, its texts in order, and the more urgent go first."""

import asyncio
import contextlib
from collections import Counter

import pytest

from bot.sending.budgets import Budgets
from bot.sending.outgoing import Departure, Priority
from bot.sending.rate_limiter import Dropped
from tests.bot.sending.limited_world import GROUP, Server, World, most_within, now, world
from tests.bot.virtual_time import run

# --- fairness and order ---------------------------------------------------------------------------------


def test_a_flooding_chat_delays_others_by_no_more_than_its_share() -> None:
    server = Server()

    async def scenario() -> list[float]:
        stage = world(server)
        floods = [asyncio.create_task(stage.say(chat)) for chat in (7, GROUP) for _ in range(200)]
        await asyncio.sleep(5)
        waits = []
        for chat in range(100, 130):
            start = now()
            await stage.say(chat)
            waits.append(now() - start)
        for task in floods:
            task.cancel()
        await asyncio.gather(*floods, return_exceptions=True)
        return waits

    assert max(run(scenario())) < 0.06  # there and back


def test_when_all_want_everything_each_gets_a_like_share() -> None:
    server = Server()

    async def scenario() -> None:
        stage = world(server)
        tasks = [asyncio.create_task(stage.say(chat)) for chat in range(1, 101) for _ in range(50)]
        await asyncio.sleep(60)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    run(scenario())
    served = Counter(one.chat for one in server.arrivals)
    assert len(server.arrivals) > 60 * 27
    assert max(served.values()) <= 1.5 * min(served[chat] for chat in range(1, 101))


def test_texts_of_a_chat_arrive_in_order_even_after_a_refusal() -> None:
    server = Server(refuse=lambda method, chat: 3 if 1_002 < now() < 1_004 else None)
    words = [str(k) for k in range(8)]

    async def scenario() -> None:
        stage = world(server)
        await asyncio.gather(*(stage.say(7, word) for word in words))

    run(scenario())
    assert server.texts(7) == words
    assert server.refused == 1


# --- priorities -----------------------------------------------------------------------------------------


def test_a_final_text_overtakes_frames() -> None:
    """Frames of a hundred chats all the time; a final text waits no longer than without them."""
    server = Server()

    async def frames(stage: World, chat: int) -> None:
        while True:
            with contextlib.suppress(Dropped):
                await stage.call("editMessageText", chat, priority=Priority.FRAME)
            await asyncio.sleep(0.05)

    async def scenario() -> list[float]:
        stage = world(server)
        async with asyncio.TaskGroup() as group:
            painters = [group.create_task(frames(stage, chat)) for chat in range(1, 101)]
            waits = []
            for chat in range(1_000, 1_020):
                await asyncio.sleep(0.3)
                start = now()
                await stage.say(chat)
                waits.append(now() - start)
            for painter in painters:
                painter.cancel()
        return waits

    assert max(run(scenario())) < 0.06
    assert len(server.arrivals) > 6 * 15  # and there were frames all the while


def test_a_frame_goes_at_once_or_never_and_the_next_one_replaces_it() -> None:
    async def scenario() -> list[str]:
        stage = world()
        said = []
        for number in range(30):
            try:
                await stage.call("editMessageText", 7, str(number), Priority.FRAME)
                said.append(str(number))
            except Dropped:
                pass
            await asyncio.sleep(0.1)
        return said

    said = run(scenario())
    assert said[0] == "0"
    assert len(said) == 3


def test_a_frame_never_comes_after_its_final_text() -> None:
    server = Server(lambda: 0.4, lambda: 0.4)

    async def scenario() -> None:
        stage = world(server)
        frame = asyncio.ensure_future(stage.call("sendMessageDraft", 7, "half"))
        await asyncio.sleep(0)
        final = asyncio.ensure_future(stage.say(7, "whole"))
        await asyncio.sleep(0)
        with pytest.raises(Dropped):
            await stage.call("sendMessageDraft", 7, "late")
        await asyncio.gather(frame, final)

    run(scenario())
    assert [one.text for one in server.arrivals] == ["half", "whole"]


def test_frames_leave_a_group_room_for_its_final_texts() -> None:
    server = Server()

    async def scenario() -> float:
        stage = world(server)
        for _ in range(100):
            with contextlib.suppress(Dropped):
                await stage.call("editMessageText", GROUP, priority=Priority.FRAME)
            await asyncio.sleep(0.5)
        start = now()
        await stage.say(GROUP)
        return now() - start

    assert run(scenario()) < 0.1
    assert len(server.arrivals) == 11


def test_a_frame_leaves_the_rest_of_a_burst_to_the_final_text() -> None:
    async def scenario() -> float:
        stage = world(budgets=Budgets(burst=2))
        await stage.call("sendMessage", 7, "half", Priority.FRAME)
        with pytest.raises(Dropped):
            await stage.call("editMessageText", 7, "more", Priority.FRAME)
        start = now()
        await stage.call("editMessageText", 7, "whole")
        return now() - start

    assert run(scenario()) < 0.1


def test_drafts_keep_a_seconds_distance() -> None:
    server = Server()

    async def scenario() -> None:
        stage = world(server)
        for _ in range(50):
            with contextlib.suppress(Dropped):
                await stage.call("sendMessageDraft", 7)
            await asyncio.sleep(0.1)

    run(scenario())
    assert len(server.arrivals) > 3
    assert most_within([one.time for one in server.arrivals], 1) == 1


def test_typing_gives_way_before_frames_do_and_frames_before_texts() -> None:
    async def scenario() -> tuple[int, ...]:
        reached = []
        for method in ("sendChatAction", "sendMessageDraft", "sendMessage"):
            server = Server()
            stage = world(server)
            tasks = [asyncio.ensure_future(stage.call(method, chat)) for chat in range(1, 50)]
            await asyncio.sleep(0.9)
            reached.append(len(server.arrivals))
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return tuple(reached)

    assert run(scenario()) == (15, 23, 30)


def test_a_typing_action_spends_nothing_of_a_chats_messages() -> None:
    async def scenario() -> float:
        stage, start = world(), now()
        await stage.call("sendChatAction", 7)
        await stage.say(7)
        return now() - start

    assert run(scenario()) < 0.11


def test_a_draft_counts_as_a_message_does() -> None:
    """Telegram does not say that it does not."""
    server = Server()

    async def scenario() -> None:
        stage = world(server)
        await stage.call("sendMessageDraft", 7)
        await stage.say(7)
        with pytest.raises(Dropped):
            await stage.call("sendMessageDraft", 7)
        await asyncio.sleep(2)
        await stage.call("sendMessageDraft", 7)

    run(scenario())
    assert len(server.arrivals) == 3
    assert most_within(server.times(7), 1) == 1


# --- a departure ----------------------------------------------------------------------------------------


def test_what_is_to_be_done_before_a_call_is_done_when_its_turn_has_come() -> None:
    server = Server(there=lambda: 0.0)
    departures: list[float] = []

    async def about_to_go() -> None:
        departures.append(now())

    async def scenario() -> None:
        stage = world(server)
        departing = stage.call("sendMessage", 1, "second", Departure(Priority.FINAL, about_to_go))
        await asyncio.gather(stage.say(1, "first"), departing)

    run(scenario())
    assert server.texts() == ["first", "second"]
    assert departures == server.times()[1:]


def test_a_frame_that_is_dropped_departs_never() -> None:
    departures: list[float] = []

    async def about_to_go() -> None:
        departures.append(now())

    async def scenario() -> None:
        stage = world()
        await stage.say(1)
        with pytest.raises(Dropped):
            await stage.call("sendMessage", 1, "frame", Departure(Priority.FRAME, about_to_go))

    run(scenario())
    assert departures == []
