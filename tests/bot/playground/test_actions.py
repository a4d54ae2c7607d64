"""What a page may ask for: anything that is not understood is said, and breaks nothing."""

import asyncio
import contextlib
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from telegram import Update, User

from bot.playground.actions import NOT_UNDERSTOOD, Actions
from bot.playground.demo import demo_world
from bot.playground.errors import ApiError, PlaygroundError
from bot.playground.gestures import Gestures
from bot.playground.members import Members
from bot.playground.people import People
from bot.playground.service import Service
from bot.playground.updates import UpdateQueue
from bot.playground.view import state
from bot.playground.webhook import Webhook

KINDS = sorted(name.removeprefix("_do_") for name in dir(Actions) if name.startswith("_do_"))
FIELDS = (
    *("text", "name", "language", "caption", "content", "query", "ref", "result", "role", "emoji", "data"),
    *("message_id", "reply_to", "topic", "to", "by", "options", "on", "as_photo", "anonymous"),
)
odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(), max_size=40),
    st.lists(st.integers(-2, 9), max_size=3),
)


def acting() -> Actions:
    updates = UpdateQueue()
    service = Service(demo_world(User(7, "Cotorra", is_bot=True, username="cotorra_bot")), updates, Webhook(updates, 1))
    members = Members(service)
    return Actions(service, members, People(service, members), Gestures(service, members))


def places(actions: Actions) -> st.SearchStrategy[int]:
    world = actions.service.world
    return st.sampled_from([*world.rooms, *world.people, world.bot.id, 0, -5])


@given(st.data())
def test_whatever_is_asked_the_world_can_be_shown_and_told_afterwards(data: st.DataObject) -> None:
    async def ask() -> None:
        actions = acting()
        told: list[Any] = []
        for _ in range(3):
            asked = {
                "type": data.draw(st.sampled_from(KINDS)),
                "chat_id": data.draw(places(actions)),
                "user_id": data.draw(places(actions)),
                "by": data.draw(places(actions)),
                "role": data.draw(st.sampled_from(["administrator", "member", "restricted", "creator", "left"])),
                **data.draw(st.dictionaries(st.sampled_from(FIELDS), odd)),
            }
            with contextlib.suppress(PlaygroundError, ApiError, *NOT_UNDERSTOOD):
                actions.do(asked, told.append)
        shown = json.loads(json.dumps([state(actions.service), *told]))
        assert len(shown[0]["chats"]) >= 5
        for update in actions.service.updates.pending:
            read = Update.de_json(json.loads(json.dumps(update)), None)
            assert read.to_dict().keys() == update.keys()

    asyncio.run(ask())
