"""A bot whose updates are brought: registered with Telegram, kept before Telegram is told, and looked after."""

import asyncio
import datetime as dt
import json
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text
from telegram import WebhookInfo
from telegram.error import BadRequest, TelegramError

from bot.clock import ServerClock
from bot.errors import ConnectionRefused
from bot.handlers import UPDATES
from bot.incoming.polling import UpdatesBot
from bot.incoming.receiving import Receiving
from bot.incoming.webhook import SECRET_HEADER
from bot.incoming.webhook_config import WebhookConfig
from bot.incoming.webhook_upkeep import ROUND, Upkeep
from bot.insistence import Insistence
from bot.observability.metrics import Metrics
from bot.playground import faults
from model.errors import CotorraError
from tests.bot.fakes import FakeGenerator
from tests.bot.stage import NOW, Stage, free_port
from tests.bot.virtual_time import run

SECRET = "a-secret_for-Telegram"


@pytest.fixture
def webhook() -> WebhookConfig:
    """An address of this machine that nobody uses."""
    port = free_port()
    return WebhookConfig(f"http://127.0.0.1:{port}/telegram", SecretStr(SECRET), "127.0.0.1", port)


async def test_a_bot_with_a_webhook_answers_and_never_asks_for_updates(address: str, webhook: WebhookConfig) -> None:
    async with Stage(address, FakeGenerator(), webhook=webhook) as stage:
        assert (await stage.ask("/seed brought")).startswith("brought")
        (call,) = stage.playground.calls.of("setWebhook")
        assert call.parameters["url"] == webhook.url
        assert call.parameters["secret_token"] == SECRET
        assert call.parameters["max_connections"] == "1"
        assert stage.playground.updates.allowed == set(UPDATES)
        assert stage.playground.calls.of("getUpdates") == []


async def test_what_was_said_while_the_bot_was_away_is_brought_later(address: str, webhook: WebhookConfig) -> None:
    async with Stage(address, FakeGenerator(), webhook=webhook) as stage:
        await stage.ask("/help")
        await stage.stop()
        await stage.playground.say(stage.you, stage.you, "/seed patience")
        await stage.start()
        await stage.playground.until(stage.you, lambda m: (m.text or "").startswith("patience"))


async def test_an_update_is_on_disk_before_telegram_is_told(address: str, webhook: WebhookConfig) -> None:
    """What was brought, and is being answered when the bot stops, is answered after the restart."""
    generator = FakeGenerator()
    async with Stage(address, generator, webhook=webhook, patience=0.01) as stage:
        generator.gate.clear()
        await stage.say("/seed kept")
        await asyncio.gather(stage.stop(), asyncio.get_running_loop().run_in_executor(None, generator.gate.set))
        await stage.start()
        await stage.playground.until(stage.you, lambda m: (m.text or "").startswith("kept"))
        await stage.settled()
        assert len(stage.sent()) == 1


async def test_a_bot_that_fetches_again_takes_the_webhook_away(address: str, webhook: WebhookConfig) -> None:
    async with Stage(address, FakeGenerator(), webhook=webhook) as stage:
        await stage.ask("/help")
        stage.webhook = None
        await stage.restart()
        assert (await stage.ask("/seed fetched")).startswith("fetched")
        assert stage.playground.service.webhook.state is None


async def test_a_webhook_that_somebody_left_is_taken_away_while_the_bot_fetches(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    await stage.ask("/help")
    await stage.playground.service.webhook.set("http://127.0.0.1:9/nobody", "")
    conflict = faults.error(409, "Conflict: terminated by setWebhook request").error
    assert conflict is not None
    stage.playground.updates.end_poll(conflict)
    assert (await stage.ask("/seed fetched")).startswith("fetched")
    assert caplog.text.count("another program receives") == 1


async def test_an_address_that_telegram_does_not_take_ends_the_bot_with_its_words(
    address: str, webhook: WebhookConfig
) -> None:
    elsewhere = WebhookConfig("https://192.0.2.1/telegram", webhook.secret, port=0)
    async with Stage(address, FakeGenerator(), webhook=elsewhere) as stage:
        with pytest.raises(ConnectionRefused, match=r"COTORRA_WEBHOOK_URL.*only to this machine"):
            await asyncio.wait_for(stage.application.bot_data.life, 10)


HOSTILE: list[dict[str, Any]] = [
    {"headers": {SECRET_HEADER: "guessed"}},
    {"headers": {}},
    {"path": "/telegram/"},
    {"path": "/"},
    {"method": "PUT"},
    {"method": "GET"},
    {"headers": {SECRET_HEADER: SECRET, "Content-Type": "text/plain"}},
    {"content": b"[" * 100_000},
    {"content": b"{}"},
    {"content": b'{"update_id": "7"}'},
    {"content": b'{"update_id": true}'},
    {"content": b'{"update_id": 9223372036854775808}'},
    {"content": b"x" * 2_000_000},
]


async def test_nothing_but_telegrams_own_updates_touches_a_running_bot(address: str, webhook: WebhookConfig) -> None:
    async with Stage(address, FakeGenerator(), webhook=webhook) as stage, httpx.AsyncClient() as stranger:
        await stage.ask("/help")
        await stage.settled()
        mark = stage.playground.calls.mark()
        message = {"message_id": 9, "date": NOW, "chat": {"id": stage.you, "type": "private", "first_name": "x"}}
        update = json.dumps({"update_id": 1, "message": message | {"text": "/help"}}).encode()
        for one in HOSTILE:
            request = {"method": "POST", "path": "/telegram", "content": update} | one
            headers = {"Content-Type": "application/json"} | one.get("headers", {SECRET_HEADER: SECRET})
            url = f"http://127.0.0.1:{webhook.port}{request['path']}"
            try:
                answer = await stranger.request(request["method"], url, content=request["content"], headers=headers)
                assert 400 <= answer.status_code < 500, one
            except httpx.TransportError:  # the body was not even read
                pass
        async with stage.database.reading() as connection:
            (waiting,) = (await connection.execute(text("SELECT count(*) FROM inbox WHERE update_id < 100"))).one()
        assert waiting == 0
        assert [call.method for call in stage.playground.calls.of(after=mark) if call.method != "getWebhookInfo"] == []
        assert (await stage.ask("/seed unharmed")).startswith("unharmed")


@pytest.mark.parametrize("number", [2**63, True, "7", None])
async def test_what_is_no_update_is_fetched_again_and_brings_nothing_down(number: object) -> None:
    class Odd(UpdatesBot):
        async def _post(self, *_: object, **__: object) -> list[dict[str, object]]:
            return [{"update_id": number}]

    with pytest.raises(TelegramError, match="expected updates with an update_id"):
        await Odd("1:a").raw_updates(None, 0, ())


# --- the upkeep, in virtual time --------------------------------------------------------------------------


class FakeBot:
    """Answers what a test says, and remembers how often it was told where to bring updates."""

    def __init__(self, *answers: WebhookInfo | Exception) -> None:
        self.answers = list(answers)
        self.registered = 0
        self.error: Exception | None = None

    async def set_webhook(self, *_: object, **__: object) -> bool:
        self.registered += 1
        if self.error is not None:
            raise self.error
        return True

    async def get_webhook_info(self, **_: object) -> WebhookInfo:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


class FakeInbox:
    """Only whether updates are known to wait outside."""

    def __init__(self) -> None:
        self.caught_up = asyncio.Event()


class Ears:
    """Hears of every attempt."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def succeeded(self) -> None:
        self.heard.append("well")

    def failed(self, error: Exception) -> None:
        self.heard.append(type(error).__name__)


URL = "https://bot.example.org/telegram"


def info(url: str = URL, pending: int = 0, error: str | None = None, age: float = 0) -> WebhookInfo:
    then = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=age)
    return WebhookInfo(url, False, pending, last_error_date=then if error else None, last_error_message=error)


def upkeep(bot: Any, inbox: Any, ears: Ears) -> Upkeep:
    config = WebhookConfig(URL, SecretStr(SECRET))
    return Upkeep(bot, config, UPDATES, inbox, ServerClock(), Insistence("receiving", ears))


async def an_hour(work: Upkeep) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3_600):
            await work.run()


def test_a_webhook_that_somebody_took_away_is_put_back_and_that_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    bot = FakeBot(info(), info(url=""), info(url="https://elsewhere.example.org"), info())
    inbox = FakeInbox()
    run(an_hour(upkeep(bot, inbox, Ears())))
    assert bot.registered == 3
    assert caplog.text.count("took this bot's messages away") == 1
    assert inbox.caught_up.is_set()


def test_while_updates_wait_at_telegram_it_looks_again_soon() -> None:
    """Until none does, a message that may be lost is not looked for."""
    inbox = FakeInbox()

    async def until_caught_up() -> None:
        working = asyncio.create_task(upkeep(FakeBot(*[info(pending=3)] * 5, info()), inbox, Ears()).run())
        async with asyncio.timeout(ROUND):
            await inbox.caught_up.wait()
        working.cancel()

    run(until_caught_up())


@pytest.mark.parametrize(("pending", "age", "complains"), [(3, 0, True), (0, 0, False), (3, 1_000, False)])
def test_telegrams_complaint_is_known_while_it_is_true(pending: int, age: float, complains: bool) -> None:
    work = upkeep(FakeBot(info(pending=pending, error="Connection refused", age=age)), FakeInbox(), Ears())
    run(an_hour(work))
    assert (work.complaint == "Connection refused") is complains


def test_a_troubled_telegram_is_asked_until_it_answers(caplog: pytest.LogCaptureFixture) -> None:
    ears = Ears()
    bot = FakeBot(*[BadRequest("Bad Request: what?")] * 20, info())
    run(an_hour(upkeep(bot, FakeInbox(), ears)))
    assert ears.heard.count("BadRequest") == 20
    assert ears.heard[-1] == "well"
    assert caplog.text.count("trying again") == 1


# --- where it cannot go on --------------------------------------------------------------------------------


class Buggy:
    """A bot in which something is wrong."""

    async def delete_webhook(self) -> None:
        raise RuntimeError("what Ana wrote")


async def test_a_bug_in_receiving_ends_the_bot_rather_than_leave_it_deaf(caplog: pytest.LogCaptureFixture) -> None:
    life: asyncio.Future[CotorraError] = asyncio.get_running_loop().create_future()
    services: Any = SimpleNamespace(
        inbox=FakeInbox(), metrics=Metrics(), clock=ServerClock(), fail=lambda error: life.set_result(error)
    )
    bot: Any = Buggy()
    async with Receiving(bot, services, (), None).opened():
        assert "this is a bug" in str(await asyncio.wait_for(life, 10))
    assert "receiving failed: builtins.RuntimeError" in caplog.text
    assert "Ana" not in caplog.text
