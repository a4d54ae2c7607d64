import re

import pytest

from bot.observability.alarms import KINDS, Alarms
from bot.playground import Playground, faults
from bot.rules.access import Access
from tests.bot.fakes import FakeGenerator
from tests.bot.stage import Stage

YOU = Playground().world.you.id  # the same in every new world
FRIEND = next(iter(Playground().world.people.keys() - {YOU}))
SECRET = "the words of somebody"


def operators(stage: Stage, chat: int) -> list[str]:
    return [str(call.text) for call in stage.sent(chat) if "The log says more" in str(call.text)]


async def test_who_runs_the_bot_hears_of_an_error_once_and_without_words_or_token(address: str) -> None:
    async with Stage(address, FakeGenerator(), Access(admins=frozenset({YOU, FRIEND}))) as stage:
        for _ in range(3):
            stage.playground.faults.add(faults.error(400, "Bad Request: what?"), method="sendMessage")
            await stage.deliver_command(f"/temp {SECRET}", chat=stage.group)
            await stage.settled(stage.group)
        (told,) = operators(stage, YOU)
        assert re.match(r"Something I was asked failed: telegram\.error\.\w+ at ", told)
        assert SECRET not in told
        assert stage.playground.token not in told
        assert operators(stage, stage.group) == []


async def test_without_anybody_to_tell_the_log_is_enough(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.playground.faults.add(faults.error(400, "Bad Request: what?"), method="sendMessage")
    await stage.deliver_command(f"/temp {SECRET}", chat=stage.group)
    await stage.settled(stage.group)
    assert "an update failed" in caplog.text
    assert SECRET not in caplog.text


def test_the_same_kind_is_news_again_after_a_while() -> None:
    alarms = Alarms(pause=60)
    assert [alarms.is_news("a", at) for at in (0.0, 59.0, 60.0, 61.0)] == [True, False, True, False]
    assert alarms.is_news("b", 61.0)


def test_kinds_are_forgotten_rather_than_piled_up() -> None:
    alarms = Alarms()
    for kind in range(KINDS + 1):
        assert alarms.is_news(str(kind), 0.0)
    assert alarms.is_news("0", 1.0)
    assert not alarms.is_news(str(KINDS), 1.0)
