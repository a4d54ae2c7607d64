"""Which version the tables have, and bringing them up to date.

Alembic is imported only where there is something to migrate: a start that finds the newest version spends
one query instead.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, create_engine, inspect, pool, text
from sqlalchemy.ext.asyncio import AsyncConnection

import migrations
from bot.storage.database import (
    BUSY_TIMEOUT,
    Database,
    connect_arguments,
    make_folder,
    parse_url,
    prepare_sqlite,
    shown,
)
from bot.storage.errors import SchemaForeign, SchemaTooNew, StorageError, read_only, translated
from bot.storage.soundness import look_through
from bot.storage.tables import metadata

if TYPE_CHECKING:
    from alembic.config import Config

_FOLDER = Path(str(migrations.__file__)).parent


def known_versions() -> list[str]:
    """The versions this program knows, the oldest first: the numbers its files begin with."""
    return sorted(path.name.split("_")[0] for path in (_FOLDER / "versions").glob("[0-9]*.py"))


def head() -> str:
    """The newest version."""
    return known_versions()[-1]


async def current_version(database: Database) -> str | None:
    """The version the tables have; None where there are none.

    Asks for the right to write, so that a locked or unwritable database is found out at the start.
    Raises SchemaTooNew for a version this program does not know, SchemaForeign for others' tables.
    """
    async with database.writing() as connection:
        if connection.dialect.name == "postgresql" and await _takes_no_writes(connection):
            raise read_only(database.name)
        return await connection.run_sync(_read_version, database.name)


async def _takes_no_writes(connection: AsyncConnection) -> bool:
    """Whether the server is a copy of another, or does not let this user write."""
    return (await connection.execute(text("SHOW transaction_read_only"))).scalar() == "on"


async def check_soundness(database: Database) -> None:
    """Let SQLite look through its own file. Raises DatabaseDamaged, or StorageError for orphaned rows."""
    await look_through(database)
    async with database.reading() as connection:
        await connection.run_sync(_check_foreign_keys)


async def prepare_schema(database: Database, address: str, busy_timeout: float = BUSY_TIMEOUT) -> bool:
    """Bring the tables up to date; whether there was anything to do. Raises StorageError."""
    if await current_version(database) == head():
        return False
    await asyncio.to_thread(upgrade, address, "head", busy_timeout)
    return True


def upgrade(address: str, version: str = "head", busy_timeout: float = BUSY_TIMEOUT) -> None:
    """Migrate up to a version, in one transaction; raises StorageError."""
    from alembic import command

    with migrating(address, busy_timeout) as config:
        command.upgrade(config, version)


def downgrade(address: str, version: str, busy_timeout: float = BUSY_TIMEOUT) -> None:
    """Migrate down to a version ("base": no tables), in one transaction; raises StorageError."""
    from alembic import command

    with migrating(address, busy_timeout) as config:
        command.downgrade(config, version)


@contextmanager
def migrating(address: str, busy_timeout: float = BUSY_TIMEOUT) -> Iterator["Config"]:
    """Alembic's configuration over an open transaction, which is committed only if the tables are sound.

    SQLite alters a table by replacing it, and with foreign keys on that would delete the rows that refer to
    it; so they are off, and checked as a whole at the end.
    """
    from alembic.config import Config

    url = parse_url(address, asynchronous=False)
    make_folder(url)
    arguments = connect_arguments(url, busy_timeout)
    engine = create_engine(url, poolclass=pool.NullPool, connect_args=arguments)
    if engine.dialect.name == "sqlite":
        prepare_sqlite(engine, foreign_keys=False)
    with translated(shown(url)), engine.begin() as connection:
        if engine.dialect.name == "postgresql":  # two starts at once: one migrates, the other waits
            connection.execute(text("SELECT pg_advisory_xact_lock(1668314223)"))
        _read_version(connection, shown(url))
        config = Config()
        config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        yield config
        _check_foreign_keys(connection)


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        tables = ", ".join(sorted({row[0] for row in broken}))
        raise StorageError(f"expected every row to have its chat and person, but {tables} lost some: restore a backup")


def _read_version(connection: Connection, name: str) -> str | None:
    tables = set(inspect(connection).get_table_names())
    if "alembic_version" not in tables:
        ours = sorted(tables & set(metadata.tables))
        if ours:
            raise SchemaForeign(f"expected Cotorra's tables in {name}, got another program's {', '.join(ours)}")
        return None
    version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if version is not None and version not in known_versions():
        raise SchemaTooNew(
            f"expected tables of version {head()} or older in {name}, got {version[:40]}: update Cotorra, "
            "or name another database with DATABASE_URL"
        )
    return version
