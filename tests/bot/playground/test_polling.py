"""getUpdates as Telegram does it: nothing lost, nothing twice unless unconfirmed, one poller at a time."""

import asyncio
from typing import Any

import pytest
from telegram import Bot
from telegram.error import Conflict

from bot.playground import Playground
from bot.playground.updates import UpdateQueue
from tests.bot.playground.conftest import Ask


async def say(playground: Playground, *texts: str) -> list[int]:
    you = playground.world.you.id
    for text in texts:
        await playground.say(you, you, text)
    return [update["update_id"] for update in playground.updates.pending]


async def texts(ask: Ask, **parameters: Any) -> list[str]:
    result = (await ask("getUpdates", **parameters)).json()["result"]
    return [update["message"]["text"] for update in result]


async def test_an_echo_bot_answers(playground: Playground, echo_bot: object, you: int) -> None:
    await playground.say(you, you, "hola")
    answer = await playground.until(you, lambda message: message.text == "echo: hola")
    assert answer.from_user is not None
    assert answer.from_user.is_bot


async def test_what_is_not_confirmed_comes_again(playground: Playground, ask: Ask) -> None:
    await say(playground, "a", "b")
    assert await texts(ask) == ["a", "b"]
    assert await texts(ask) == ["a", "b"]


async def test_an_offset_confirms_everything_below_it(playground: Playground, ask: Ask) -> None:
    ids = await say(playground, "a", "b", "c")
    assert await texts(ask, offset=ids[1]) == ["b", "c"]
    assert await texts(ask) == ["b", "c"]
    assert await texts(ask, offset=ids[2] + 1) == []
    assert await texts(ask) == []


async def test_a_negative_offset_counts_from_the_end_and_forgets_the_rest(playground: Playground, ask: Ask) -> None:
    await say(playground, "a", "b", "c")
    assert await texts(ask, offset=-2) == ["b", "c"]
    assert await texts(ask, offset=-9) == ["b", "c"]


async def test_a_limit_holds_the_rest_back(playground: Playground, ask: Ask) -> None:
    await say(playground, *"abc")
    assert await texts(ask, limit=2) == ["a", "b"]


async def test_update_ids_rise_by_one_and_start_from_the_clock(playground: Playground) -> None:
    ids = await say(playground, *"abc")
    assert ids == [ids[0], ids[0] + 1, ids[0] + 2]
    assert UpdateQueue()._next_id >= ids[0]
    assert ids[0] > 500_000_000


async def test_a_long_poll_waits_for_an_update(playground: Playground, ask: Ask) -> None:
    poll = asyncio.create_task(texts(ask, timeout=30))
    await playground.updates.polled()
    await say(playground, "at last")
    assert await poll == ["at last"]


async def test_a_long_poll_ends_empty(ask: Ask) -> None:
    assert await texts(ask, timeout=1) == []


async def test_of_two_pollers_the_older_gets_the_conflict(playground: Playground, bot: Bot, ask: Ask) -> None:
    older = asyncio.create_task(bot.get_updates(timeout=30))
    await playground.updates.polled()
    newer = asyncio.create_task(texts(ask, timeout=30))
    with pytest.raises(Conflict, match="terminated by other getUpdates request"):
        await older
    await playground.updates.polled()
    await say(playground, "for the newer")
    assert await newer == ["for the newer"]


async def test_a_poller_that_went_away_leaves_the_place_free(playground: Playground, ask: Ask) -> None:
    gone = asyncio.create_task(ask("getUpdates", timeout=30))
    await playground.updates.polled()
    gone.cancel()
    ended = await playground.calls.wait("getUpdates")
    assert ended.answer is None
    await say(playground, "still here")
    assert await texts(ask) == ["still here"]


async def test_unwanted_kinds_are_not_made_and_the_choice_stays(playground: Playground, ask: Ask, you: int) -> None:
    await ask("getUpdates", allowed_updates=["edited_message"])
    await ask("getUpdates")  # names none: the choice stays
    said = await playground.say(you, you, "one")
    await playground.edit(you, said.message_id, you, "two")
    kinds = [set(update) - {"update_id"} for update in playground.updates.pending]
    assert kinds == [{"edited_message"}]


async def test_reactions_come_only_on_request_and_an_empty_list_means_the_default(
    playground: Playground, ask: Ask, you: int
) -> None:
    said = await playground.say(you, you, "x")
    await playground.react(you, said.message_id, you, "👍")
    assert len(playground.updates) == 1
    await ask("getUpdates", allowed_updates=["message_reaction"])
    await playground.react(you, said.message_id, you, "👍")
    assert "message_reaction" in playground.updates.pending[-1]
    await ask("getUpdates", allowed_updates=[])
    await playground.react(you, said.message_id, you, "👍")
    assert len(playground.updates) == 2


async def test_an_edit_of_a_person_is_told(playground: Playground, ask: Ask, you: int) -> None:
    said = await playground.say(you, you, "one")
    await playground.edit(you, said.message_id, you, "two")
    edited = (await ask("getUpdates")).json()["result"][-1]["edited_message"]
    assert (edited["text"], edited["message_id"]) == ("two", said.message_id)
    assert "edit_date" in edited


async def test_stopping_ends_a_long_poll(ask: Ask, playground: Playground) -> None:
    poll = asyncio.create_task(ask("getUpdates", timeout=50))
    await playground.updates.polled()
    await playground.stop()
    (outcome,) = await asyncio.gather(poll, return_exceptions=True)
    assert isinstance(outcome, Exception)
