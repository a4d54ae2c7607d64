"""The webhook over real HTTP: who is let in, what is read of whom, and when Telegram is told."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from telegram import Bot

from bot.errors import ListenRefused, UpdateUnreadable
from bot.incoming.webhook import MOST_BYTES, SECRET_HEADER, webhook_server
from bot.incoming.webhook_config import WebhookConfig
from bot.listening import MOST_CONNECTIONS
from bot.playground import Playground
from bot.storage.errors import DatabaseLocked

SECRET = "a-secret_for-Telegram"
UPDATE = json.dumps({"update_id": 7, "message": {}}).encode()


class Keeper:
    """Where updates go: as slow and as broken as a test wants."""

    def __init__(self) -> None:
        self.kept: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
        self.asked = 0
        self.errors: list[Exception] = []
        self.entered = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def receive(self, update: Mapping[str, Any]) -> None:
        self.asked += 1
        self.entered.set()
        await self.gate.wait()
        if self.errors:
            raise self.errors.pop()
        self.kept.put_nowait(update)


class Hook:
    """A webhook server, and raw requests to it."""

    def __init__(self, keeper: Keeper, port: int) -> None:
        self.keeper = keeper
        self.port = port
        self.url = f"http://127.0.0.1:{port}/telegram/updates"

    async def send(
        self,
        body: bytes = UPDATE,
        *,
        method: str = "POST",
        path: str = "/telegram/updates",
        secret: str | None = SECRET,
        kind: str | None = "application/json",
        length: int | str | None = None,
        chunked: bool = False,
    ) -> int:
        """The status; 0 where the connection was closed without one."""
        lines = [f"{method} {path} HTTP/1.1", "Host: bot.example.org"]
        lines += [f"{SECRET_HEADER}: {secret}"] if secret is not None else []
        lines += [f"Content-Type: {kind}"] if kind is not None else []
        lines += ["Transfer-Encoding: chunked"] if chunked else []
        lines += [f"Content-Length: {len(body) if length is None else length}"] if not chunked else []
        async with asyncio.timeout(10):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                writer.write("\r\n".join([*lines, "", ""]).encode() + body)
                answer = await reader.readline()
            except ConnectionError:
                return 0
            finally:
                writer.close()
        return int(answer.split()[1]) if answer else 0


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    keeper = Keeper()
    config = WebhookConfig("https://bot.example.org/telegram/updates", SecretStr(SECRET), port=0)
    async with webhook_server(config, keeper.receive) as port:
        yield Hook(keeper, port)


async def test_an_update_with_the_secret_is_kept(hook: Hook) -> None:
    assert await hook.send() == 200
    assert (await hook.keeper.kept.get())["update_id"] == 7


async def test_the_content_type_may_name_its_encoding(hook: Hook) -> None:
    assert await hook.send(kind="Application/JSON; charset=utf-8") == 200


REFUSED: list[tuple[int, dict[str, Any]]] = [
    (403, {"secret": None}),
    (403, {"secret": ""}),
    (403, {"secret": SECRET[:-1]}),
    (403, {"secret": SECRET + "x"}),
    (403, {"secret": SECRET.upper()}),
    (404, {"path": "/"}),
    (404, {"path": "/telegram/updates/"}),
    (404, {"path": "/telegram/updates/more"}),
    (404, {"path": "/TELEGRAM/updates"}),
    (404, {"path": "/../telegram/updates"}),
    (405, {"method": "GET"}),
    (405, {"method": "PUT"}),
    (415, {"kind": None}),
    (415, {"kind": "text/plain"}),
    (415, {"kind": "application/x-www-form-urlencoded"}),
    (400, {"body": b"{"}),
    (400, {"body": b"[]"}),
    (400, {"body": b"{}"}),
    (400, {"body": b"\xff\xfe"}),
    (400, {"body": b"[" * 100_000}),
    (400, {"body": b'{"update_id": "7"}'}),
]


@pytest.mark.parametrize(("status", "request_parts"), REFUSED)
async def test_anything_else_is_refused_and_touches_nothing(
    hook: Hook, status: int, request_parts: dict[str, Any]
) -> None:
    assert await hook.send(**request_parts) == status
    assert hook.keeper.asked == 0


async def test_whoever_lacks_the_secret_is_refused_before_the_body_has_come(hook: Hook) -> None:
    assert await hook.send(b"", secret="wrong", length=5_000) == 403
    assert await hook.send(b"", path="/elsewhere", length=5_000) == 404


async def test_a_refusal_ends_its_connection_and_says_so_since_a_proxy_would_bring_the_next_update_on_it(
    hook: Hook,
) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        refused = await client.post(hook.url, content=UPDATE, headers={SECRET_HEADER: "wrong"})
    assert refused.status_code == 403
    assert refused.headers["Connection"] == "close"


async def test_a_large_body_is_refused_before_it_is_read(hook: Hook) -> None:
    for length in (MOST_BYTES + 1, 10**12, "9" * 5_000):
        assert await hook.send(b"", length=length) in (400, 413)
    assert hook.keeper.asked == 0


async def test_a_large_body_that_does_not_say_so_is_refused_when_it_grows(hook: Hook) -> None:
    piece = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    assert await hook.send(piece * (MOST_BYTES // 0x10000 + 2), chunked=True) in (0, 400, 413)
    assert hook.keeper.asked == 0


async def test_whoever_opens_connections_and_says_nothing_keeps_nobody_out(hook: Hook) -> None:
    silent = [await asyncio.open_connection("127.0.0.1", hook.port) for _ in range(MOST_CONNECTIONS + 9)]
    assert await hook.send() == 200
    async with asyncio.timeout(10):
        assert [await reader.read() for reader, _ in silent[:9]] == [b""] * 9
    assert not any(reader.at_eof() for reader, _ in silent[-MOST_CONNECTIONS // 2 :])
    for _, writer in silent:
        writer.close()


async def test_telegram_is_told_only_when_the_update_is_there(hook: Hook) -> None:
    hook.keeper.gate.clear()
    sending = asyncio.create_task(hook.send())
    await hook.keeper.entered.wait()
    assert not sending.done()
    hook.keeper.gate.set()
    assert await sending == 200


async def test_what_cannot_be_kept_now_is_brought_again_and_what_never_can_is_not(hook: Hook) -> None:
    hook.keeper.errors.append(DatabaseLocked("busy"))
    assert await hook.send() == 503
    hook.keeper.errors.append(UpdateUnreadable("no update"))
    assert await hook.send() == 400
    assert await hook.send() == 200


async def test_a_bug_behind_the_webhook_is_logged_without_its_words(
    hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    hook.keeper.errors.append(RuntimeError("what Ana wrote"))
    assert await hook.send() == 500
    assert "the webhook failed: builtins.RuntimeError" in caplog.text
    assert "Ana" not in caplog.text


async def test_telegrams_own_way_of_bringing_updates_works(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    hook.keeper.errors.append(DatabaseLocked("busy"))  # the first try fails
    async with Playground(webhook_pause=0.01) as playground:
        you = playground.world.you.id
        async with Bot(playground.token, f"{playground.api_base_url}/bot") as bot:
            await bot.set_webhook(hook.url, secret_token=SECRET)
            for text in ("a", "b"):
                await playground.say(you, you, text)
            taken = [await asyncio.wait_for(hook.keeper.kept.get(), 10) for _ in "ab"]
            assert [update["message"]["text"] for update in taken] == ["a", "b"]
            await bot.delete_webhook()


async def test_a_taken_port_is_one_sentence(hook: Hook) -> None:
    config = WebhookConfig("https://bot.example.org/", SecretStr(SECRET), port=hook.port)
    with pytest.raises(ListenRefused, match=f"127.0.0.1:{hook.port}: another program listens there"):
        async with webhook_server(config, hook.keeper.receive):
            pass
