"""Retention: what the terms promise, done; by the bot every hour, and by `cotorra logs purge`.

Knows no Telegram.
"""

import asyncio
import datetime as dt
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bot.clock import machine_time
from bot.errors import LogError
from bot.observability.logging_setup import outline
from bot.privacy.tombstones import Tombstones
from bot.storage.database import Database
from bot.storage.erasure import Erasure
from bot.storage.errors import StorageError
from bot.storage.tombstones import TombstoneRows

ROUND = 3_600.0  # seconds; the terms say "within the hour"
_LONG_AGO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
Grave = Literal["person", "chat", "withdrawal"]  # what a tombstone is of: the last, of a person's yes
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Purged:
    """What a round has erased: forgotten people and chats met again, withdrawn prompts, words, states, names."""

    forgotten: int
    withdrawn: int
    words: int
    states: int
    names: int

    def __str__(self) -> str:
        return (
            f"{self.forgotten} people and chats forgotten again, {self.withdrawn} prompts withdrawn, the words of "
            f"{self.words} prompts, {self.states} states and {self.names} names erased"
        )

    @property
    def anything(self) -> bool:
        return bool(self.forgotten or self.withdrawn or self.words or self.states or self.names)


class Retention:
    """The keeper of the terms' promises over one database and one data folder.

    Methods raise StorageError and LogError; each can be called again and goes on where it ended.

    now: the time; a clock of this machine that has jumped years ahead would erase everything.
    """

    def __init__(
        self, database: Database, folder: Path, days: int, now: Callable[[], dt.datetime] = machine_time
    ) -> None:
        self._database = database
        self._erasure = Erasure(database, now)
        self._tombstones = Tombstones(folder)
        self._days = days
        self._now = now
        self.purged = asyncio.Event()  # the first round of `keep` is done

    async def forget_person(self, user_id: int) -> None:
        """Erase all about a person, and note that it has to stay erased."""
        at = await self._bury_now("person", user_id)
        await self._erasure.forget_person(user_id, at)
        await self._database.scrub()

    async def forget_chat(self, chat_id: int) -> None:
        """Erase all from a chat, and note that it has to stay erased; also as the group that it was before."""
        if (former := await self._erasure.former_id(chat_id)) is not None:
            # It may be on its way still.
            await self._erasure.forget_chat(former, await self._bury_now("chat", former))
        at = await self._bury_now("chat", chat_id)
        await self._erasure.forget_chat(chat_id, at)
        await self._database.scrub()

    async def withdraw(self, user_id: int) -> None:
        """A person's words are no longer covered; those older than the retention period go at once.

        Where they had allowed them, it is noted that they did not leave it at that.
        """
        taken_back = await self._erasure.taken_back(_LONG_AGO, user_id)
        await self._bury("withdrawal", taken_back)
        await self._erasure.withdraw(user_id)
        await self._erasure.erase_expired(self._cutoff())
        await self._database.scrub()

    async def purge(self, whole: bool = False) -> Purged:
        """Do all that is due. `whole`: withdrawals of any age are gone through again."""
        now = self._now()
        stones = await self._united()
        found = await self._back_again(stones)
        for number, at in found["person"].items():
            await self._erasure.forget_person(number, at)
        for number, at in found["chat"].items():
            await self._erasure.forget_chat(number, at)
        for number, at in found["withdrawal"].items():
            await self._erasure.take_back(number, at)
        withdrawn = await self._withdraw_all(_LONG_AGO if whole else now - dt.timedelta(days=7), stones)
        withdrawn += sum([await self._erasure.withdraw(number) for number in found["withdrawal"]])
        cutoff = self._cutoff()
        words = await self._erasure.erase_expired(cutoff)
        states = await self._erasure.erase_states(cutoff)
        names = await self._erasure.erase_names(cutoff)
        await self._erasure.erase_calls()
        await self._database.scrub()  # also of what was erased since the last round, such as answered updates
        return Purged(len(found["person"]) + len(found["chat"]), withdrawn, words, states, names)

    async def back_again(self) -> int:
        """How many people and chats are in the database as they were before a tombstone: a backup was restored."""
        found = await self._back_again(await asyncio.to_thread(self._tombstones.read))
        return sum(map(len, found.values()))

    async def keep(self) -> None:
        """Purge now and every hour, until cancelled."""
        while True:
            try:
                purged = await self.purge()
                self.purged.set()
                if purged.anything:
                    _log.info("the hourly purge: %s", purged)
            except (StorageError, LogError) as error:
                _log.warning("the purge will be tried again: %s", error)
            except Exception as error:  # noqa: BLE001  a promise is kept at the next round, whatever failed in this one
                _log.error("the purge failed and will be tried again: %s", outline(error))
            await asyncio.sleep(ROUND)

    def _cutoff(self) -> dt.datetime:
        return self._now() - dt.timedelta(days=self._days)

    async def _bury_now(self, kind: Grave, number: int) -> dt.datetime:
        at = self._now()
        await self._bury(kind, {number: at})
        return at

    async def _bury(self, kind: Grave, times: Mapping[int, dt.datetime]) -> None:
        """The tombstone comes first: what it names is erased, should the program end before it is done."""
        subjects = await asyncio.to_thread(self._tombstones.subjects, kind, times)
        stones = {subjects[number]: at for number, at in times.items()}
        await asyncio.to_thread(self._tombstones.add, stones)
        await self._put(stones)

    async def _put(self, stones: Mapping[str, dt.datetime]) -> None:
        if not stones:
            return
        async with self._database.writing() as connection:
            for subject, at in stones.items():
                await TombstoneRows(connection).put(subject, at)

    async def _withdraw_all(self, since: dt.datetime, stones: Mapping[str, dt.datetime]) -> int:
        """What was taken back after a time, should the program have ended before it was done; how many prompts."""
        taken_back = await self._erasure.taken_back(since)
        subjects = await asyncio.to_thread(self._tombstones.subjects, "withdrawal", taken_back)
        await self._bury(
            "withdrawal", {number: at for number, at in taken_back.items() if stones.get(subjects[number]) != at}
        )
        return sum([await self._erasure.withdraw(number) for number in taken_back])

    async def _back_again(self, stones: Mapping[str, dt.datetime]) -> dict[Grave, dict[int, dt.datetime]]:
        """Whom and what the database still, or again, has as it was before a tombstone, with that one's time."""
        found: dict[Grave, dict[int, dt.datetime]] = {"person": {}, "chat": {}, "withdrawal": {}}
        if not stones:
            return found
        people, places = await self._erasure.ids()
        allowed = await self._erasure.allowed()
        whom: dict[Grave, Collection[int]] = {"person": people, "chat": places, "withdrawal": allowed}
        for kind, numbers in whom.items():
            subjects = await asyncio.to_thread(self._tombstones.subjects, kind, numbers)
            for number, subject in subjects.items():
                at = stones.get(subject)
                if at is not None and (
                    allowed[number] < at if kind == "withdrawal" else await self._erasure.knows(kind, number, at)
                ):
                    found[kind][number] = at
        return found

    async def _united(self) -> dict[str, dt.datetime]:
        """The tombstones of the folder and of the database, in both from now on."""
        there = await asyncio.to_thread(self._tombstones.read)
        async with self._database.reading() as connection:
            here = await TombstoneRows(connection).all()
        stones = {subject: max(at, here.get(subject, at)) for subject, at in (here | there).items()}
        new = {subject: at for subject, at in stones.items() if there.get(subject) != at}
        await asyncio.to_thread(self._tombstones.add, new)
        await self._put({subject: at for subject, at in stones.items() if here.get(subject) != at})
        return stones
