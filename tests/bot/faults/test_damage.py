"""Pages of the database's file overwritten under a running bot: found, told, waited for, and the bot comes back."""

import asyncio
import os
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import httpx
import pytest

from bot.context import BotApplication
from bot.lives import live
from bot.observability.server import PagesConfig
from bot.operators import DAMAGED
from bot.playground import Playground
from bot.rules.access import Access
from bot.storage.database import Database
from bot.storage.errors import DatabaseDamaged
from bot.storage.recovery import sound_again
from bot.storage.schema import prepare_schema
from bot.storage.soundness import look_through, looked_through
from tests.bot.fakes import FakeGenerator
from tests.bot.faults.seen import said_by_the_bot
from tests.bot.faults.test_database_gone import file_of, restore, said
from tests.bot.process import bot_process
from tests.bot.stage import Stage, free_port

YOU = Playground().world.you.id  # the same in every new world
QUICKLY = 0.02  # seconds between two looks at the file
WAITS = "until a sound database is in the place"
GOES_ON = "the database is sound"


def overwrite(file: Path, table: str) -> bytes:
    """The first page of a table, as a failing disk does it; what was there."""
    with closing(sqlite3.connect(file)) as connection:
        while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            pass  # somebody reads: what is in the log would hide the damage, and mend it
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as pages:
        pages.seek((page - 1) * size)
        before = pages.read(size)
        pages.seek((page - 1) * size)
        pages.write(b"\xde\xad" * (size // 2))
    return before


def backed_up(file: Path) -> Path:
    """A backup as the README makes it."""
    backup = file.with_suffix(".backup")
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(backup)) as target:
        source.backup(target)
    return backup


# --- how it is found ----------------------------------------------------------------------------------------


async def test_damage_that_nobody_reads_is_found_by_the_next_look(address: str) -> None:
    async with Database(address) as database:
        await prepare_schema(database, address)
        async with looked_through(database, every=0):
            assert database.damage is None
            await asyncio.to_thread(overwrite, file_of(address), "ratings")
            damage = await asyncio.wait_for(database.until_damaged(), 30)
        with pytest.raises(DatabaseDamaged, match="restore a backup") as refused:
            async with database.writing():
                pytest.fail("it is written to")
        assert str(refused.value) == str(damage)


async def test_a_file_that_is_damaged_already_is_refused_before_anything_is_taken(stage: Stage) -> None:
    await stage.stop()
    await asyncio.to_thread(overwrite, file_of(stage.address), "ratings")
    await stage.playground.say(stage.you, stage.you, "/seed after")
    with pytest.raises(DatabaseDamaged, match="restore a backup"):
        await live(stage.config, lambda _: pytest.fail("it runs"), stage.loader)
    assert len(stage.playground.updates) == 1


async def test_a_look_that_takes_long_keeps_no_start_waiting_and_ends_with_it(address: str) -> None:
    async with Database(address) as database:
        await prepare_schema(database, address)
        with closing(sqlite3.connect(file_of(address))) as other:
            other.execute("PRAGMA ignore_check_constraints = ON")  # they are checked by a look, row by row
            other.execute("CREATE TABLE slow (n CHECK (length(hex(zeroblob(20000000 + n))) > 0))")
            other.executemany("INSERT INTO slow VALUES (?)", [(n,) for n in range(10_000)])
            other.commit()
        async with asyncio.timeout(30), looked_through(database, patience=0):
            assert database.damage is None


# --- how the bot comes back ---------------------------------------------------------------------------------


class Living(Stage):
    """A stage whose bot has as many lives as it takes."""

    def __init__(
        self, address: str, generator: FakeGenerator, access: Access | None = None, data_dir: Path | None = None
    ) -> None:
        self._pages_at = PagesConfig(port=free_port())
        super().__init__(address, generator, access, patience=0.01, pages=self._pages_at, data_dir=data_dir)
        self.file = file_of(address)

    async def start(self) -> None:
        self._begun: asyncio.Queue[BotApplication] = asyncio.Queue()
        self.life = asyncio.create_task(live(self.config, self._begun.put_nowait, self.loader, QUICKLY))
        await self.next_life()

    async def stop(self) -> None:
        self.life.cancel()
        await asyncio.wait([self.life])

    async def __aexit__(self, *_: object) -> None:
        self.generator.gate.set()
        await self.stop()
        await super().__aexit__()

    async def next_life(self) -> None:
        """The bot runs again."""
        self.application = await asyncio.wait_for(self._begun.get(), 60)

    async def health(self) -> httpx.Response:
        async with httpx.AsyncClient() as client:
            return await client.get(f"http://127.0.0.1:{self._pages_at.port}/healthz")

    async def damaged(self, log: pytest.LogCaptureFixture, table: str = "ratings") -> bytes:
        """A page is overwritten and found to be, and the bot has ended; what was there."""
        before = await asyncio.to_thread(overwrite, self.file, table)
        with suppress(DatabaseDamaged):
            await look_through(self.application.bot_data.database)
        await asyncio.wait_for(said(self, log, WAITS), 30)
        return before

    def answers(self, chat: int, beginning: str) -> list[str]:
        """The bot's messages in a chat that begin so."""
        return [text for text in said_by_the_bot(self.playground, chat) if text.startswith(beginning)]


@asynccontextmanager
async def living(address: str, generator: FakeGenerator | None = None) -> AsyncIterator[Living]:
    async with Living(address, generator or FakeGenerator(), Access(admins=frozenset({YOU}))) as stage:
        yield stage


async def test_a_running_bot_tells_of_damage_takes_nothing_and_goes_on_with_a_backup(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with living(address) as stage:
        await stage.ask("/seed before")
        await stage.settled()
        backup = backed_up(stage.file)
        await stage.damaged(caplog)
        await stage.playground.say(stage.you, stage.you, "/seed after")
        ill = await stage.health()
        assert (ill.status_code, set(ill.json()["checks"])) == (503, {"database"})
        assert "waits for a sound one" in ill.json()["checks"]["database"]["reason"]
        assert len(stage.playground.updates) == 1
        restore(backup, stage.file)
        await stage.next_life()
        await stage.playground.until(stage.you, lambda m: (m.text or "").startswith("after"))
        await stage.settled()
        assert [len(stage.answers(stage.you, seed)) for seed in ("before", "after")] == [1, 1]
        assert {prompt.asked.seed_text for prompt in await stage.prompts()} == {"before", "after"}
        assert [call.text for call in stage.sent(YOU)].count(DAMAGED) == 1
        assert (await stage.health()).status_code == 200
        assert [caplog.text.count(words) for words in (WAITS, GOES_ON)] == [1, 1]


async def test_a_page_that_is_read_and_damaged_ends_a_life_too_and_the_same_file_mended_begins_the_next(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with living(address) as stage:
        before = await asyncio.to_thread(overwrite, stage.file, "ratings")
        with pytest.raises(DatabaseDamaged):
            async with stage.application.bot_data.database.reading() as connection:
                await connection.exec_driver_sql("SELECT * FROM ratings")
        await asyncio.wait_for(said(stage, caplog, WAITS), 30)
        await stage.playground.say(stage.you, stage.you, "/seed after")
        content = stage.file.read_bytes()
        stage.file.write_bytes(content.replace(b"\xde\xad" * (len(before) // 2), before))
        await stage.next_life()
        await stage.playground.until(stage.you, lambda m: (m.text or "").startswith("after"))


@pytest.mark.parametrize("knows", [False, True], ids=["before they came", "when one was begun"])
async def test_what_the_damaged_file_held_unanswered_is_answered_once_and_what_was_half_written_is_finished(
    address: str, caplog: pytest.LogCaptureFixture, knows: bool
) -> None:
    """knows: when the backup was made."""
    generator = FakeGenerator(pauses_at=50)
    async with living(address, generator) as stage:
        backup = backed_up(stage.file)
        generator.gate.clear()
        await stage.say("/seed@cotorra_bot half", stage.group)
        await stage.say("/seed@cotorra_bot whole", stage.group)
        await stage.say("/seed private")
        await stage.playground.until(stage.group, lambda m: (m.text or "").startswith("half"))
        if knows:
            backup = backed_up(stage.file)
        await asyncio.wait_for(_gives_up(stage, caplog), 60)
        restore(backup, stage.file)
        await stage.next_life()
        for chat, seed in ((stage.you, "private"), (stage.group, "whole")):
            await stage.playground.until(chat, lambda m, seed=seed: (m.text or "").startswith(seed), timeout=30)
        await stage.settled(stage.group)
        await stage.settled()
        for chat, seed in ((stage.you, "private"), (stage.group, "half"), (stage.group, "whole")):
            (text,) = stage.answers(chat, seed)
            (prompt,) = [each for each in await stage.prompts() if each.asked.seed_text == seed]
            assert text == (prompt.answer.reply_text or "").strip()  # as Telegram does it


async def _gives_up(stage: Living, log: pytest.LogCaptureFixture) -> None:
    """The life ends while the generator hangs, which is let go when nobody waits for it, so that its thread can end."""
    ending = asyncio.create_task(stage.damaged(log))
    await said(stage, log, "updates unfinished")
    stage.generator.gate.set()
    await ending


async def test_what_was_answered_since_the_backup_is_not_answered_again(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    generator = FakeGenerator()
    async with living(address, generator) as stage:
        generator.gate.clear()
        await stage.say("/seed once")
        backup = backed_up(stage.file)
        generator.gate.set()
        await stage.idle()
        await stage.damaged(caplog)
        restore(backup, stage.file)
        await stage.next_life()
        await stage.settled()
        assert len(stage.answers(stage.you, "once")) == 1


async def test_a_database_that_is_damaged_again_and_again_is_told_of_once(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with living(address) as stage:
        await stage.ask("/seed before")
        for _ in range(2):
            backup = backed_up(stage.file)
            await stage.damaged(caplog)
            caplog.clear()
            restore(backup, stage.file)
            await stage.next_life()
        await stage.settled()
        assert [call.text for call in stage.sent(YOU)].count(DAMAGED) == 1


async def test_nothing_but_a_sound_file_of_ours_is_waited_for(address: str) -> None:
    async with Database(address) as database:
        await prepare_schema(database, address)
    file = file_of(address)
    whole = file.read_bytes()
    await asyncio.to_thread(overwrite, file, "ratings")
    damaged = file.read_bytes()
    file.unlink()
    waiting = asyncio.create_task(sound_again(address, QUICKLY))
    for content in (None, b"", whole[: len(whole) // 2], damaged, b"Dear diary, " * 100):
        if content is not None:
            file.write_bytes(content)
        await asyncio.sleep(20 * QUICKLY)
        assert not waiting.done()
        assert file.exists() == (content is not None)
    file.write_bytes(whole)
    await asyncio.wait_for(waiting, 30)


async def test_a_file_that_is_still_being_written_is_not_taken_yet(address: str) -> None:
    async with Database(address) as database:
        await prepare_schema(database, address)
    waiting = asyncio.create_task(sound_again(address, every=0.2))
    for second in range(20):
        os.utime(file_of(address), (second, second))
        await asyncio.sleep(0.05)
    assert not waiting.done()
    await asyncio.wait_for(waiting, 30)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
async def test_a_process_waits_until_it_is_told_to_end_or_has_a_sound_database(
    address: str, number: signal.Signals
) -> None:
    file = file_of(address)
    async with Playground() as playground, bot_process(playground, address) as process:
        await playground.updates.polled()
        backup = await asyncio.to_thread(backed_up, file)
        await asyncio.to_thread(overwrite, file, "inbox")
        await playground.say(YOU, YOU, "/seed patience")
        await process.until(WAITS)
        assert len(playground.updates) == 1
        restore(backup, file)
        await playground.until(YOU, lambda m: (m.text or "").startswith("patience"), timeout=60)
        await asyncio.to_thread(overwrite, file, "inbox")
        assert "Traceback" not in process.text
        process.lines.clear()
        await playground.say(YOU, YOU, "/help")
        await process.until(WAITS)
        process.send(number)
        assert await process.wait() == 0
    assert "Traceback" not in process.text
