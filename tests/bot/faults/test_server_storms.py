"""A server in a storm: errors of every kind, for every method, for many chats at once."""

import pytest

from bot.playground import faults
from tests.bot.faults.seen import said_by_the_bot
from tests.bot.stage import Stage

EACH = 3  # messages of every chat

KINDS = [
    faults.server_error(500),
    faults.server_error(502),
    faults.server_error(503),
    faults.error(504, "Gateway Timeout"),
    faults.dropped_before(),
    faults.dropped_after(),
    faults.half_body(),
    faults.flood(1),
]


@pytest.mark.parametrize("kinds", [KINDS[:4], KINDS], ids=["errors", "everything"])
async def test_a_storm_loses_nothing_says_nothing_twice_and_keeps_every_chats_order(
    stage: Stage, kinds: list[faults.Fault]
) -> None:
    await stage.ask("/help")
    people = [person.id for person in stage.playground.world.people.values()]
    chats = [(stage.group, stage.you), *((person, person) for person in people)]
    marks = {chat: len(said_by_the_bot(stage.playground, chat)) for chat, _ in chats}
    stage.playground.faults.add(*kinds, times=20 // len(kinds))
    stage.playground.faults.add(faults.server_error(), faults.half_body(), method="getUpdates")
    for number in range(EACH):
        for chat, user in chats:
            await stage.playground.say(chat, user, f"/seed number {number}")
    for chat, _ in chats:
        await stage.playground.until(chat, lambda m: (m.text or "").startswith(f"number {EACH - 1}"), timeout=60)
        await stage.settled(chat)
    for chat, _ in chats:
        seen = said_by_the_bot(stage.playground, chat)[marks[chat] :]
        assert [text[:8] for text in seen if text.startswith("number")] == [f"number {n}" for n in range(EACH)]
    assert len(stage.playground.faults) == 0
    assert [prompt.answer.outcome for prompt in await stage.prompts()] == ["answered"] * EACH * len(chats)
