"""A database whose file is moved away, replaced or held at the start: waited for, found again, never made anew."""

import asyncio
import shutil
import sqlite3
from pathlib import Path

import pytest

from bot.storage.database import Database
from bot.storage.errors import DatabaseUnreachable
from bot.storage.schema import current_version, head, prepare_schema
from tests.bot.fakes import FakeGenerator
from tests.bot.faults.seen import said_by_the_bot
from tests.bot.stage import Stage


def file_of(address: str) -> Path:
    return Path(address.removeprefix("sqlite:///"))


def restore(backup: Path, file: Path) -> None:
    """As the README says: the log of the old file goes with it."""
    for name in ("-wal", "-shm"):
        Path(f"{file}{name}").unlink(missing_ok=True)
    backup.rename(file)


async def said(stage: Stage, log: pytest.LogCaptureFixture, words: str) -> None:
    while words not in log.text:  # noqa: ASYNC110  the log is all there is to wait for
        await asyncio.sleep(0.01)


async def test_a_file_that_is_gone_for_a_while_takes_nothing_and_loses_nothing(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    await stage.ask("/seed before")
    await stage.settled()
    here, away = file_of(stage.address), file_of(stage.address).with_suffix(".away")
    here.rename(away)
    await stage.playground.say(stage.you, stage.you, "/seed patience")
    await said(stage, caplog, "it is gone: put it back")
    assert len(stage.playground.updates) == 1
    assert not here.exists()
    away.rename(here)
    await stage.playground.until(stage.you, lambda m: (m.text or "").startswith("patience"), timeout=30)
    await stage.settled()
    assert [prompt.asked.seed_text for prompt in await stage.prompts()] == ["before", "patience"]
    assert len([text for text in said_by_the_bot(stage.playground, stage.you) if text.startswith("patience")]) == 1


async def test_a_backup_put_in_the_files_place_is_what_the_bot_goes_on_with(stage: Stage, tmp_path: Path) -> None:
    await stage.ask("/seed before")
    await stage.settled()
    backup = tmp_path / "backup.sqlite"
    with sqlite3.connect(file_of(stage.address)) as source, sqlite3.connect(backup) as target:
        source.backup(target)
    await stage.ask("/seed afterwards")
    await stage.settled()
    restore(backup, file_of(stage.address))
    assert (await stage.ask("/seed restored")).startswith("restored")
    await stage.settled()
    assert {prompt.asked.seed_text for prompt in await stage.prompts()} == {"restored", "before"}


async def test_no_file_is_made_under_a_database_that_is_open(address: str) -> None:
    async with Database(address) as database:
        await prepare_schema(database, address)
        assert await current_version(database) == head()
        file_of(address).unlink()
        with pytest.raises(DatabaseUnreachable, match="gone"):
            await current_version(database)
        with pytest.raises(DatabaseUnreachable, match="gone"):
            async with database.reading():
                pass
        assert not file_of(address).exists()


async def test_a_database_that_is_held_at_the_start_is_waited_for(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    stage = Stage(address, FakeGenerator())
    async with Database(address) as database:
        await prepare_schema(database, address)
    with sqlite3.connect(file_of(address), isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        starting = asyncio.create_task(stage.__aenter__())
        await said(stage, caplog, "another program holds it")
        assert not starting.done()
        other.execute("ROLLBACK")
    await starting
    try:
        assert (await stage.ask("/seed at last")).startswith("at last")
        assert caplog.text.count("another program holds it") == 1
    finally:
        await stage.__aexit__()


async def test_a_damaged_file_is_one_sentence_at_the_start_and_a_backup_mends_it(address: str, tmp_path: Path) -> None:
    from bot.storage.errors import DatabaseDamaged

    async with Stage(address, FakeGenerator()) as stage:
        await stage.ask("/seed before")
        await stage.settled()
        await stage.stop()
        here, backup = file_of(address), tmp_path / "backup.sqlite"
        with sqlite3.connect(here) as source, sqlite3.connect(backup) as target:
            source.backup(target)
            (page,) = source.execute("SELECT rootpage FROM sqlite_master WHERE name = 'inbox'").fetchone()
            (size,) = source.execute("PRAGMA page_size").fetchone()
            source.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with here.open("r+b") as file:
            file.seek((page - 1) * size)
            file.write(b"\xde\xad" * (size // 2))
        await stage.playground.say(stage.you, stage.you, "/seed after all")
        with pytest.raises(DatabaseDamaged, match="restore a backup"):
            await stage.start()
        shutil.copy(backup, here)
        await stage.start()
        await stage.playground.until(stage.you, lambda m: (m.text or "").startswith("after all"))
