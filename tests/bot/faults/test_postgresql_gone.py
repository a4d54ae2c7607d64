"""A PostgreSQL server that is stopped under a running bot and started again."""

import asyncio

import pytest

from tests.bot.fakes import FakeGenerator
from tests.bot.faults.seen import said_by_the_bot
from tests.bot.postgresql import Server, why_not
from tests.bot.stage import Stage

pytestmark = [
    pytest.mark.skipif(why_not() is not None, reason=str(why_not())),
    pytest.mark.xdist_group("postgresql"),
]


async def test_a_server_that_is_away_for_a_while_takes_nothing_and_loses_nothing(
    caplog: pytest.LogCaptureFixture, tmp_path_factory: pytest.TempPathFactory
) -> None:
    pytest.importorskip("psycopg")
    with Server() as server:
        async with Stage(server.address, FakeGenerator(), data_dir=tmp_path_factory.mktemp("data")) as stage:
            assert (await stage.ask("/seed before")).startswith("before")
            await stage.settled()
            await asyncio.to_thread(server.stop)
            await stage.playground.say(stage.you, stage.you, "/seed patience")
            while "stay with Telegram" not in caplog.text:  # noqa: ASYNC110  the log is all there is to wait for
                await asyncio.sleep(0.01)
            assert len(stage.playground.updates) == 1
            await asyncio.to_thread(server.start)
            await stage.playground.until(stage.you, lambda m: (m.text or "").startswith("patience"), timeout=60)
            await stage.settled()
            seen = [text for text in said_by_the_bot(stage.playground, stage.you) if text.startswith("patience")]
            assert len(seen) == 1
