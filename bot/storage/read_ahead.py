"""Reading ahead: the pages that a batch will write to come from the disk while everybody may still write.

In a large file each row and each of its index entries may be on a page of its own. A transaction that has to wait for
the disk to bring them keeps all others waiting too.
"""

from collections.abc import Sequence
from functools import cache

from sqlalchemy import Column, Select, Table, UniqueConstraint, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection


async def read_rows(connection: AsyncConnection, key: Column[int], ids: Sequence[int]) -> None:
    """Read the rows that have one of these ids in a column."""
    await connection.execute(_rows(key), {"ids": ids})


async def read_entries(connection: AsyncConnection, table: Table, ids: Sequence[int]) -> None:
    """Read rows, by a table's one key, and their entries in each of its indexes that has all rows: to delete them.

    Nothing on PostgreSQL, which deletes no entries.
    """
    if connection.dialect.name == "sqlite":
        await connection.execute(_rows_and_entries(table), {"ids": ids})


@cache
def _rows(key: Column[int]) -> Select[tuple[object, ...]]:
    return select(key.table).where(key.in_(bindparam("ids", expanding=True)))


@cache
def _rows_and_entries(table: Table) -> Select[tuple[object, ...]]:
    """An entry is sought as SQLite keeps it: by its columns, then by the row's key."""
    (key,) = table.primary_key
    indexes = [index.columns for index in table.indexes if index.dialect_options["sqlite"]["where"] is None]
    indexes += [each.columns for each in table.constraints if isinstance(each, UniqueConstraint)]
    entries = []
    for columns in indexes:
        same = table.alias()
        equal = [same.c[column.name] == column for column in columns]
        entry = select(same.c[key.name]).where(*equal, same.c[key.name] >= key).order_by(same.c[key.name]).limit(1)
        entries.append(entry.scalar_subquery())
    return select(table, *entries).where(key.in_(bindparam("ids", expanding=True)))
