"""Browsing: Datasette's pages on the live file show the log, hide people, and change nothing."""

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from bot.errors import LogError
from bot.log import browsing
from bot.storage.book import Book, Occasion
from bot.storage.chats import Chat
from bot.storage.database import Database, parse_url
from bot.storage.game_book import GameBook
from bot.storage.games import Option
from bot.storage.tables import metadata
from tests.bot.log.rows import ANA, NOON, add, decide

pytest.importorskip("datasette")


@pytest.fixture
async def pages(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """The pages over a log with a prompt of somebody with a telling number and name."""
    await decide(database, ANA, "allowed", NOON - dt.timedelta(days=1))
    await add(database, 1, "hello parrot", chat=-424_242)
    datasette = browsing.browser(database.url)
    transport = httpx.ASGITransport(browsing.application(datasette))  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", follow_redirects=True) as client:
        await datasette.invoke_startup()
        yield client
    for known in datasette.databases.values():
        known.close()
    datasette.executor.shutdown()


async def test_the_log_is_there_with_titles_and_queries(pages: httpx.AsyncClient) -> None:
    home = (await pages.get("/bot")).text
    assert "Prompts" in home or "prompts" in home
    for query in ("newest", "days", "temperatures", "slowest", "liked", "consent"):
        answer = await pages.get(f"/bot/{query}.json?_shape=array")
        assert answer.status_code == 200, answer.text
    assert [row["seed_text"] for row in (await pages.get("/bot/newest.json?_shape=array")).json()] == ["hello parrot"]
    assert len((await pages.get("/bot/allowed.json?_shape=array&word=parrot")).json()) == 1
    assert len((await pages.get("/bot/thread.json?_shape=array&id=1")).json()) == 1


async def test_the_live_file_is_read(pages: httpx.AsyncClient, database: Database) -> None:
    await add(database, 2, "hello again")
    newest = (await pages.get("/bot/newest.json?_shape=array")).json()
    assert [row["seed_text"] for row in newest] == ["hello again", "hello parrot"]


async def test_people_are_out_of_sight_until_they_are_asked_for(pages: httpx.AsyncClient) -> None:
    for address in ("/bot/prompts.json?_shape=array", "/bot/prompts.json?_shape=array&_col=chat_id&_col=kind"):
        (row,) = (await pages.get(address)).json()
        assert not browsing.PEOPLE & row.keys(), row
        assert row["kind"] == "seed"
    assert "-424242" not in (await pages.get("/bot/prompts")).text
    assert "-424242" not in (await pages.get("/bot/prompts/1")).text
    (shown,) = (await pages.get("/bot/prompts.json?_shape=array&_people=show")).json()
    assert (shown["user_id"], shown["chat_id"]) == (7, -424_242)


async def test_no_table_tells_people_even_where_they_are_its_key(pages: httpx.AsyncClient, database: Database) -> None:
    book, games, group = Book(database), GameBook(database), Chat(-424_242, "group", "Telltale Aviary", "telltale")
    await book.change_settings(Occasion(1, 5, group, ANA, 9, NOON), temperature=0.9)
    quiz = await games.open_game(group.id, "quiz", [Option(line="one"), Option(line="two")], 0, NOON, [])
    await games.sent(quiz.id, 77, 5, "poll")
    await games.guess("poll", ANA, 0, NOON)
    telling = {"7", "-424242", "Ana", "ana", "Telltale Aviary", "telltale"}
    for table in metadata.tables:
        for address in (f"/bot/{table}.json?_shape=array", f"/bot/{table}/7,1.json?_shape=array"):
            rows = (await pages.get(address)).json()
            seen = {
                str(value) for row in rows for name, value in row.items() if name != "id" or table in ("users", "chats")
            }
            assert not telling & seen, table
    (change,) = (await pages.get("/bot/settings_changes.json?_shape=array")).json()
    assert (change["name"], change["new"]) == ("temperature", "0.9")
    (vote,) = (await pages.get("/bot/votes.json?_shape=array")).json()
    assert vote.keys() == {"game_id", "option", "voted_at"}
    (person,) = (await pages.get("/bot/users.json?_shape=array&_people=show")).json()
    assert (person["id"], person["name"]) == (7, "Ana")
    for page in ("votes", "users", "chats"):
        assert "Telltale Aviary" not in (await pages.get(f"/bot/{page}")).text


async def test_nothing_can_be_changed(pages: httpx.AsyncClient) -> None:
    for statement in ("DELETE FROM prompts", "UPDATE prompts SET kind = 'x'", "PRAGMA user_version = 3"):
        answer = await pages.get("/bot.json", params={"sql": statement, "_shape": "array"})
        assert answer.status_code == 400
    assert len((await pages.get("/bot/newest.json?_shape=array")).json()) == 1


async def test_a_page_that_is_not_there_is_not_found_and_an_error_tells_nobodys_words(
    pages: httpx.AsyncClient, capfd: pytest.CaptureFixture[str]
) -> None:
    for address, status in (("/nope", 404), ("/bot/nope", 404), ("/bot.json?sql=DELETE+FROM+prompts", 400)):
        assert (await pages.get(address)).status_code == status
    assert capfd.readouterr() == ("", "")


def test_every_table_and_column_that_is_described_exists() -> None:
    from datasette.utils import parse_metadata

    about: dict[str, Any] = parse_metadata(browsing.METADATA.read_text("utf-8"))
    assert set(about["tables"]) == {*metadata.tables, "alembic_version"}
    for name, table in metadata.tables.items():
        assert set(about["tables"][name].get("columns", ())) <= set(table.columns.keys())


def test_another_kind_of_database_is_a_sentence() -> None:
    with pytest.raises(LogError, match="expected a SQLite database"):
        browsing.browser(parse_url("postgresql://me@host/db"))
