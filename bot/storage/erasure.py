"""Erasing: what people take back, what nobody allowed to be kept for longer, and what a tombstone names.

Whatever may be much goes in batches, so that no reply waits long for its turn.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from sqlalchemy import ColumnElement, Table, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.clock import machine_time
from bot.storage.batch_erasure import BatchErasure
from bot.storage.batches import in_batches
from bot.storage.chat_pauses import ChatPauses
from bot.storage.database import Database
from bot.storage.deliveries import Deliveries
from bot.storage.group_calls import GroupCalls
from bot.storage.inbox import Inboxes
from bot.storage.quotations import Quotations
from bot.storage.tables import (
    chats,
    consents,
    games,
    inbox,
    prompts,
    quotations,
    ratings,
    scores,
    settings,
    settings_changes,
    states,
    users,
    votes,
)

Subject = Literal["person", "chat"]


class Erasure:
    """Erases for good. Methods raise StorageError where the database fails, and can be called again.

    now: the time, for the note when it was.
    """

    def __init__(self, database: Database, now: Callable[[], dt.datetime] = machine_time) -> None:
        self._database = database
        self._batches = BatchErasure(database, now)
        self._now = now

    async def forget_person(self, user_id: int, until: dt.datetime) -> None:
        """Everything about a person up to a time, everywhere: prompts, answers, copies, states, the person."""
        async with self._database.writing() as connection:
            for place in await Inboxes(connection).forget_person(user_id):
                await Deliveries(connection).drop_texts(place)  # what the answer was to say
        quoted = prompts.c.id.in_(select(quotations.c.prompt_id).where(quotations.c.author_id == user_id))
        talked = await self._chats_of(prompts.c.user_id == user_id) + await self._chats_of(quoted)
        await self._batches.delete_prompts((prompts.c.user_id == user_id) & (prompts.c.asked_at <= until))
        await self._batches.erase_words_everywhere(quoted & (prompts.c.asked_at <= until))
        await self._batches.delete_rows(states, states.c.chat_id.in_(talked))
        await self._batches.delete_rows(ratings, (ratings.c.user_id == user_id) & (ratings.c.rated_at <= until))
        async with self._database.writing() as connection:
            for statement in (
                delete(votes).where(votes.c.user_id == user_id, votes.c.voted_at <= until),
                delete(scores).where(scores.c.user_id == user_id, scores.c.week <= week_of(until)),
                delete(consents).where(consents.c.user_id == user_id, consents.c.decided_at <= until),
                update(settings_changes)
                .where(settings_changes.c.user_id == user_id, settings_changes.c.changed_at <= until)
                .values(user_id=None),
                # Who came back since is somebody new, but keeps their row.
                delete(users).where(users.c.id == user_id, users.c.last_seen_at <= until),
                update(users).where(users.c.id == user_id).values(first_seen_at=users.c.last_seen_at),
            ):
                await connection.execute(statement)
        await self.forget_chat(user_id, until)  # a private chat has its person's number

    async def forget_chat(self, chat_id: int, until: dt.datetime) -> None:
        """Everything from a chat up to a time, whoever said it."""
        async with self._database.writing() as connection:
            await Inboxes(connection).forget_chat(chat_id)
            await Deliveries(connection).forget_chat(chat_id)
            await GroupCalls(connection).forget_chat(chat_id)
            await ChatPauses(connection).forget_chat(chat_id)
        await self._batches.delete_prompts((prompts.c.chat_id == chat_id) & (prompts.c.asked_at <= until))
        await self._batches.delete_rows(games, (games.c.chat_id == chat_id) & (games.c.opened_at <= until))
        changed = (settings_changes.c.chat_id == chat_id) & (settings_changes.c.changed_at <= until)
        await self._batches.delete_rows(settings_changes, changed)
        async with self._database.writing() as connection:
            gone = delete(chats).where(chats.c.id == chat_id, chats.c.last_seen_at <= until)
            if (await connection.execute(gone)).rowcount:
                return
            for statement in (  # people talk there again: what they set since stays
                delete(states).where(states.c.chat_id == chat_id, states.c.saved_at <= until),
                delete(scores).where(scores.c.chat_id == chat_id, scores.c.week <= week_of(until)),
            ):
                await connection.execute(statement)
            here = update(chats).where(chats.c.id == chat_id)
            await connection.execute(here.values(first_seen_at=chats.c.last_seen_at))
            since = select(settings_changes.c.id).where(settings_changes.c.chat_id == chat_id)
            if (await connection.execute(since.limit(1))).first() is None:
                await connection.execute(delete(settings).where(settings.c.chat_id == chat_id))

    async def withdraw(self, user_id: int) -> int:
        """A person's prompts, and copies of their words, are no longer covered; how many prompts were."""
        return await self._batches.release(prompts.c.user_id == user_id)

    async def taken_back(self, since: dt.datetime, user_id: int | None = None) -> dict[int, dt.datetime]:
        """Who allowed their words to be kept and then, after a time, refused it, and when; one person or all."""
        before = consents.alias()
        yes = exists(select(before.c.id).where(before.c.user_id == consents.c.user_id, before.c.decision == "allowed"))
        refused = (consents.c.decision == "refused") & consents.c.ended_at.is_(None) & (consents.c.decided_at >= since)
        found = select(consents.c.user_id, consents.c.decided_at).where(refused, yes)
        if user_id is not None:
            found = found.where(consents.c.user_id == user_id)
        async with self._database.reading() as connection:
            return {row.user_id: row.decided_at for row in await connection.execute(found)}

    async def allowed(self) -> dict[int, dt.datetime]:
        """Whose yes is in force, and since when."""
        in_force = (consents.c.decision == "allowed") & consents.c.ended_at.is_(None)
        async with self._database.reading() as connection:
            found = await connection.execute(select(consents.c.user_id, consents.c.decided_at).where(in_force))
            return {row.user_id: row.decided_at for row in found}

    async def take_back(self, user_id: int, at: dt.datetime) -> None:
        """A person's yes ended then, which a backup from before does not know: they refused the same question."""
        in_force = (consents.c.user_id == user_id) & consents.c.ended_at.is_(None) & (consents.c.decided_at < at)
        async with self._database.writing() as connection:
            ended = (
                update(consents).where(in_force).values(ended_at=at).returning(consents.c.version, consents.c.language)
            )
            for version, language in (await connection.execute(ended)).all():
                row = {"user_id": user_id, "version": version, "language": language, "decided_at": at}
                await connection.execute(insert(consents).values(**row, decision="refused"))

    async def erase_expired(self, before: dt.datetime) -> int:
        """The words of prompts asked before this time, unless their consent is in force; of how many.

        Not of those that are still to be answered: their updates wait, which the bot soon answers or lets expire.
        """
        same = (inbox.c.bot_id == prompts.c.bot_id) & (inbox.c.update_id == prompts.c.update_id)
        waiting = exists(select(inbox.c.id).where(same, inbox.c.state == "waiting"))
        due = select(prompts.c.id).where(
            prompts.c.consent_id.is_(None),
            prompts.c.erased_at.is_(None),
            prompts.c.asked_at < before,
            (prompts.c.outcome != "pending") | ~waiting,
        )
        due = due.order_by(prompts.c.asked_at)
        return await self._batches.erase_words(due)

    async def erase_states(self, before: dt.datetime) -> int:
        """What the network remembered after replies before this time; how many states."""
        return await self._batches.delete_rows(states, states.c.saved_at < before)

    async def erase_calls(self) -> None:
        """Which chats were written into or paused, as far as it counts no more; also that they were forgotten."""
        async with self._database.writing() as connection:
            await GroupCalls(connection).forget_old(self._now())
            await ChatPauses(connection).forget_old(self._now())

    async def erase_names(self, before: dt.datetime) -> int:
        """The names of people not seen since this time who allowed nothing; of how many.

        Their private chats, which are called like them, lose theirs too.
        """
        people = await self._blank(users, users.c.name != "", before, {"name": "", "username": None})
        named = (chats.c.kind == "private") & (chats.c.title.is_not(None) | chats.c.username.is_not(None))
        await self._blank(chats, named, before, {"title": None, "username": None})
        return people

    async def _blank(
        self, table: Table, named: ColumnElement[bool], before: dt.datetime, blank: Mapping[str, str | None]
    ) -> int:
        """Blank the rows of people, by their ids, who are named there, absent since a time and allowed nothing."""
        allowed = select(consents.c.user_id).where(consents.c.decision == "allowed", consents.c.ended_at.is_(None))
        is_absent = table.c.last_seen_at < before
        found = select(table.c.id).where(is_absent, named, table.c.id.not_in(allowed)).order_by(table.c.id)

        async def erase(connection: AsyncConnection, ids: Sequence[int]) -> None:
            await connection.execute(update(table).where(table.c.id.in_(ids), is_absent).values(**blank))

        return await in_batches(self._database, lambda last: found.where(table.c.id > last), erase)

    async def delete_before(self, time: dt.datetime) -> int:
        """Whole prompts asked before this time; how many they were."""
        return await self._batches.delete_prompts(prompts.c.asked_at < time)

    async def ids(self) -> tuple[list[int], list[int]]:
        """Every person and every chat there is; also people whose words others brought, and nothing else of them."""
        async with self._database.reading() as connection:
            people = (await connection.execute(select(users.c.id))).scalars().all()
            places = (await connection.execute(select(chats.c.id))).scalars().all()
            quoted = await Quotations(connection).authors()
        return [*people, *(quoted - set(people))], list(places)

    async def former_id(self, chat_id: int) -> int | None:
        """The number that a supergroup had as a group; None where it never was one."""
        async with self._database.reading() as connection:
            found: int | None = (
                await connection.execute(select(chats.c.former_id).where(chats.c.id == chat_id))
            ).scalar()
        return found

    async def knows(self, kind: Subject, number: int, until: dt.datetime) -> bool:
        """Whether anything from before this time is left of a person or a chat."""
        table, column = (users, prompts.c.user_id) if kind == "person" else (chats, prompts.c.chat_id)
        seen = select(table.c.id).where(table.c.id == number, table.c.first_seen_at <= until)
        asked = select(prompts.c.id).where(column == number, prompts.c.asked_at <= until)
        said = (
            select(prompts.c.id).join(quotations).where(quotations.c.author_id == number, prompts.c.asked_at <= until)
        )
        async with self._database.reading() as connection:
            for statement in (seen, asked, said):
                if (await connection.execute(statement.limit(1))).first() is not None:
                    return True
        return False

    async def _chats_of(self, which: ColumnElement[bool]) -> list[int]:
        async with self._database.reading() as connection:
            found = await connection.execute(select(prompts.c.chat_id).where(which).distinct())
            return [chat_id for chat_id in found.scalars() if chat_id is not None]


def week_of(time: dt.datetime) -> str:
    """The ISO week of a time, such as 2026-W05."""
    year, week, _ = time.isocalendar()
    return f"{year}-W{week:02}"
