"""Webhooks: updates pushed in order, with the secret, again until they are taken."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from telegram import Bot
from telegram.error import BadRequest, Conflict
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from bot.playground import Playground


class Receiver:
    """A bot's web server that fails as often as it is told to."""

    def __init__(self) -> None:
        self.failures = 0
        self.tries = 0
        self.taken: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self.url = ""


class Hook(RequestHandler):
    def initialize(self, receiver: Receiver) -> None:
        self.receiver = receiver

    def post(self) -> None:
        self.receiver.tries += 1
        if self.receiver.failures:
            self.receiver.failures -= 1
            self.set_status(500)
            return
        secret = self.request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        self.receiver.taken.put_nowait((secret, json.loads(self.request.body)["message"]["text"]))


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    socket, port = bind_unused_port()
    server = HTTPServer(Application([("/hook", Hook, {"receiver": receiver})], log_function=lambda _: None))
    server.add_sockets([socket])
    receiver.url = f"http://127.0.0.1:{port}/hook"
    yield receiver
    server.stop()
    await server.close_all_connections()


async def test_updates_are_pushed_with_the_secret(
    playground: Playground, bot: Bot, receiver: Receiver, you: int
) -> None:
    await playground.say(you, you, "before")
    assert await bot.set_webhook(receiver.url, secret_token="s3cret")
    await playground.say(you, you, "after")
    assert await receiver.taken.get() == ("s3cret", "before")
    assert await receiver.taken.get() == ("s3cret", "after")


async def test_a_failing_webhook_is_tried_again_and_nothing_is_lost(
    playground: Playground, bot: Bot, receiver: Receiver, you: int
) -> None:
    receiver.failures = 3
    await bot.set_webhook(receiver.url)
    await playground.say(you, you, "a")
    await playground.say(you, you, "b")
    assert [(await receiver.taken.get())[1] for _ in "ab"] == ["a", "b"]
    assert receiver.tries == 5
    info = await bot.get_webhook_info()
    assert info.url == receiver.url
    assert info.last_error_message is not None
    assert "500" in info.last_error_message
    assert info.last_error_date is not None


async def test_no_polling_while_a_webhook_is_set(bot: Bot, receiver: Receiver) -> None:
    await bot.set_webhook(receiver.url)
    with pytest.raises(Conflict, match="while webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    assert await bot.get_updates() == ()


async def test_setting_a_webhook_ends_a_long_poll(playground: Playground, bot: Bot, receiver: Receiver) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await playground.updates.polled()
    await bot.set_webhook(receiver.url)
    with pytest.raises(Conflict, match="terminated by setWebhook request"):
        await poll


async def test_pending_updates_are_dropped_on_request(playground: Playground, bot: Bot, you: int) -> None:
    await playground.say(you, you, "x")
    assert (await bot.get_webhook_info()).pending_update_count == 1
    await bot.delete_webhook(drop_pending_updates=True)
    assert (await bot.get_webhook_info()).pending_update_count == 0


ELSEWHERE = ("https://example.org/hook", "http://10.0.0.1/", "ftp://localhost/")
MALFORMED = ("http://[x", "http://localhost/ a", "http://localhost/\r\nX: y", "http://localhost:x/")


@pytest.mark.parametrize("url", [*ELSEWHERE, *MALFORMED])
async def test_a_webhook_elsewhere_is_refused(bot: Bot, url: str) -> None:
    with pytest.raises(BadRequest, match="Bad webhook"):
        await bot.set_webhook(url)


async def test_a_secret_with_odd_characters_is_refused(bot: Bot, receiver: Receiver) -> None:
    with pytest.raises(BadRequest, match="unallowed characters"):
        await bot.set_webhook(receiver.url, secret_token="a b")


async def test_a_webhook_where_nobody_listens_is_an_error_to_read(playground: Playground, bot: Bot, you: int) -> None:
    await bot.set_webhook("http://127.0.0.1:9/hook")
    await playground.say(you, you, "x")
    await playground.service.webhook.failed()
    message = (await bot.get_webhook_info()).last_error_message
    assert message is not None
    assert message.startswith("Connection failed")
    assert len(playground.updates) == 1
