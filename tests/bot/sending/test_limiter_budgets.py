"""The limiter and its budgets: no schedule exceeds them, all of them is used, and some calls spend nothing."""

import asyncio
from collections import Counter, defaultdict
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.sending.budgets import Budgets
from bot.sending.outgoing import Departure, Priority
from bot.sending.rate_limiter import Dropped
from tests.bot.sending.limited_world import GROUP, Server, World, most_within, now, world
from tests.bot.virtual_time import run

# --- no schedule exceeds the budgets --------------------------------------------------------------------


CALLS = st.lists(
    st.tuples(
        st.floats(0, 90),  # when
        st.sampled_from([1, 2, 3, *range(10, 50), GROUP, GROUP - 1]),
        st.sampled_from(["sendMessage", "editMessageText", "frame", "sendChatAction", "sendMessageDraft"]),
    ),
    max_size=150,
)
DELAYS = st.lists(st.floats(0, 3), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(CALLS, DELAYS, DELAYS, st.sampled_from([1, 3]), st.floats(0.01, 1))
def test_no_schedule_exceeds_a_budget_whatever_the_network_does(
    calls: list[tuple[float, int, str]], there: list[float], back: list[float], burst: int, haste: float
) -> None:
    server = Server(Cycle(there), Cycle(back))

    async def scenario() -> None:
        stage = world(server, Budgets(overall=8, burst=burst, group=5))
        async with asyncio.TaskGroup() as group:
            for when, chat, kind in calls:
                group.create_task(act(stage, when * haste, chat, kind))

    run(scenario())
    assert most_within([one.time for one in server.arrivals], 1) <= 8
    drafts_in_groups = "sendMessageDraft"  # which Telegram does not know
    messages = [one for one in server.arrivals if one.method != "sendChatAction"]
    messages = [one for one in messages if one.chat > 0 or one.method != drafts_in_groups]
    by_chat: dict[int, list[float]] = defaultdict(list)
    for one in messages:
        by_chat[one.chat].append(one.time)
    for chat, times in by_chat.items():
        assert most_within(times, 1) <= burst
        assert all(most_within(times, seconds) <= seconds + burst for seconds in (2, 5, 20))
        assert chat > 0 or most_within(times, 60) <= 5
    finals = [chat for _, chat, kind in calls if kind in ("sendMessage", "editMessageText")]
    assert Counter(finals) <= Counter(one.chat for one in messages)


class Cycle:
    """One value after another, and again from the first."""

    def __init__(self, values: list[float]) -> None:
        self._values = values
        self._next = 0

    def __call__(self) -> float:
        self._next += 1
        return self._values[self._next % len(self._values)]


async def act(stage: World, when: float, chat: int, kind: str) -> None:
    await asyncio.sleep(when)
    try:
        if kind == "frame":
            await stage.call("editMessageText", chat, priority=Priority.FRAME)
        else:
            await stage.call(kind, chat)
    except Dropped:
        assert kind not in ("sendMessage", "editMessageText")


def test_the_whole_budget_is_used() -> None:
    """Thirty a second but for the time on the way, and no slower."""
    server = Server(lambda: 0.005, lambda: 0.005)

    async def scenario() -> float:
        stage, start = world(server), now()
        await asyncio.gather(*(stage.say(chat) for chat in range(1, 601)))
        return now() - start

    assert 19 < run(scenario()) < 20.5
    assert most_within(server.times(), 1) <= 30


def test_what_is_to_be_done_before_calls_takes_nothing_of_their_budget() -> None:
    """A disk that takes its time while thirty a second go."""
    server = Server()

    async def about_to_go() -> None:
        await asyncio.sleep(0.3)

    async def scenario() -> float:
        stage = world(server)
        departure = Departure(Priority.FINAL, about_to_go)
        await asyncio.gather(*(stage.call("sendMessage", chat, "x", departure) for chat in range(1, 301)))
        return now() - 1_000

    each = 1.01 + server.there() + server.back()  # seconds: what thirty calls take
    assert run(scenario()) < 10 * each + 0.3 + 0.1
    assert most_within(server.times(), 1) <= 30


def test_only_a_few_calls_are_said_to_be_on_their_way_before_they_are() -> None:
    departed = 0
    most = 0

    async def about_to_go() -> None:
        nonlocal departed, most
        departed += 1
        most = max(most, departed - len(server.arrivals))

    server = Server()

    async def scenario() -> None:
        stage = world(server)
        departure = Departure(Priority.FINAL, about_to_go)
        await asyncio.gather(*(stage.call("sendMessage", chat, "x", departure) for chat in range(1, 301)))

    run(scenario())
    assert most <= 30 + 10


def test_a_group_gets_twenty_a_minute_and_a_chat_one_a_second() -> None:
    server = Server()

    async def scenario() -> None:
        stage = world(server)
        await asyncio.gather(*(stage.say(chat) for chat in (7, GROUP) for _ in range(25)))

    run(scenario())
    one = server.times(7)
    assert most_within(one, 1) == 1
    assert one[-1] - one[0] < 24 * 1.07
    group = server.times(GROUP)
    assert most_within(group, 60) == 20
    assert 60 < group[20] - group[0] < 60.5


def test_bursts_are_short_where_they_are_allowed() -> None:
    server = Server()

    async def scenario() -> None:
        stage = world(server, Budgets(burst=3))
        await asyncio.gather(*(stage.say(7) for _ in range(6)))

    run(scenario())
    assert server.times(7)[2] - server.times(7)[0] < 0.2
    assert server.times(7)[3] - server.times(7)[0] >= 1
    assert most_within(server.times(7), 2) <= 4


# --- what spends nothing --------------------------------------------------------------------------------


def test_calls_without_a_chat_and_questions_about_one_spend_nothing() -> None:
    async def scenario() -> None:
        stage = world()
        await stage.say(7)
        names = ("getMe", "answerCallbackQuery", "answerInlineQuery", "setMyCommands")
        await asyncio.gather(*(stage.call(name, None) for name in names for _ in range(50)))
        await asyncio.gather(*(stage.call("getChatMember", 7) for _ in range(50)))
        assert now() < 1_000.2
        await stage.say(8)
        assert now() < 1_000.3

    run(scenario())


def test_an_id_is_the_same_chat_as_a_number_or_as_text_and_a_name_is_a_group() -> None:
    server = Server()

    async def scenario() -> None:
        stage = world(server)
        data: dict[str, Any]
        async with asyncio.TaskGroup() as group:
            for data in ({"chat_id": 7}, {"chat_id": "7"}, *[{"chat_id": "@Aviary"}] * 21):
                work = stage.limiter.process_request(server.post, ("sendMessage", data), {}, "sendMessage", data, None)
                group.create_task(work)
        assert now() > 1_060

    run(scenario())
    assert most_within([one.time for one in server.arrivals if one.chat in (7, "7")], 1) == 1
