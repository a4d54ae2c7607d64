"""The gate: whoever the operator did not let in does nothing to the bot, by any road."""

from types import SimpleNamespace
from typing import Any

import pytest
from telegram import Update
from telegram.ext import ApplicationHandlerStop

from bot.handlers.gate import gate
from bot.playground import Playground, faults
from bot.rules.access import Access
from tests.bot.fakes import FakeGenerator
from tests.bot.stage import Stage

WORLD = Playground().world  # the same in every new playground
GROUP = WORLD.group.chat.id
YOU = WORLD.you.id
STRANGER: dict[str, Any] = {"id": 31_337, "is_bot": False, "first_name": "Stranger"}
YOURSELF: dict[str, Any] = {"id": YOU, "is_bot": False, "first_name": "You"}
ELSEWHERE: dict[str, Any] = {"id": -100_777, "type": "supergroup", "title": "Elsewhere"}
POST = {"message_id": 5, "date": 1, "chat": ELSEWHERE, "text": "/seed x"}


def kinds(person: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every kind of update that a person can bring about, outside the chats that are let in."""
    member = {"user": person, "status": "member"}
    entities = [{"type": "bot_command", "offset": 0, "length": 5}]
    return [
        ("message", POST | {"from": person, "entities": entities}),
        ("edited_message", POST | {"from": person, "edit_date": 2, "entities": entities}),
        ("callback_query", {"id": "1", "from": person, "chat_instance": "1", "data": "x", "message": POST}),
        ("callback_query", {"id": "1", "from": person, "chat_instance": "1", "data": "x", "inline_message_id": "1"}),
        ("inline_query", {"id": "1", "from": person, "query": "x", "offset": ""}),
        ("chosen_inline_result", {"result_id": "1", "from": person, "query": "x", "inline_message_id": "1"}),
        ("guest_message", POST | {"from": person, "guest_query_id": "1"}),
        ("poll_answer", {"poll_id": "1", "user": person, "option_ids": [0], "option_persistent_ids": ["0"]}),
        (
            "message_reaction",
            {"chat": ELSEWHERE, "message_id": 5, "date": 1, "user": person, "old_reaction": [], "new_reaction": []},
        ),
        (
            "my_chat_member",
            {"chat": ELSEWHERE, "from": person, "date": 1, "old_chat_member": member, "new_chat_member": member},
        ),
    ]


class Context:
    """As much of a handler's context as the gate looks at."""

    def __init__(self, access: Access) -> None:
        self.bot_data = SimpleNamespace(access=access, games=Games())
        self.bot = SimpleNamespace(username="cotorra_bot")


class Games:
    """One quiz, in the group that is let in."""

    async def chat_of_poll(self, poll_id: str) -> int | None:
        return GROUP if poll_id == "quiz" else None


async def passes(kind: str, content: dict[str, Any], access: Access) -> bool:
    update = Update.de_json({"update_id": 1, kind: content}, None)
    context: Any = Context(access)
    try:
        await gate(update, context)
    except ApplicationHandlerStop:
        return False
    return True


IDS = [f"{kind}-{number}" for number, (kind, _) in enumerate(kinds(STRANGER))]


@pytest.mark.parametrize(("kind", "content"), kinds(STRANGER), ids=IDS)
@pytest.mark.parametrize("access", [Access(chats=frozenset({GROUP})), Access(users=frozenset({YOU}))])
async def test_a_stranger_elsewhere_is_stopped_whatever_they_do(
    access: Access, kind: str, content: dict[str, Any]
) -> None:
    assert not await passes(kind, content, access)
    assert await passes(kind, content, Access())


@pytest.mark.parametrize(("kind", "content"), kinds(YOURSELF), ids=IDS)
@pytest.mark.parametrize(
    "access",
    [
        Access(users=frozenset({YOU})),
        Access(chats=frozenset({GROUP}), users=frozenset({YOU})),
        Access(chats=frozenset({GROUP}), admins=frozenset({YOU})),
    ],
)
async def test_who_is_let_in_may_do_everything_everywhere(access: Access, kind: str, content: dict[str, Any]) -> None:
    assert await passes(kind, content, access)


async def test_a_name_opens_nothing() -> None:
    namesake = STRANGER | {"username": str(YOU), "first_name": str(YOU)}
    for kind, content in kinds(namesake):
        assert not await passes(kind, content, Access(users=frozenset({YOU})))


async def test_a_chat_that_votes_is_judged_as_a_chat() -> None:
    stand_in = {"id": YOU, "is_bot": True, "first_name": "Channel"}
    vote = {"poll_id": "1", "user": stand_in, "voter_chat": ELSEWHERE, "option_ids": [0], "option_persistent_ids": []}
    assert not await passes("poll_answer", vote, Access(users=frozenset({YOU})))
    assert await passes("poll_answer", vote, Access(chats=frozenset({ELSEWHERE["id"]})))


async def test_who_answers_a_quiz_is_judged_by_where_it_was_asked() -> None:
    vote = {"poll_id": "quiz", "user": STRANGER, "option_ids": [0], "option_persistent_ids": ["0"]}
    assert await passes("poll_answer", vote, Access(chats=frozenset({GROUP})))
    assert not await passes("poll_answer", vote, Access(users=frozenset({YOU})))
    assert not await passes("poll_answer", vote | {"poll_id": "another"}, Access(chats=frozenset({GROUP})))


async def test_a_person_is_let_in_where_the_group_is_not(address: str) -> None:
    async with Stage(address, FakeGenerator(), Access(users=frozenset({YOU}))) as stage:
        assert (await stage.ask("/seed welcome", stage.group)).startswith("welcome")
        bea = next(person.id for person in stage.playground.world.people.values() if person.id != YOU)
        await stage.playground.say(stage.group, bea, "/seed let me in")
        await stage.settled(stage.group)
        assert len(stage.sent(stage.group)) == 1


@pytest.mark.parametrize("fault", [faults.error(400, "Bad Request: chat not found"), faults.server_error()])
async def test_a_stranger_stays_outside_also_where_telling_them_so_fails(address: str, fault: faults.Fault) -> None:
    async with Stage(address, FakeGenerator(), Access(chats=frozenset({GROUP}))) as stage:
        stage.playground.faults.add(fault, method="sendMessage")
        await stage.playground.say(stage.you, stage.you, "/start")
        await stage.idle()
        said = [call.text or "" for call in stage.playground.calls.of("sendMessage", chat_id=stage.you)]
        assert said
        assert not [text for text in said if not text.startswith(("This bot is private", "Sorry"))]
