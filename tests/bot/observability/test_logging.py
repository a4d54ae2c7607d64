import datetime as dt
import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

import pytest
from sqlalchemy import text

from bot.observability.logging_setup import LogForm, RedactingFormatter, outline
from bot.observability.request import request
from bot.playground import faults
from tests.bot.fakes import FakeGenerator
from tests.bot.stage import Stage

TOKEN = "123456789:AAH-abcdefghijklmnopqrstuvwxyz_012345"


@pytest.fixture
def everything() -> Iterator[list[str]]:
    """Every line of every logger at DEBUG, as our formatter writes it."""
    lines: list[str] = []
    formatter = RedactingFormatter(words=True)

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


def record(message: str, *values: object, error: BaseException | None = None, name: str = "bot.x") -> logging.LogRecord:
    info = None if error is None else (type(error), error, None)
    return logging.LogRecord(name, logging.INFO, "x.py", 1, message, values, info)


SPELLINGS = [
    TOKEN,
    TOKEN.replace(":", "%3A"),
    TOKEN.replace(":", "%253a"),
    TOKEN.partition(":")[2],
    f"https://api.telegram.org/bot{TOKEN}/getMe",
    f"first\nsecond {TOKEN}\nthird",
]


def test_a_secret_that_only_jsons_own_spelling_makes_is_hidden_too() -> None:
    secret = 'pass\\"word'
    assert secret not in RedactingFormatter([secret], "json").format(record('pass"word'))


@pytest.mark.parametrize("form", ["human", "json"])
@pytest.mark.parametrize("words", [False, True])
@pytest.mark.parametrize("written", SPELLINGS)
def test_a_token_is_hidden_wherever_it_stands(written: str, words: bool, form: LogForm) -> None:
    formatter = RedactingFormatter([TOKEN], form, words)
    chained = ValueError(written)
    chained.__cause__ = KeyError(written)
    records = [record(written), record("%s", written), record("x", error=chained), record("%r", {"url": written})]
    for one in records:
        one.exc_text = written  # as another handler may have left it
        assert "AAH-" not in formatter.format(one)
    assert "[hidden]" in formatter.format(records[0])


@pytest.mark.parametrize("written", SPELLINGS[:3])
def test_a_token_that_is_not_ours_is_hidden_too(written: str) -> None:
    assert "AAH-" not in RedactingFormatter().format(record(written))


PASSWORDS = ["hush-hush", 'q"uo\\te', "ñandú/?", "a b&c%d"]


def address_with(password: str) -> str:
    return f"postgresql://me:{quote(password, safe='')}@db/x"


@pytest.mark.parametrize("form", ["human", "json"])
@pytest.mark.parametrize("in_an_address", [False, True])
@pytest.mark.parametrize("password", PASSWORDS)
def test_other_secrets_are_hidden_in_every_spelling(password: str, in_an_address: bool, form: LogForm) -> None:
    formatter = RedactingFormatter([address_with(password) if in_an_address else password], form)
    encoded = quote(password, safe="")
    small = re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), encoded)
    spellings = [password, quote(password), encoded, small, quote(encoded), quote_plus(password), repr(password)]
    for spelling in [*spellings, repr(password.encode()), json.dumps(password), address_with(password)]:
        line = formatter.format(record("connecting to %s now", spelling))
        assert "[hidden]" in line
        assert password[:4] not in line


def test_a_password_in_an_address_is_hidden_though_nobody_said_that_it_is_one() -> None:
    line = RedactingFormatter().format(record("asking https://me:hush-hush@proxy:3128/x and http://other:80/a@b"))
    assert line.endswith("asking https://me:[hidden]@proxy:3128/x and http://other:80/a@b")


def test_of_a_secret_that_begins_like_another_nothing_is_left() -> None:
    formatter = RedactingFormatter(["hush-hush", "hush-hush-quiet"])
    assert formatter.format(record("it is hush-hush-quiet")).endswith("it is [hidden]")


def test_a_json_line_is_one_object_with_its_request() -> None:
    formatter = RedactingFormatter(form="json")
    with request(77):
        line = formatter.format(record("two\nlines %s", "ñ", error=ValueError("words"), name="x"))
    fields = json.loads(line)
    assert "\n" not in line
    assert fields["request"] == "77"
    assert fields["message"] == "two"
    assert "ValueError" in fields["error"]
    assert "words" not in line
    assert dt.datetime.fromisoformat(fields["time"]).tzinfo is not None
    assert "request" not in json.loads(formatter.format(record("later")))


def test_words_are_shown_where_the_operator_asks_for_them() -> None:
    line = RedactingFormatter(words=True).format(record("x", error=ValueError("what Ana wrote")))
    assert "what Ana wrote" in line


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


SPEAKING = """
import logging, sys, threading, warnings
from bot.observability.logging_setup import set_up_logging
set_up_logging("DEBUG", [{token!r}], {form!r})
for name in ("", "httpx", "telegram.Bot", "tornado.access", "urllib3", "sqlalchemy.engine", "asyncio", "never.met"):
    logging.getLogger(name).setLevel(logging.DEBUG)
    logging.getLogger(name).debug("a private word {token}")
    logging.getLogger(name).info("a private word {token}")
    logging.getLogger(name).warning("heard\\na private word {token}")
    logging.getLogger(name).error("no JSON: %s", "a private word {token}")
logging.getLogger("bot.app").debug("ours {token}")
logging.getLogger("bot.app").info("%d", "a private word {token}")
warnings.warn("{token}")
thread = threading.Thread(target=lambda: [] + "a private word {token}".nothing)
thread.start(); thread.join()
class Clumsy:
    def __del__(self):
        raise KeyError("a private word {token}")
Clumsy()
raise ValueError("a private word {token}")
"""


@pytest.mark.parametrize("form", ["human", "json"])
def test_a_process_at_debug_shows_neither_token_nor_words_on_any_way_out(form: LogForm) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SPEAKING.format(token=TOKEN, form=form)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "AAH-" not in done.stderr
    assert "private" not in done.stderr
    assert done.stderr.count("heard") == 8
    assert done.stderr.count("no JSON: %s") == 8
    assert "ours [hidden]" in done.stderr
    assert "a log line of bot.app was lost" in done.stderr
    assert "uncaught in a thread" in done.stderr
    assert "an error nobody could catch" in done.stderr
    assert "AttributeError" in done.stderr
    assert "ValueError" in done.stderr


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
