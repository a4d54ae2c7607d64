"""A PostgreSQL server under a running bot: stopped and started again, or taken by another bot."""

import asyncio

import pytest
from sqlalchemy import func, select, text

from bot.observability.probes import check_database
from bot.storage.database import Database
from bot.storage.errors import DatabaseLocked, DatabaseUnreachable
from bot.storage.sole_use import KEY
from tests.bot.fakes import FakeGenerator
from tests.bot.faults.seen import said_by_the_bot
from tests.bot.postgresql import Server, needs_postgresql
from tests.bot.stage import Stage

pytestmark = needs_postgresql


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


async def test_a_bot_whose_database_another_bot_has_taken_takes_nothing_more_and_ends(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Only its lock's connection broke, so that it could go on."""
    pytest.importorskip("psycopg")
    with Server() as server:
        async with (
            Stage(server.address, FakeGenerator(), data_dir=tmp_path_factory.mktemp("data")) as stage,
            stage.database.reading() as second,
        ):
            await stage.ask("/help")
            await stage.settled()
            waiting = asyncio.create_task(second.execute(select(func.pg_advisory_lock(KEY))))
            while not await rows(stage.database, "SELECT 1 FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await rows(
                stage.database, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE granted AND locktype = 'advisory'"
            )
            await waiting
            with pytest.raises(DatabaseLocked, match="this one ends"):
                await asyncio.wait_for(stage.application.bot_data.life, 30)
            await stage.playground.say(stage.you, stage.you, "/seed for the other one")
            with pytest.raises(DatabaseUnreachable):
                await check_database(stage.application.bot_data.database)
            await stage.stop()
            assert len(stage.playground.updates) == 1


async def rows(database: Database, statement: str) -> int:
    async with database.reading() as connection:
        return len((await connection.execute(text(statement))).all())
