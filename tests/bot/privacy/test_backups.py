"""A backup that is restored brings back nobody who was forgotten, and no yes that was taken back."""

import asyncio
import datetime as dt
import shutil
from pathlib import Path

from click.testing import CliRunner

from bot.errors import LogError
from bot.log.cli import logs
from bot.privacy.retention import Retention
from bot.privacy.terms import Terms
from bot.storage.consent_book import ConsentBook
from bot.storage.consents import Consents
from bot.storage.database import Database
from bot.storage.users import User
from tests.bot.privacy.test_privacy import DAY, forget, on_disk, press, retention, say
from tests.bot.stage import Stage


async def test_a_restored_backup_is_erased_again(first_day: Stage, tmp_path: Path) -> None:
    await say(first_day, "resurrected parrot")
    await first_day.database.scrub()
    path = Path(first_day.address.removeprefix("sqlite:///"))
    backup = shutil.copy(path, tmp_path / "backup.sqlite")
    await forget(first_day, first_day.you, first_day.you, "Yes, erase everything")
    assert not on_disk(first_day.address, "resurrected parrot")
    assert str(first_day.you) not in (path.parent / "tombstones.jsonl").read_text("utf-8")
    restored = f"sqlite:///{backup}"
    assert on_disk(restored, "resurrected parrot")
    async with Database(restored) as database:
        purged = await retention(first_day, database=database).purge()
        assert purged.forgotten == 1
        assert (await retention(first_day, database=database).purge()).forgotten == 0
    assert not on_disk(restored, "resurrected parrot")


async def backed_up(stage: Stage, folder: Path) -> str:
    """A copy of the database as it is now; its address."""
    await stage.database.scrub()
    return f"sqlite:///{shutil.copy(stage.address.removeprefix('sqlite:///'), folder / 'backup.sqlite')}"


async def decide(stage: Stage, label: str) -> None:
    await stage.ask("/privacy")
    await press(stage, stage.playground.history(stage.you)[-1], label, stage.you)


async def test_a_yes_that_was_taken_back_does_not_come_back_with_a_backup(first_day: Stage, tmp_path: Path) -> None:
    await decide(first_day, "Yes, keep them")
    await say(first_day, "resurrected parrot")
    restored = await backed_up(first_day, tmp_path)
    await decide(first_day, "No, erase them")
    log = Path(first_day.address.removeprefix("sqlite:///")).parent
    assert str(first_day.you) not in (log / "tombstones.jsonl").read_text("utf-8")

    run = CliRunner(env={"DATABASE_URL": restored, "COTORRA_DATA_DIR": str(log)}).invoke
    refused = await asyncio.to_thread(run, logs, ["export"])
    assert "resurrected parrot" not in refused.stdout
    assert isinstance(refused.exception, LogError)
    assert "1 of them back" in str(refused.exception)
    assert "cotorra logs purge" in str(refused.exception)

    async with Database(restored) as database:
        later = Retention(database, log, 30, lambda: dt.datetime.now(dt.UTC) + 20 * DAY)
        assert (await later.purge()).withdrawn == 1
        assert await later.back_again() == 0
        history = await decisions(database, first_day.you)
        assert [decision for decision, _ in history] == ["allowed", "refused"]
        now = await decisions(first_day.database, first_day.you)
        assert [ended for _, ended in history] == [ended for _, ended in now]
        assert (await later.purge(whole=True)).withdrawn == 0
    exported = await asyncio.to_thread(run, logs, ["export"])
    assert (exported.exit_code, exported.stdout) == (0, "")


async def decisions(database: Database, user: int) -> list[tuple[str, dt.datetime | None]]:
    async with database.reading() as connection:
        return [(each.decision, each.ended_at) for each in await Consents(connection).history(user)]


async def test_a_yes_of_after_it_stays_when_its_backup_is_restored(first_day: Stage, tmp_path: Path) -> None:
    for label in ("Yes, keep them", "No, erase them", "Yes, keep them"):
        await decide(first_day, label)
    await say(first_day, "willing parrot")
    async with Database(await backed_up(first_day, tmp_path)) as database:
        assert (await retention(first_day, database=database).purge(whole=True)).withdrawn == 0
        assert (await decisions(database, first_day.you))[-1] == ("allowed", None)


async def test_a_withdrawal_that_was_cut_off_gets_its_tombstone_from_the_next_purge(
    first_day: Stage, tmp_path: Path
) -> None:
    await decide(first_day, "Yes, keep them")
    restored = await backed_up(first_day, tmp_path)
    await ConsentBook(first_day.database).decide(
        User(first_day.you, "You"), Terms().question(), "refused", dt.datetime.now(dt.UTC)
    )
    for _ in range(2):  # and one is enough
        await retention(first_day).purge()
    folder = Path(first_day.address.removeprefix("sqlite:///")).parent
    assert len((folder / "tombstones.jsonl").read_text("utf-8").splitlines()) == 1
    async with Database(restored) as database:
        assert await retention(first_day, database=database).back_again() == 1


async def test_whoever_never_allowed_anything_leaves_no_tombstone(first_day: Stage) -> None:
    await decide(first_day, "No, erase them")
    await retention(first_day).purge(whole=True)
    assert not (Path(first_day.address.removeprefix("sqlite:///")).parent / "tombstones.jsonl").exists()
