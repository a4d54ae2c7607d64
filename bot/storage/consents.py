"""Who allowed what: the questions as they were shown, and every decision, with its end where it has one."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.privacy.terms import Question
from bot.storage.tables import consent_texts, consents
from bot.storage.upsert import upsert

Decision = Literal["allowed", "refused"]


@dataclass(frozen=True)
class Consent:
    """One decision; in force while `ended_at` is None."""

    id: int
    user_id: int
    version: str
    language: str
    decision: Decision
    decided_at: dt.datetime
    ended_at: dt.datetime | None
    sentence: str


_SHOWN = (consents.c.version == consent_texts.c.version) & (consents.c.language == consent_texts.c.language)
_COLUMNS = [(consent_texts if name == "sentence" else consents).c[name] for name in Consent.__dataclass_fields__]

_THEIRS = select(*_COLUMNS).join(consent_texts, _SHOWN).where(consents.c.user_id == bindparam("user_id"))
_IN_FORCE = _THEIRS.where(consents.c.ended_at.is_(None))  # built once


class Consents:
    """The tables `consents` and `consent_texts`; commits nothing."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def in_force(self, user_id: int) -> Consent | None:
        """The person's last decision; None where they made none."""
        row = (await self._connection.execute(_IN_FORCE, {"user_id": user_id})).one_or_none()
        return None if row is None else Consent(*row)

    async def history(self, user_id: int) -> list[Consent]:
        """Every decision, the oldest first."""
        found = await self._connection.execute(_THEIRS.order_by(consents.c.id), {"user_id": user_id})
        return [Consent(*row) for row in found]

    async def decide(self, user_id: int, question: Question, decision: Decision, at: dt.datetime) -> None:
        """A new decision, which ends the one before."""
        await self.note(question, at)
        in_force = (consents.c.user_id == user_id) & consents.c.ended_at.is_(None)
        await self._connection.execute(update(consents).where(in_force).values(ended_at=at))
        row = {"user_id": user_id, "version": question.version, "language": question.language}
        await self._connection.execute(insert(consents).values(**row, decision=decision, decided_at=at))

    async def note(self, question: Question, at: dt.datetime) -> None:
        """Keep the question as it is shown; the first time counts."""
        row = {"version": question.version, "language": question.language, "sentence": question.sentence}
        await upsert(self._connection, consent_texts, row | {"first_shown_at": at}, keep=("sentence", "first_shown_at"))
