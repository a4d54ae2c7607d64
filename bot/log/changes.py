"""Settings changes as records: who changed which setting of a chat, from what to what, and when.

A change is covered by the consent that its author had given when they made it, as a prompt is, unless they took it
back since.
"""

import ast
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import LogError
from bot.log.filters import Filter
from bot.log.pseudonyms import Pseudonyms
from bot.log.schema import Field, Schema, Value
from bot.storage.tables import chats, consents, settings_changes, users

SCHEMA_VERSION = 1

SCHEMA = Schema(
    f"cotorra-settings-changes-{SCHEMA_VERSION}",
    "settings changes",
    "changed_at",
    (
        Field("schema_version", "integer", f"{SCHEMA_VERSION}: of the meaning of these fields"),
        Field("id", "integer", "of the change"),
        Field("changed_at", "time", "when the bot read of it, UTC"),
        Field("person", "text", "a code for who changed it, the same as in prompts; empty where Telegram hides them"),
        Field("chat", "text", "a code for where, the same as in prompts"),
        Field("chat_kind", "text", "private, group, supergroup or channel"),
        Field("language", "text", "of the person's Telegram, an IETF tag"),
        Field("consent", "text", "allowed: the person allowed this use, and did not take it back; else none"),
        Field("consent_version", "text", "of the terms that were allowed; the data card has the sentence"),
        Field("consent_language", "text", "in which they were shown"),
        Field("setting", "text", "its name, such as temperature, top_p, length or ending"),
        Field("old", "text", "its value before, as JSON: 0.5, 300, null, or a string in quotation marks"),
        Field("new", "text", "its value from then on, as JSON"),
    ),
)

_given = consents.alias()


def select_changes(only: Filter) -> Select[Any]:
    """The rows that records are made from, the oldest first. Raises LogError for what only prompts have."""
    if only.kinds or only.outcomes or only.min_temperature is not None or only.max_temperature is not None:
        raise LogError(
            "expected --since, --until, --chat and --person for settings changes, got what only prompts have: "
            "leave out --kind, --outcome and the temperatures"
        )
    change = settings_changes.c
    is_then = and_(
        _given.c.user_id == change.user_id,
        _given.c.decision == "allowed",
        _given.c.decided_at <= change.changed_at,
        or_(_given.c.ended_at.is_(None), _given.c.ended_at > change.changed_at),
    )
    tables = (
        settings_changes.outerjoin(users, users.c.id == change.user_id)
        .outerjoin(chats, chats.c.id == change.chat_id)
        .outerjoin(_given, is_then)
    )
    columns = (
        *(change[name] for name in ("id", "changed_at", "user_id", "chat_id", "name", "old", "new")),
        *(chats.c.kind.label("chat_kind"), users.c.language),
        is_covered().label("is_covered"),
        *(_given.c.version, _given.c.language.label("consent_language")),
    )
    where: list[ColumnElement[bool]] = []
    where += [change.chat_id.in_(only.chats)] if only.chats else []
    where += [change.user_id.in_(only.people)] if only.people else []
    where += [change.changed_at >= only.since] if only.since is not None else []
    where += [change.changed_at < only.until] if only.until is not None else []
    where += [is_covered()] if only.consented else []
    return select(*columns).select_from(tables).where(*where).order_by(change.id)


def is_covered() -> ColumnElement[bool]:
    """Whether its author allowed it when they made the change, and did not take that back since."""
    later = consents.alias()
    mine = (later.c.user_id == settings_changes.c.user_id) & (later.c.decision == "refused")
    return _given.c.id.is_not(None) & ~exists(
        select(later.c.id).where(mine, later.c.decided_at >= settings_changes.c.changed_at)
    )


async def records_of_changes(
    _: AsyncConnection, rows: Sequence[Row[Any]], pseudonyms: Pseudonyms, __: Counter[str]
) -> list[tuple[Value, ...]]:
    """A value for each of the fields, for every row."""
    return [
        (
            SCHEMA_VERSION,
            row.id,
            row.changed_at,
            pseudonyms.person(row.user_id),
            pseudonyms.chat(row.chat_id),
            row.chat_kind,
            row.language,
            "allowed" if row.is_covered else "none",
            row.version if row.is_covered else None,
            row.consent_language if row.is_covered else None,
            row.name,
            _json(row.old),
            _json(row.new),
        )
        for row in rows
    ]


def _json(literal: str) -> str:
    return json.dumps(ast.literal_eval(literal), ensure_ascii=False)
