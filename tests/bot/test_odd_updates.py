"""Whatever Telegram sends or a stranger presses: nothing reaches the error handler, and no call is a wrong one."""

import asyncio
import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from telegram import Chat

from bot.callbacks import Callbacks
from bot.playground import Playground
from bot.playground.world import Room
from bot.rules.access import Access
from tests.bot.fakes import FakeGenerator, FakeLoader
from tests.bot.odd_updates import CHATS, TOPIC, World, of_every_kind, updates
from tests.bot.stage import Stage

_playground = Playground()  # the same token and the same bot in every new one
LINES = ("A line that somebody wrote, and 👩‍👩‍👧 nobody read.", "@everyone call +34 600 000 000 or /temp 2")
WORLD = World(_playground.world.bot.id, str(_playground.world.bot.username), Callbacks(_playground.token))

# What Telegram says of a press or a query that it has not asked, or of a message that is not there: as it should be.
_EXPECTED = (
    "query is too old",
    "query id is invalid",
    "not found",
    "message can't be",
    "not modified",
)


def furnish(stage: Stage) -> None:
    """Give the world every chat that odd updates come from."""
    world = stage.playground.world
    for kind, chat_ids in CHATS.items():
        for chat_id in chat_ids:
            if chat_id not in world.rooms:
                names = {"first_name": "Big"} if kind == "private" else {"title": "Odd"}
                role = "administrator" if kind == "channel" else "member"
                room = world.rooms[chat_id] = Room(
                    Chat(chat_id, kind, **names), {world.you.id: "creator", WORLD.bot_id: role}
                )
                room.topics = {TOPIC: "Odd"} if kind == "supergroup" else {}


async def deliver(stage: Stage, made: list[tuple[str, dict[str, Any]]]) -> None:
    for kind, content in made:
        await stage.deliver_update(kind, content)
    async with asyncio.timeout(60):
        while len(stage.application.bot_data.inbox):  # noqa: ASYNC110  the inbox tells nobody when it is empty
            await asyncio.sleep(0.01)


# What fails is not made smaller: that takes minutes, and the log says where it failed.
_some = settings(
    max_examples=20, deadline=None, suppress_health_check=[*HealthCheck], phases=[Phase.explicit, Phase.generate]
)


@_some
@given(st.lists(updates(WORLD), min_size=15, max_size=15))
def test_no_odd_update_reaches_the_error_handler(made: list[tuple[str, dict[str, Any]]]) -> None:
    assert failures_of(made) == ([], [])


@settings(_some, max_examples=8)
@given(of_every_kind(WORLD))
def test_no_command_and_no_button_does_however_oddly_it_comes(made: list[tuple[str, dict[str, Any]]]) -> None:
    assert failures_of(made) == ([], [])


def failures_of(made: list[tuple[str, dict[str, Any]]]) -> tuple[list[str], list[str]]:
    """The errors that a bot logs over these updates, and its calls that the server refuses for what they are."""

    async def conversation(address: str) -> list[str]:
        access = Access(admins=frozenset({1_000_001}))
        generator = FakeGenerator()
        async with Stage(address, generator, access, loader=FakeLoader(generator, lines=LINES)) as stage:
            furnish(stage)
            await deliver(stage, made)
            refused = [call for call in stage.playground.calls.of() if call.status not in (200, 429)]
            return [text for call in refused if not _is_expected(text := f"{call.method}: {call.answer}")]

    failures = _Failures()
    logging.getLogger("bot").addHandler(failures)
    try:
        with TemporaryDirectory() as folder:
            refused = asyncio.run(conversation(f"sqlite:///{Path(folder) / 'bot.sqlite'}"))
    finally:
        logging.getLogger("bot").removeHandler(failures)
    return failures.lines, refused


def _is_expected(result: str) -> bool:
    return any(words in result.lower() for words in _EXPECTED)


class _Failures(logging.Handler):
    """What should not have been."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
