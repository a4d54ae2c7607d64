import datetime as dt
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.storage.settings import ChatSettings
from bot.talking.chime_in import is_drawn, is_quiet, is_rested
from tests.bot.fakes import FakeGenerator
from tests.bot.stage import NOW, Stage

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)


async def allow(stage: Stage, percent: int = 100, cooldown: int = 0, update_id: int = 1) -> None:
    where = replace(stage.occasion(update_id, NOON), chat=stage.chat(stage.group))
    await stage.book.change_settings(where, chime_in_percent=percent, chime_in_cooldown=cooldown)


async def chatter(stage: Stage, text: str, **how: int) -> None:
    await stage.deliver({"text": text}, chat=stage.group, **how)  # type: ignore[arg-type]
    await stage.settled(stage.group)


# --- in a group ------------------------------------------------------------------------------------------


async def test_it_says_nothing_unasked_until_it_is_allowed_to(stage: Stage) -> None:
    await chatter(stage, "what a day")
    assert stage.sent(stage.group) == []
    await allow(stage)
    await chatter(stage, "what a day")
    (prompt,) = await stage.prompts()
    assert (prompt.asked.kind, prompt.asked.seed_text) == ("chime-in", "what a day")
    (call,) = stage.sent(stage.group)
    assert call.parameters["disable_notification"] == "true"


async def test_after_a_chime_in_it_keeps_quiet_for_a_while(stage: Stage) -> None:
    await allow(stage, cooldown=600)
    now = int(time.time())  # when the first is answered, which the pause counts from
    for date in (now, now + 60, now + 590):
        await chatter(stage, "what a day", date=date)
    assert len(await stage.prompts()) == 1
    await chatter(stage, "what a day", date=now + 700)
    assert len(await stage.prompts()) == 2


async def test_an_update_that_is_handled_twice_is_answered_once(stage: Stage) -> None:
    await allow(stage, cooldown=600)
    for _ in range(2):
        await stage.deliver({"text": "what a day"}, chat=stage.group, update_id=7)
    await stage.settled(stage.group)
    assert len(await stage.prompts()) == 1


@pytest.mark.parametrize(
    "message",
    [
        {"text": "/temp@other_bot 1", "entities": [{"type": "bot_command", "offset": 0, "length": 15}]},
        {"text": "from elsewhere", "forward_origin": {"type": "hidden_user", "date": NOW, "sender_user_name": "X"}},
        {"text": "beep", "from": {"id": 5, "is_bot": True, "first_name": "Bot"}},
        {"text": "made by a bot", "via_bot": {"id": 5, "is_bot": True, "first_name": "Bot"}},
        {"text": "x" * 5_000},
        {"text": " \n "},
        {"new_chat_title": "A title"},
    ],
    ids=["another bot's", "forwarded", "a bot's", "made by a bot", "too long", "empty", "no text"],
)
async def test_what_nobody_said_to_the_group_is_no_seed(stage: Stage, message: dict[str, object]) -> None:
    await allow(stage)
    await stage.deliver(message, chat=stage.group)
    await stage.settled(stage.group)
    assert await stage.prompts() == []
    assert stage.sent(stage.group) == []


async def test_who_was_only_overheard_is_not_asked_for_consent(address: str) -> None:
    async with Stage(address, FakeGenerator(), strangers=True) as stage:
        await allow(stage)
        await chatter(stage, "what a day")
        assert len(await stage.prompts()) == 1
        assert len(stage.sent(stage.group)) == 1


# --- the decision ----------------------------------------------------------------------------------------


def test_the_lot_falls_on_so_many_percent() -> None:
    for percent in (0, 1, 5, 50, 100):
        drawn = sum(is_drawn(percent, 1, update_id) for update_id in range(20_000))
        assert abs(drawn / 200 - percent) < 1


@given(st.integers(0, 100), st.integers(1, 2**52), st.integers(0, 2**31))
def test_an_update_has_its_lot_for_good_and_more_percent_take_none_away(percent: int, bot: int, update: int) -> None:
    assert is_drawn(percent, bot, update) == is_drawn(percent, bot, update)
    assert not is_drawn(percent, bot, update) or is_drawn(100, bot, update)
    assert is_drawn(min(100, percent + 1), bot, update) or not is_drawn(percent, bot, update)


@pytest.mark.parametrize(
    ("start", "end", "hour", "quiet"),
    [
        (22, 7, 23, True),
        (22, 7, 3, True),
        (22, 7, 7, False),
        (22, 7, 12, False),
        (22, 7, 22, True),
        (1, 5, 0, False),
        (1, 5, 1, True),
        (1, 5, 5, False),
        (8, 8, 3, True),
        (0, 0, 12, True),
    ],
)
def test_quiet_hours_may_go_over_midnight(start: int, end: int, hour: int, quiet: bool) -> None:
    settings = ChatSettings(quiet_from=60 * start, quiet_until=60 * end)
    assert is_quiet(settings, NOON.replace(hour=hour)) is quiet
    elsewhere = NOON.replace(hour=hour).astimezone(dt.timezone(dt.timedelta(hours=5)))
    assert is_quiet(settings, elsewhere) is quiet


def test_without_quiet_hours_no_time_is_quiet() -> None:
    assert not any(is_quiet(ChatSettings(), NOON.replace(hour=hour)) for hour in range(24))


def test_it_rests_between_two() -> None:
    settings = ChatSettings(chime_in_cooldown=600)
    assert is_rested(settings, None, NOON)
    assert not is_rested(settings, NOON, NOON + dt.timedelta(seconds=599))
    assert is_rested(settings, NOON, NOON + dt.timedelta(seconds=600))
    assert not is_rested(settings, NOON, NOON - dt.timedelta(hours=1))  # said before, and only now handled
