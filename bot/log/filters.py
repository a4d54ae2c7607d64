"""Which prompts: by time, chat, person, kind, outcome, temperature and consent."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, get_args

from sqlalchemy import ColumnElement, and_, exists, or_, select

from bot.errors import LogError
from bot.storage.prompts import COPYING, Kind, Outcome, is_of_kind
from bot.storage.tables import consents, prompt_texts, prompts

KINDS: tuple[str, ...] = get_args(Kind)
OUTCOMES: tuple[str, ...] = get_args(Outcome)


@dataclass(frozen=True)
class Filter:
    """Which prompts; what is None or empty chooses nothing.

    since, until: asked at or after, asked before. consented: only those whose words their authors allowed to be kept.
    """

    since: dt.datetime | None = None
    until: dt.datetime | None = None
    chats: tuple[int, ...] = ()
    people: tuple[int, ...] = ()
    kinds: tuple[Kind, ...] = ()
    outcomes: tuple[str, ...] = ()
    min_temperature: float | None = None
    max_temperature: float | None = None
    consented: bool = False

    def conditions(self, by_id: bool = False) -> list[ColumnElement[bool]]:
        """For the WHERE of a statement over `prompts`; `by_id`: of one that goes along them by their ids."""
        columns = prompts.c
        many: dict[Any, tuple[Any, ...]] = {columns.chat_id: self.chats, columns.user_id: self.people}
        many |= {columns.outcome: self.outcomes}
        found: list[ColumnElement[bool]] = [column.in_(values) for column, values in many.items() if values]
        if self.kinds:
            found.append(is_of_kind(*self.kinds) if by_id else columns.kind.in_(self.kinds))
        if self.since is not None:
            found.append(columns.asked_at >= self.since)
        if self.until is not None:
            found.append(columns.asked_at < self.until)
        if self.min_temperature is not None:
            found.append(columns.temperature >= self.min_temperature)
        if self.max_temperature is not None:
            found.append(columns.temperature <= self.max_temperature)
        if self.consented:
            found.append(is_consented())
        return found


def is_consented() -> ColumnElement[bool]:
    """Whether a prompt's words are there, and everybody whose they are allowed them to be kept, and still does.

    A withdrawal takes consent_id away from all that it concerns, some rows at a time; until it is done with that, the
    decision in force counts.
    """
    refusal = consents.alias()
    parent = prompts.alias()
    words = prompt_texts.alias()
    refused = (refusal.c.decision == "refused") & refusal.c.ended_at.is_(None)
    own_refusal = select(refusal.c.id).where(refusal.c.user_id == prompts.c.user_id, refused)
    others = select(parent.c.id).outerjoin(refusal, and_(refusal.c.user_id == parent.c.user_id, refused))
    others = others.where(parent.c.id == prompts.c.parent_id)
    others = others.where(or_(parent.c.consent_id.is_(None), refusal.c.id.is_not(None)))
    return and_(
        prompts.c.consent_id.is_not(None),
        exists(select(words.c.prompt_id).where(words.c.prompt_id == prompts.c.id)),
        ~exists(own_refusal),
        or_(prompts.c.kind.not_in(COPYING), ~exists(others)),
    )


def parse_time(text: str) -> dt.datetime:
    """An ISO 8601 date or time; UTC unless it says otherwise. Raises LogError."""
    try:
        time = dt.datetime.fromisoformat(text)
        return time.astimezone(dt.UTC) if time.tzinfo else time.replace(tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        raise LogError(f"expected a date such as 2026-01-31 or 2026-01-31T18:00, got {text[:40]!r}") from None
