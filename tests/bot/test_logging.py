import logging
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from bot.logging_setup import RedactingFormatter, outline, set_up_logging
from bot.playground import faults
from tests.bot.fakes import FakeGenerator
from tests.bot.stage import Stage

TOKEN = "123456789:AAH-abcdefghijklmnopqrstuvwxyz_012345"


@pytest.fixture
def everything() -> Iterator[list[str]]:
    """Every line of every logger at DEBUG, as our formatter writes it."""
    lines: list[str] = []
    formatter = RedactingFormatter()

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(formatter.format(record))

    handler = Keep()
    root = logging.getLogger()
    names = ["", "telegram", "telegram.ext", "telegram.ext.Updater", "httpx", "httpcore", "alembic", "asyncio"]
    before = {name: logging.getLogger(name).level for name in names}
    root.addHandler(handler)
    for name in names:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(handler)
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def record(message: str, *values: object, error: BaseException | None = None) -> logging.LogRecord:
    info = None if error is None else (type(error), error, None)
    return logging.LogRecord("x", logging.INFO, "x.py", 1, message, values, info)


@pytest.mark.parametrize("written", [TOKEN, TOKEN.replace(":", "%3A"), f"https://api.telegram.org/bot{TOKEN}/getMe"])
def test_a_token_is_hidden_wherever_it_stands(written: str) -> None:
    formatter = RedactingFormatter()
    for one in (record(written), record("%s", written), record("x", error=ValueError(written))):
        line = formatter.format(one)
        assert "AAH-" not in line
        assert "[hidden]" in line


def test_other_secrets_are_hidden_too() -> None:
    assert "hush" not in RedactingFormatter(["postgresql://me:hush@db"]).format(record("postgresql://me:hush@db"))


def test_an_outline_has_kinds_and_places_and_nobodys_words() -> None:
    try:
        try:
            raise KeyError("what Ana wrote")
        except KeyError as error:
            raise RuntimeError("more of it") from error
    except RuntimeError as error:
        line = outline(error)
    assert "RuntimeError" in line
    assert "KeyError" in line
    assert "test_logging.py" in line
    assert "Ana" not in line
    assert "more" not in line


def test_an_outline_of_a_chain_that_bites_its_tail_ends() -> None:
    error = ValueError("x")
    error.__cause__ = error
    assert outline(error).count("ValueError") == 1


def test_talkative_libraries_are_quiet_even_at_debug() -> None:
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    try:
        set_up_logging("DEBUG")
        assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
        assert not logging.getLogger("telegram.Bot").isEnabledFor(logging.DEBUG)
        assert logging.getLogger("bot.app").isEnabledFor(logging.DEBUG)
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers


async def test_a_troubled_evening_leaves_no_token_in_the_log(address: str, everything: list[str]) -> None:
    async with Stage(address, FakeGenerator(broken="fire")) as stage:
        await stage.ask("/seed fire")
        stage.playground.faults.add(faults.error(400, "Bad Request"), faults.server_error(), method="sendMessage")
        await stage.deliver_command("/seed water")
        await stage.deliver_command("/temp 1")
        await stage.settled()
        secret = stage.playground.token.partition(":")[2]
    assert len(everything) > 50
    assert not [line for line in everything if secret in line]


async def test_an_error_that_quotes_what_people_write_is_logged_without_it(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    async with stage.database.writing() as connection:
        await connection.execute(text("DROP TABLE prompts"))
    assert "Sorry" in await stage.ask("/seed a very private word")
    assert "OperationalError" in caplog.text
    assert "private" not in caplog.text
    assert "no such table" not in caplog.text  # kinds and places alone: any words may be somebody's


async def test_what_people_write_is_in_no_line_of_ours(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="bot")
    stage.playground.faults.add(faults.server_error(), method="sendMessage", times=2)
    await stage.deliver_command("/seed a very private word")
    await stage.deliver_command("/temp a very private word")
    await stage.settled()
    ours = [one for one in caplog.records if one.name.startswith("bot.") and "playground" not in one.name]
    assert ours
    assert not [one for one in ours if "private" in one.getMessage()]
