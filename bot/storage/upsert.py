"""INSERT ... ON CONFLICT, the same on SQLite and PostgreSQL."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlalchemy import Insert, Table
from sqlalchemy.ext.asyncio import AsyncConnection


async def upsert(connection: AsyncConnection, table: Table, row: Mapping[str, Any], keep: tuple[str, ...] = ()) -> None:
    """Insert the row, or update the one with the same primary key, except for the columns to keep."""
    await connection.execute(_statement(connection.dialect.name, table, tuple(row), keep), row)


@cache  # building it takes ten times as long as SQLite takes to execute it
def _statement(dialect: str, table: Table, names: tuple[str, ...], keep: tuple[str, ...]) -> Insert:
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert
    else:  # imported by those who use it alone: it costs a start 60 ms
        from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
    statement = insert(table)
    keys = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in names if name not in keys and name not in keep}
    if changed:
        return statement.on_conflict_do_update(index_elements=keys, set_=changed)
    return statement.on_conflict_do_nothing(index_elements=keys)
