"""Frames within Telegram's limits, in virtual time: whoever writes at once, every text is whole, once and soon."""

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from telegram import InlineKeyboardMarkup
from telegram.error import BadRequest

from bot.clock import ServerClock
from bot.generating.turns import Watch
from bot.incoming.inbox import Inbox, InHand
from bot.sending.outgoing import PacedBot, RateArgs
from bot.sending.rate_limiter import RateLimiter
from bot.sending.spot import Spot
from bot.sending.streaming import BLINK, DRAFTS_LAST, Scene, Stream
from bot.storage.deliveries import Delivery
from bot.storage.mail import Mail
from bot.talking.underway import Underway
from tests.bot.sending.limited_world import most_within, now
from tests.bot.virtual_time import run

GROUP, YOU = -100, 7
THERE, BACK = 0.05, 0.05  # seconds from the bot to the server, and back
STOP = InlineKeyboardMarkup([])


@dataclass(frozen=True)
class Seen:
    """A call as the server got it. `message` is 0 for a draft and for a typing action."""

    time: float
    method: str
    chat: int
    message: int
    text: str


class Telegram:
    """A server as far as a reply needs one, behind the real rate limiter."""

    def __init__(self) -> None:
        self.limiter = RateLimiter()
        self.seen: list[Seen] = []
        self.texts: dict[int, str] = {}  # of the messages
        self.hanging = ""  # the method whose next call is not answered; an hour later its bot would still wait
        self.late = 0.0  # seconds after which that call arrives all the same

    async def send_message(self, chat_id: int, text: str, *, rate_limit_args: RateArgs, **_: Any) -> Any:
        return await self._call("sendMessage", chat_id, 0, text, rate_limit_args)

    async def edit_message_text(
        self, text: str, chat_id: int, message_id: int, *, rate_limit_args: RateArgs | None = None, **_: Any
    ) -> Any:
        return await self._call("editMessageText", chat_id, message_id, text, rate_limit_args)

    async def send_message_draft(self, chat_id: int, draft_id: int, text: str, **_: Any) -> Any:
        return await self._call("sendMessageDraft", chat_id, 0, text, None)

    async def send_chat_action(self, chat_id: int, action: str, **_: Any) -> Any:
        return await self._call("sendChatAction", chat_id, 0, "", None)

    async def _call(self, method: str, chat: int, message: int, text: str, args: RateArgs | None) -> Any:
        async def post() -> Any:
            if method == self.hanging:
                self.hanging = ""
                asyncio.get_running_loop().call_later(self.late, self.texts.__setitem__, message, text)
                await asyncio.sleep(3_600)
            await asyncio.sleep(THERE)
            number = len(self.texts) + 1 if method == "sendMessage" else message
            self.seen.append(Seen(now(), method, chat, number, text))
            if method == "editMessageText" and self.texts[number] == text:
                raise BadRequest("Message is not modified")
            if number:
                self.texts[number] = text
            await asyncio.sleep(BACK)
            return SimpleNamespace(message_id=number)

        return await self.limiter.process_request(post, (), {}, method, {"chat_id": chat}, args)


class Memory:
    """The database's side of deliveries, without a database."""

    bot_id = 1

    def __init__(self) -> None:
        self.rows: dict[tuple[int, int, int], Delivery] = {}

    async def reserve(self, place: int, saying: int, chat_id: int) -> Delivery:
        return self.rows.setdefault((place, saying, 0), Delivery(place, saying, 0, chat_id, None))

    async def revise(self, place: int, saying: int, chat_id: int, texts: list[str]) -> list[Delivery]:
        for part, text in enumerate(texts):
            row = self.rows.setdefault((place, saying, part), Delivery(place, saying, part, chat_id, text))
            if row.message_id is None:
                self._put(replace(row, text=text))
        return [self.rows[place, saying, part] for part in range(len(texts))]

    async def begin(self, delivery: Delivery, is_here: Callable[[int], bool]) -> Delivery | None:
        return self._put(replace(delivery, above=0))

    async def take_back(self, delivery: Delivery) -> Delivery:
        return self._put(replace(delivery, above=None))

    async def sent(self, delivery: Delivery, message_id: int) -> Delivery:
        return self._put(replace(delivery, message_id=message_id))

    def _put(self, delivery: Delivery) -> Delivery:
        self.rows[delivery.inbox_id, delivery.saying, delivery.part] = delivery
        return delivery


@dataclass
class World:
    telegram: Telegram = field(default_factory=Telegram)
    inbox: Inbox = field(default_factory=lambda: Inbox(cast("Mail", Memory()), ServerClock()))
    underway: Underway = field(default_factory=Underway)
    foreseen: float = 0.0  # the part of each text before which it does not end, so far as the bot is told; 0: all of it
    waiting: float = 0.0  # seconds before each text begins
    stopping: float = 0.0  # seconds before its end that each text is told to end
    began: float = 0.0
    ready: list[float] = field(default_factory=list)  # when each text was whole
    late: list[float] = field(default_factory=list)  # seconds from a whole text to its arrival

    async def write(self, number: int, chat: int, start: float, seconds: float) -> str:
        """One reply that begins at a time and grows for so long; its text."""
        await asyncio.sleep(start)
        kind = "private" if chat > 0 else "supergroup"
        bot = cast("PacedBot", self.telegram)
        scene = Scene(Spot(chat, kind), bot, self.inbox, InHand(number, number), self.underway)
        stream = Stream(scene, number + 1, lambda text: f"{number}: {text}", lambda ahead: f"{number}: …", STOP)
        watch, text = Watch(), ""
        # An end is foreseen from the speed so far, of which a word at a time tells too little.
        pause, piece = (0.02, "w") if self.foreseen else (0.1, "word ")
        watch.line_up(round(50 * seconds * self.foreseen) or 10_000, int, lambda: None)
        async with stream.growing(watch):
            await asyncio.sleep(self.waiting)
            until = now() + seconds
            if self.stopping:
                asyncio.get_running_loop().call_at(until - self.stopping, watch.stop)
            while now() < until:
                await asyncio.sleep(min(pause, until - now()))
                text += piece
                watch.show(text)
            ready = now()
        whole = f"{number}: {text}the end"
        self.ready.append(ready)
        await stream.finish(whole)
        self.late.append(now() - ready)
        return whole


Replies = list[tuple[int, float, float]]  # chat, start, seconds


def play(
    replies: Replies,
    hanging: str = "",
    late: float = 0.0,
    foreseen: float = 0.0,
    waiting: float = 0.0,
    stopping: float = 0.0,
) -> tuple[World, list[str]]:
    async def scenario() -> tuple[World, list[str]]:
        world = World(foreseen=foreseen, waiting=waiting, stopping=stopping)
        world.began = now()
        world.telegram.hanging, world.telegram.late = hanging, late
        texts = await asyncio.gather(*(world.write(number, *reply) for number, reply in enumerate(replies)))
        await asyncio.sleep(late)  # what was given up arrives
        await world.telegram.limiter.shutdown()
        return world, texts

    return run(scenario())


def of_group(world: World) -> list[float]:
    return [call.time for call in world.telegram.seen if call.chat == GROUP and call.method != "sendChatAction"]


REPLIES = st.lists(st.tuples(st.sampled_from([GROUP, GROUP, YOU]), st.floats(0, 90), st.floats(0, 40)), max_size=30)


@settings(deadline=None, max_examples=60)
@given(REPLIES)
def test_every_text_is_whole_and_there_once_within_the_limits(replies: Replies) -> None:
    world, texts = play(replies)
    assert Counter(world.telegram.texts.values()) == Counter(texts)
    assert most_within(of_group(world), 60) <= 20
    assert most_within(of_group(world), 1) <= 1


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(st.just(GROUP), st.floats(0, 50), st.floats(0, 40)), max_size=10))
def test_frames_never_keep_a_text_back(replies: Replies) -> None:
    """Ten texts a minute fit into a group with their frames, as if these were not there."""
    world, _ = play(replies)
    each = 1.01 + THERE + BACK  # seconds: what a message costs a chat
    assert all(late <= each * (len(replies) + 1) for late in world.late)


@settings(deadline=None, max_examples=60)
@given(st.floats(0, 40), st.floats(0.6, 1), st.sampled_from([GROUP, YOU]))
def test_a_text_whose_end_was_foreseen_goes_the_moment_it_is_whole(seconds: float, least: float, chat: int) -> None:
    """As is one that may end from some place on, as at the end of a sentence, and ends later."""
    world, _ = play([(chat, 0.0, seconds)], foreseen=least)
    assert world.late[0] <= THERE + BACK + 0.01
    if seconds > 2 * (BLINK + 2):
        assert len(world.telegram.seen) > 1  # frames there were


@pytest.mark.parametrize("chat", [GROUP, YOU])
def test_the_time_before_the_first_word_says_nothing_of_the_speed(chat: int) -> None:
    late = [play([(chat, 0.0, 2.2)], foreseen=1, waiting=waiting / 10)[0].late[0] for waiting in range(20, 60)]
    assert max(late) <= THERE + BACK + 0.01


@settings(deadline=None, max_examples=40)
@given(st.floats(1.5, 20), st.sampled_from([GROUP, YOU]))
def test_once_a_text_is_told_to_end_the_next_thing_said_is_the_whole_of_it(seconds: float, chat: int) -> None:
    world, (text,) = play([(chat, 0.0, seconds)], stopping=1.2)
    told = world.ready[0] - 1.2
    assert [call.text for call in world.telegram.seen if call.time > told + THERE] == [text]
    assert world.late[0] <= THERE + BACK + 0.01


@settings(deadline=None, max_examples=40)
@given(st.floats(0, BLINK - 0.01), st.sampled_from([GROUP, YOU]))
def test_what_is_ready_in_a_blink_is_one_message(seconds: float, chat: int) -> None:
    world, _ = play([(chat, 0.0, seconds)])
    assert [call.method for call in world.telegram.seen] == ["sendMessage"]


def test_frames_show_the_newest_text_and_none_twice() -> None:
    world, _ = play([(GROUP, 0.0, 8.0)])
    shown = [call.text for call in world.telegram.seen]
    assert [call.method for call in world.telegram.seen] == ["sendMessage", *["editMessageText"] * (len(shown) - 1)]
    assert 6 <= len(shown) <= 9
    assert shown == sorted(set(shown), key=len)


def test_a_long_private_reply_goes_from_drafts_to_a_message_that_has_a_stop_button() -> None:
    world, (text,) = play([(YOU, 0.0, 3 * DRAFTS_LAST)])
    methods = [call.method for call in world.telegram.seen]
    turn = methods.index("sendMessage")
    assert set(methods[:turn]) == {"sendMessageDraft"}
    assert set(methods[turn + 1 :]) == {"editMessageText"}
    assert world.telegram.texts == {1: text}


def test_a_short_private_reply_stays_a_draft_until_it_is_sent() -> None:
    world, (text,) = play([(YOU, 0.0, DRAFTS_LAST)])
    methods = [call.method for call in world.telegram.seen]
    assert methods == [*["sendMessageDraft"] * (len(methods) - 1), "sendMessage"]
    assert len(methods) > 2
    assert world.telegram.texts == {1: text}


def test_a_private_reply_can_be_stopped_within_three_seconds() -> None:
    world, _ = play([(YOU, 0.0, 20.0)])
    stoppable = next(call.time for call in world.telegram.seen if call.method == "sendMessage")
    assert stoppable - world.began < 3


@pytest.mark.parametrize(
    ("method", "seconds"),
    [("sendMessageDraft", BLINK + 0.2), ("sendMessageDraft", 2.0), ("editMessageText", 1.6), ("editMessageText", 2.7)],
)
def test_no_frame_that_hangs_holds_up_the_text(method: str, seconds: float) -> None:
    chat = GROUP if method == "editMessageText" else YOU
    world, (text,) = play([(chat, 0.0, seconds)], method)
    arrived = next(call.time for call in world.telegram.seen if call.text == text)
    assert arrived - world.ready[0] < 1.6  # a frame costs its chat a second in any case


@pytest.mark.parametrize("late", [0.7, 2.0, 3.0])
def test_a_frame_that_was_given_up_and_comes_after_the_text_is_replaced_once_more(late: float) -> None:
    world, (text,) = play([(GROUP, 0.0, BLINK + 1.3)], "editMessageText", late)
    assert world.telegram.texts == {1: text}


def test_where_no_frame_was_given_up_nothing_is_said_again() -> None:
    world, (text,) = play([(GROUP, 0.0, BLINK + 1.3)])
    assert [call.text for call in world.telegram.seen].count(text) == 1


def test_a_text_that_is_whole_while_a_frame_is_under_way_waits_for_it_and_stands_in_its_place() -> None:
    world, (text,) = play([(GROUP, 0.0, BLINK + THERE)])
    assert [call.method for call in world.telegram.seen] == ["sendMessage", "editMessageText"]
    assert world.telegram.texts == {1: text}
