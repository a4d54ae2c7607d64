"""What the limiter makes of "not now": who waits, for how long, and who is told."""

import asyncio
import datetime as dt
from typing import cast

import pytest
from telegram.error import BadRequest, RetryAfter

from bot.sending.budgets import Refusals
from bot.sending.rate_limiter import Dropped, RateLimiter
from tests.bot.sending.limited_world import Server, World, now, world
from tests.bot.virtual_time import run


def test_a_refusal_pauses_only_the_chat_it_names() -> None:
    server = Server(refuse=lambda method, chat: 9 if chat == 7 and now() < 1_001 else None)

    async def scenario() -> None:
        stage = world(server)
        slow = asyncio.ensure_future(stage.say(7))
        await asyncio.sleep(0.1)
        await stage.say(8)
        assert now() < 1_000.2
        await slow
        assert now() > 1_009

    run(scenario())
    assert server.refused == 1
    assert len(server.texts(7)) == 1


def test_a_long_pause_is_told_and_nobody_waits_for_its_end() -> None:
    server = Server(refuse=lambda method, chat: 300 if chat == 7 and now() < 1_001 else None)

    async def scenario() -> None:
        stage = world(server)
        for method in ("sendMessage", "sendMessage", "deleteMessage"):
            with pytest.raises(RetryAfter) as told:
                await stage.call(method, 7)
            assert dt.timedelta(seconds=299) < cast("dt.timedelta", told.value.retry_after)
        await stage.say(8)
        assert now() < 1_000.2
        assert server.refused == 1  # whoever came later was told without asking
        await asyncio.sleep(290)
        await stage.say(7)  # what is left is not long
        assert now() > 1_300

    run(scenario())


def test_whoever_waits_for_their_turn_when_a_long_pause_begins_is_told_too() -> None:
    server = Server(refuse=lambda method, chat: 300 if method == "deleteMessage" and now() < 1_001 else None)

    async def scenario() -> None:
        stage = world(server)
        await stage.say(7)
        waiting = asyncio.ensure_future(stage.say(7))
        with pytest.raises(RetryAfter):
            await stage.call("deleteMessage", 7)
        with pytest.raises(RetryAfter):
            await waiting
        assert now() < 1_002

    run(scenario())


def test_when_chat_after_chat_is_refused_everything_waits() -> None:
    server = Server(refuse=lambda method, chat: 9 if now() < 1_007 else None)

    async def scenario() -> None:
        stage = world(server)
        first = [asyncio.ensure_future(stage.say(chat)) for chat in (1, 2, 3)]
        await asyncio.sleep(1)
        rest = [asyncio.ensure_future(stage.say(chat)) for chat in range(4, 20)]
        answer = asyncio.ensure_future(stage.call("answerCallbackQuery", None))
        with pytest.raises(Dropped):
            await stage.call("sendChatAction", 50)
        await asyncio.gather(*first, *rest, answer)

    run(scenario())
    assert server.refused == 3
    assert min(one.time for one in server.arrivals) > 1_009
    assert sorted(one.chat for one in server.arrivals) == list(range(20))


def test_a_pause_of_everything_is_as_long_as_the_shortest_that_a_chat_was_told() -> None:
    told = {1: 9, 2: 4, 3: 7}
    server = Server(refuse=lambda method, chat: told.get(chat) if now() < 1_001 else None)

    async def scenario() -> None:
        stage = world(server)
        refused = [asyncio.ensure_future(stage.say(chat)) for chat in told]
        await asyncio.sleep(1)
        await stage.say(4)
        assert 1_004 < now() < 1_005
        await asyncio.gather(*refused)

    run(scenario())
    assert [one.chat for one in server.arrivals if one.time > 1_005] == [3, 1]


def test_a_shorter_pause_that_is_told_later_ends_no_longer_one() -> None:
    told = {"sendMessage": 9, "deleteMessage": 2}
    server = Server(refuse=lambda method, chat: told[method] if now() < 1_001 else None)

    async def scenario() -> None:
        stage = world(server)
        text = asyncio.ensure_future(stage.say(7))
        await asyncio.sleep(0.01)
        await asyncio.gather(text, stage.call("deleteMessage", 7))

    run(scenario())
    assert server.refused == 2
    assert min(one.time for one in server.arrivals) > 1_009


def test_full_groups_are_not_taken_for_a_pause_of_everything() -> None:
    """Three are refused, but others are served in between: it is about the groups."""
    server = Server(refuse=lambda method, chat: 9 if chat < 0 and now() < 1_007 else None)

    async def scenario() -> None:
        stage = world(server)
        groups = [asyncio.ensure_future(stage.say(chat)) for chat in (-1, -2)]
        await asyncio.sleep(0.5)
        await stage.say(1)
        groups.append(asyncio.ensure_future(stage.say(-3)))
        await asyncio.sleep(0.5)
        start = now()
        await stage.say(2)
        assert now() - start < 0.1
        await asyncio.gather(*groups)

    run(scenario())


def test_a_refusal_without_a_chat_pauses_everything_and_is_raised() -> None:
    server = Server(refuse=lambda method, chat: 9 if method == "answerInlineQuery" and now() < 1_001 else None)

    async def scenario() -> None:
        stage = world(server)
        with pytest.raises(RetryAfter):
            await stage.call("answerInlineQuery", None)
        await asyncio.gather(stage.say(7), stage.call("deleteMessage", 8))

    run(scenario())
    assert len(server.arrivals) == 2
    assert min(one.time for one in server.arrivals) > 1_009


def test_a_pause_of_everything_is_not_cut_short_by_a_call_that_was_on_its_way_and_told_to_wait_for_less() -> None:
    seconds = {"answerInlineQuery": 9, "answerGuestQuery": 2}
    server = Server(refuse=lambda method, chat: seconds.get(method) if now() < 1_001 else None)

    async def scenario() -> None:
        stage = world(server)
        told = await asyncio.gather(*(stage.call(method, None) for method in seconds), return_exceptions=True)
        assert [type(error) for error in told] == [RetryAfter, RetryAfter]
        await stage.say(7)

    run(scenario())
    assert [one.time > 1_009 for one in server.arrivals] == [True]


def test_a_refused_menu_pauses_nothing_else() -> None:
    server = Server(refuse=lambda method, chat: 3_600 if method == "setMyCommands" else None)

    async def scenario() -> None:
        stage = world(server)
        with pytest.raises(RetryAfter):
            await stage.call("setMyCommands", None)
        await stage.say(7)
        assert now() < 1_001

    run(scenario())


def test_a_refused_draft_is_dropped_and_holds_up_no_message() -> None:
    server = Server(refuse=lambda method, chat: 60 if method == "sendMessageDraft" else None)

    async def scenario() -> None:
        stage = world(server)
        for _ in range(5):
            with pytest.raises(Dropped):
                await stage.call("sendMessageDraft", 7)
            await asyncio.sleep(2)
        start = now()
        await stage.say(7)
        assert now() - start < 0.1

    run(scenario())
    assert server.refused == 1  # the others were not even tried


def test_after_a_refused_typing_action_none_is_tried_until_its_pause_is_over() -> None:
    server = Server(refuse=lambda method, chat: 60 if now() < 1_001 else None)

    async def scenario() -> None:
        stage = world(server)
        for _ in range(3):
            with pytest.raises(Dropped):
                await stage.call("sendChatAction", 7)
            await asyncio.sleep(10)
        await asyncio.sleep(31)
        await stage.call("sendChatAction", 7)

    run(scenario())
    assert server.refused == 1


def test_a_final_text_is_tried_until_it_is_delivered() -> None:
    server = Server(refuse=lambda method, chat: 5 if now() < 4_600 else None)

    async def scenario() -> None:
        await world(server).say(7, "at last")

    run(scenario())
    assert server.texts() == ["at last"]
    assert server.refused > 100


@pytest.mark.parametrize("method", ["sendMessage", "deleteMessage"])  # one that spends a budget, one that does not
def test_a_server_that_says_zero_is_not_asked_in_a_loop(method: str) -> None:
    server = Server(refuse=lambda method, chat: 0 if now() < 1_010 else None)

    async def scenario() -> None:
        await world(server).call(method, 7)

    run(scenario())
    assert server.refused <= 10


def test_other_errors_are_the_callers() -> None:
    async def broken() -> bool:
        raise BadRequest("no such chat")

    async def scenario() -> None:
        stage = world()
        with pytest.raises(BadRequest):
            await stage.limiter.process_request(broken, (), {}, "sendMessage", {"chat_id": 7}, None)
        await stage.say(7)

    run(scenario())


@pytest.mark.parametrize("method", ["sendMessageDraft", "sendChatAction"])
def test_while_a_chat_is_paused_no_draft_and_no_typing_action_is_tried_there(method: str) -> None:
    server = Server(refuse=lambda method, chat: 9 if method == "deleteMessage" and now() < 1_001 else None)

    async def scenario() -> None:
        stage = world(server)
        deleting = asyncio.ensure_future(stage.call("deleteMessage", 7))
        await asyncio.sleep(0.1)
        with pytest.raises(Dropped):
            await stage.call(method, 7)
        await deleting

    run(scenario())
    assert [one.method for one in server.arrivals] == ["deleteMessage"]


def test_a_shorter_pause_of_drafts_that_is_told_later_ends_no_longer_one() -> None:
    told = {"sendChatAction": 60, "sendMessageDraft": 2}
    server = Server(refuse=lambda method, chat: told[method])

    async def scenario() -> None:
        stage = world(server)
        both = [stage.call(method, 7) for method in told]
        assert all(isinstance(end, Dropped) for end in await asyncio.gather(*both, return_exceptions=True))
        await asyncio.sleep(5)
        with pytest.raises(Dropped):
            await stage.call("sendMessageDraft", 7)

    run(scenario())
    assert server.refused == 2


def test_after_a_pause_of_everything_a_refusal_is_about_its_chat_again() -> None:
    refusals = Refusals()
    assert [refusals.refused(chat, 9.0) for chat in (1, 2, 3)] == [None, None, 9.0]
    assert refusals.refused(4, 99.0) is None


class Ears:
    """Hears what the limiter does."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    def call_refused(self, method: str) -> None:
        self.heard.append(("refused", method))

    def call_dropped(self, method: str) -> None:
        self.heard.append(("dropped", method))

    def call_waited(self, seconds: float) -> None:
        self.heard.append(("waited", "long" if seconds > 9 else "hardly"))


def test_refusals_drops_and_waits_are_all_told() -> None:
    once = iter([9])
    server = Server(refuse=lambda method, chat: next(once, None) if chat == 7 else 2 if chat == 0 else None)
    ears = Ears()

    async def scenario() -> None:
        stage = World(server, RateLimiter(observer=ears))
        text = asyncio.ensure_future(stage.say(7))
        await asyncio.sleep(0.1)
        with pytest.raises(Dropped):
            await stage.call("sendmessagedraft", 7)
        await text
        await stage.say(8)
        with pytest.raises(RetryAfter):
            await stage.call("answerInlineQuery", None)

    run(scenario())
    assert ears.heard == [
        ("refused", "sendmessage"),
        ("dropped", "sendmessagedraft"),
        ("waited", "long"),
        ("waited", "hardly"),
        ("refused", "answerinlinequery"),
    ]
