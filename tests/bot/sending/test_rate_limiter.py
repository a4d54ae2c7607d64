"""The limiter against a server that counts for itself, in virtual time."""

import asyncio
import contextlib
import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram.error import BadRequest, RetryAfter

from bot.sending.budgets import UNLIMITED, Budgets
from bot.sending.call_memory import CallMemory
from bot.sending.outgoing import Departure, Priority, RateArgs
from bot.sending.rate_limiter import Dropped, RateLimiter
from bot.sending.slots import Slots
from bot.storage.database import Database
from bot.storage.mail import Mail
from tests.bot.fakes import FakeGenerator
from tests.bot.stage import Stage
from tests.bot.virtual_time import run

pytestmark = pytest.mark.usefixtures("retry_after_as_timedelta")

GROUP = -100
NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
EPSILON = 1e-6  # seconds; for floating point alone


@pytest.fixture(scope="module")
def retry_after_as_timedelta() -> Iterator[None]:
    """What the application sets for itself; without it python-telegram-bot warns."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PTB_TIMEDELTA", "true")
        yield


@dataclass(frozen=True)
class Arrival:
    time: float
    method: str
    chat: int
    text: str


@dataclass
class Server:
    """Telegram's side: notes when a call arrives, and refuses what it is told to refuse."""

    there: Callable[[], float] = lambda: 0.02  # seconds from the bot to the server, and back
    back: Callable[[], float] = lambda: 0.03
    arrivals: list[Arrival] = field(default_factory=list)
    refuse: Callable[[str, int], float | None] = lambda method, chat: None  # seconds, or None
    refused: int = 0

    async def post(self, method: str, data: dict[str, Any]) -> bool:
        await asyncio.sleep(self.there())
        chat = data.get("chat_id", 0)
        if (seconds := self.refuse(method, chat)) is not None:
            self.refused += 1
            await asyncio.sleep(self.back())
            raise RetryAfter(dt.timedelta(seconds=seconds))
        now = asyncio.get_running_loop().time()
        self.arrivals.append(Arrival(now, method, chat, data.get("text", "")))
        await asyncio.sleep(self.back())
        return True

    def texts(self, chat: int | None = None) -> list[str]:
        return [one.text for one in self.arrivals if chat in (None, one.chat) and one.method == "sendMessage"]

    def times(self, chat: int | None = None) -> list[float]:
        return [one.time for one in self.arrivals if chat in (None, one.chat) and one.method != "sendChatAction"]


@dataclass
class World:
    server: Server
    limiter: RateLimiter

    def call(self, method: str, chat: int | None, text: str = "", priority: RateArgs | None = None) -> Awaitable[Any]:
        data = {"text": text} | ({} if chat is None else {"chat_id": chat})
        return self.limiter.process_request(self.server.post, (method, data), {}, method, data, priority)

    def say(self, chat: int, text: str = "x") -> Awaitable[Any]:
        return self.call("sendMessage", chat, text)


def world(server: Server | None = None, budgets: Budgets | None = None) -> World:
    return World(server or Server(), RateLimiter(budgets or Budgets()))


def now() -> float:
    return asyncio.get_running_loop().time()


def most_within(times: list[float], seconds: float) -> int:
    """The most calls in any window of that length."""
    times = sorted(times)
    first = most = 0
    for last, time in enumerate(times):
        while times[first] <= time - seconds + EPSILON:
            first += 1
        most = max(most, last - first + 1)
    return most


# --- a departure ---------------------------------------------------------------------------------------


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


# --- no schedule exceeds the budgets -------------------------------------------------------------------

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


# --- fairness and order ----------------------------------------------------------------------------------


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


# --- priorities ----------------------------------------------------------------------------------------------


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


# --- "not now" ------------------------------------------------------------------------------------------------


def test_a_refusal_pauses_only_the_chat_it_names() -> None:
    server = Server(refuse=lambda method, chat: 30 if chat == 7 and now() < 1_001 else None)

    async def scenario() -> None:
        stage = world(server)
        slow = asyncio.ensure_future(stage.say(7))
        await asyncio.sleep(0.1)
        await stage.say(8)
        assert now() < 1_000.2
        await slow
        assert now() > 1_030

    run(scenario())
    assert server.refused == 1
    assert len(server.texts(7)) == 1


def test_when_chat_after_chat_is_refused_everything_waits() -> None:
    server = Server(refuse=lambda method, chat: 20 if now() < 1_015 else None)

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
    assert min(one.time for one in server.arrivals) > 1_020
    assert sorted(one.chat for one in server.arrivals) == list(range(20))


def test_full_groups_are_not_taken_for_a_pause_of_everything() -> None:
    """Three are refused, but others are served in between: it is about the groups."""
    server = Server(refuse=lambda method, chat: 40 if chat < 0 and now() < 1_030 else None)

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
        await stage.say(7)
        assert now() > 1_009

    run(scenario())


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


def test_a_final_text_is_tried_until_it_is_delivered() -> None:
    server = Server(refuse=lambda method, chat: 5 if now() < 4_600 else None)

    async def scenario() -> None:
        await world(server).say(7, "at last")

    run(scenario())
    assert server.texts() == ["at last"]
    assert server.refused > 100


def test_a_server_that_says_zero_is_not_asked_in_a_loop() -> None:
    server = Server(refuse=lambda method, chat: 0 if now() < 1_010 else None)

    async def scenario() -> None:
        await world(server).say(7)

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


# --- what spends nothing ---------------------------------------------------------------------------------------


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


# --- what outlives a process -----------------------------------------------------------------------------------------


@dataclass
class Notebook:
    """What a bot noted, for the next one."""

    notes: list[tuple[int, float]] = field(default_factory=list)

    async def recent(self) -> dict[int, list[float]]:
        ages: defaultdict[int, list[float]] = defaultdict(list)
        for chat, at in self.notes:
            ages[chat].append(now() - at)
        return ages

    async def note(self, chat_id: int) -> None:
        self.notes.append((chat_id, now()))


@pytest.mark.parametrize("moment", [0.3, 7.3, 18.9, 33.0, 40.0, 70.0])
def test_a_bot_that_is_killed_in_a_burst_and_begins_anew_is_refused_nothing(moment: float) -> None:
    """Texts, edits and frames of a group, dead at any moment; the next one knows what was on its way, too."""

    def refuse(method: str, chat: int) -> float | None:
        mine = [time for time in server.times(chat) if time > now() - 60]
        return 60 - now() + mine[0] if chat < 0 and len(mine) >= 20 else None

    server, notebook = Server(refuse=refuse, there=lambda: 0.0, back=lambda: 0.6), Notebook()

    async def paint(stage: World) -> None:
        while True:
            with contextlib.suppress(Dropped):
                await stage.call("editMessageText", GROUP - 1, priority=Priority.FRAME)
            await asyncio.sleep(0.1)

    async def life(*chats: int) -> tuple[World, list[asyncio.Future[Any]]]:
        stage = World(server, RateLimiter(Budgets(), memory=notebook))
        await stage.limiter.initialize()
        methods = ["sendMessage", "editMessageText"] * 15
        return stage, [asyncio.ensure_future(stage.call(method, chat)) for chat in chats for method in methods]

    async def scenario() -> None:
        stage, calls = await life(GROUP, 7)
        calls.append(asyncio.ensure_future(paint(stage)))
        await asyncio.sleep(moment)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        _, calls = await life(GROUP, GROUP - 1)
        await asyncio.gather(*calls)

    run(scenario())
    assert server.refused == 0
    assert {chat for chat, _ in notebook.notes} == {GROUP, GROUP - 1}  # private chats have no limit a minute


async def test_a_bot_that_is_started_again_knows_what_it_told_a_group(address: str) -> None:
    async with Stage(address, FakeGenerator(), budgets=Budgets(group=2)) as stage:
        await stage.ask("/help@cotorra_bot", stage.group)
        await stage.idle()
        await stage.restart()
        with pytest.raises(Dropped):
            await stage.application.bot.send_message(stage.group, "half", rate_limit_args=Priority.FRAME)
        await stage.application.bot.send_message(stage.you, "half", rate_limit_args=Priority.FRAME)


async def test_a_memory_is_of_the_last_minute_and_survives_a_clock_that_jumps(address: str) -> None:
    async with Stage(address, FakeGenerator()) as stage:
        await stage.stop()
        times, mail = [NOON], Mail(stage.database, 1)
        memory = CallMemory(mail, lambda: times[-1])
        for seconds in (0, 10, 50, 69):
            times.append(NOON + dt.timedelta(seconds=seconds))
            await memory.note(GROUP)
        # As old as the server may think them at most: it counted them a moment after they were noted.
        assert await memory.recent() == {GROUP: [57.0, 17.0, 0.0]}
        times.append(NOON - dt.timedelta(hours=1))
        assert await memory.recent() == {}
        await memory.note(GROUP)
        times.append(NOON + dt.timedelta(seconds=69))
        assert await memory.recent() == {}


async def test_without_a_database_a_group_is_told_all_the_same(address: str, caplog: pytest.LogCaptureFixture) -> None:
    async with Database(address) as database:
        Path(str(database.url.database)).unlink()  # noqa: ASYNC240  nothing else runs
        memory = CallMemory(Mail(database, 1))
        await memory.note(GROUP)
        assert await memory.recent() == {}
    assert "the last minute is not known" in caplog.text


# --- its life ------------------------------------------------------------------------------------------------------


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
