"""Browsing: Datasette on the live SQLite file, read-only, with our titles and queries, and people out of sight."""

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

from sqlalchemy import URL, Column, select

from bot.errors import LogError
from bot.storage.tables import chats, metadata, users

if TYPE_CHECKING:
    from datasette.app import Datasette

METADATA = Path(__file__).with_name("datasette.yaml")
LOOPBACK = "127.0.0.1"  # whoever can open the pages can read everything
SHOW = "_people"  # =show in a table's address shows the columns that are hidden
# What tells who somebody is or where they talk: in any table, and in those of people and chats.
PEOPLE = frozenset(
    {"user_id", "author_id", "chat_id", "message_id", "reply_message_id", "inline_message_id", "payload"}
)
_OF_THEIRS = frozenset({"id", "name", "username", "title", "former_id"})
_TIME_LIMIT = 5_000  # milliseconds a query of the operator's may take; a large log is counted in two

_TABLE_PAGE = re.compile(r"/(?P<database>[^/]+)/(?P<table>[a-z_]+)(?:/(?P<row>[^/.]+))?(?P<format>\.[a-z]+)?")

Scope = dict[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]


def browser(url: URL) -> "Datasette":
    """Datasette on the database. Raises LogError where it is not installed, and for other databases than SQLite."""
    if url.get_backend_name() != "sqlite":
        raise LogError("expected a SQLite database to browse, got PostgreSQL: use psql or a program for it")
    try:
        from datasette.app import Datasette
        from datasette.utils import parse_metadata
    except ImportError as error:
        raise LogError("expected Datasette to browse the log: pip install 'cotorra[logs]'") from error
    _show_no_locals()
    path = Path(str(url.database))
    about = parse_metadata(METADATA.read_text("utf-8"))
    about["databases"] = {path.stem: {"tables": about.pop("tables"), "queries": about.pop("queries")}}
    limits = {"sql_time_limit_ms": _TIME_LIMIT, "allow_download": False, "facet_time_limit_ms": 500}
    return Datasette([str(path)], metadata=about, settings=limits)


def _show_no_locals() -> None:
    """Where Rich is installed, Datasette 0.65 prints the local variables of each error, people's words among them.

    With that it fails itself at every page that is not found.
    """
    from datasette import handle_exception  # not before the application, which registers it as a plugin

    handle_exception.rich = None


def application(datasette: "Datasette") -> App:
    """Its pages, with people's columns hidden in every table."""
    return hide_people(datasette.app())


def hide_people(app: App) -> App:
    """Ask for each table without the columns of people, unless the address says otherwise."""

    async def hiding(scope: Scope, receive: Any, send: Any) -> None:
        await app(_without_people(scope) if scope["type"] == "http" else scope, receive, send)

    return hiding


def _without_people(scope: Scope) -> Scope:
    found = _TABLE_PAGE.fullmatch(scope["path"])
    table = metadata.tables.get(found["table"]) if found else None
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    if found is None or table is None:
        return scope
    path = scope["path"]
    if query.pop(SHOW, None) != ["show"]:
        shown = [column for column in table.columns if not _tells(column)]
        if any(_tells(key) for key in table.primary_key):  # no page of a table hides a key: a query goes without it
            query["sql"] = [str(select(*shown))]
            path = f"/{found['database']}{found['format'] or ''}"
        else:
            hidden = set(table.columns.keys()) - {column.name for column in shown}
            query["_nocol"] = [*query.get("_nocol", []), *hidden]
            query["_col"] = [name for name in query.get("_col", []) if name not in hidden]
            if found["row"] is not None:  # the page of a row shows all columns: it becomes a table with that row alone
                keys = zip(table.primary_key.columns, found["row"].split(","), strict=False)
                query |= {f"{column.name}__exact": [value] for column, value in keys}
                path = f"/{found['database']}/{found['table']}{found['format'] or ''}"
    named = {"path": path, "raw_path": path.encode("utf-8")}
    return scope | named | {"query_string": urlencode(query, doseq=True).encode("latin-1")}


def _tells(column: Column[Any]) -> bool:
    """Whether a column tells who somebody is or where they talk."""
    return column.name in PEOPLE or (column.table in (users, chats) and column.name in _OF_THEIRS)


def serve(datasette: "Datasette", port: int) -> None:
    """Serve the pages on this machine until Ctrl-C."""
    import uvicorn

    uvicorn.run(application(datasette), host=LOOPBACK, port=port, log_level="warning", lifespan="on")
