"""More than can be answered stays outside: with Telegram while the inbox is full, unanswered where one chat floods."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from telegram import WebhookInfo

from bot.clock import ServerClock
from bot.incoming.inbox import LANE, TIDY_EVERY, Inbox
from bot.incoming.polling import Poller
from bot.incoming.receiving import Receiving
from bot.incoming.webhook import SECRET_HEADER
from bot.incoming.webhook_config import WebhookConfig
from bot.insistence import Insistence
from bot.observability.metrics import Metrics
from bot.storage.database import Database
from bot.storage.errors import DatabaseLocked
from bot.storage.mail import Mail
from bot.storage.schema import prepare_schema
from tests.bot.faults.test_telegram_away import Deaf, FakeMail
from tests.bot.stage import NOW, free_port

CAPACITY = 3


@pytest.fixture
async def mail(address: str) -> AsyncIterator[Mail]:
    async with Database(address) as database:
        await prepare_schema(database, address)
        yield Mail(database, 1)


@pytest.fixture
def inbox(mail: Mail) -> Inbox:
    return Inbox(mail, ServerClock(), capacity=CAPACITY)


def message(update_id: int, chat: int = 7) -> dict[str, Any]:
    content = {"message_id": update_id, "date": NOW, "chat": {"id": chat, "type": "private"}}
    return {"update_id": update_id, "message": content}


async def answer_one(inbox: Inbox) -> None:
    await inbox.leave(await inbox.take(), "done")


class Generous:
    """A Telegram that has another update whenever it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.registered = asyncio.Event()

    async def delete_webhook(self) -> None: ...

    async def set_webhook(self, *_: object, **__: object) -> None:
        self.registered.set()

    async def get_webhook_info(self, **_: object) -> WebhookInfo:
        return WebhookInfo("", False, 0)

    async def raw_updates(self, offset: int | None, seconds: int, kinds: Sequence[str]) -> list[Mapping[str, Any]]:
        self.asked += 1
        return [message(self.asked)]


async def test_a_full_inbox_lets_the_poller_wait_and_not_the_memory_grow(inbox: Inbox) -> None:
    bot: Any = Generous()
    polling = asyncio.create_task(Poller(bot, inbox, (), Insistence("receiving", Deaf())).run())
    try:
        while not inbox.is_full:  # noqa: ASYNC110
            await asyncio.sleep(0)
        for _ in range(50):  # as often as it could ask again, if it did not wait
            await asyncio.sleep(0.002)
        assert (bot.asked, len(inbox)) == (CAPACITY, CAPACITY)
        await answer_one(inbox)
        while not inbox.is_full:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert bot.asked == CAPACITY + 1
    finally:
        polling.cancel()
        await asyncio.wait([polling])


async def test_a_full_inbox_leaves_what_is_brought_with_telegram(inbox: Inbox) -> None:
    port = free_port()
    webhook = WebhookConfig(f"http://127.0.0.1:{port}/", SecretStr("secret"), "127.0.0.1", port)
    services: Any = SimpleNamespace(inbox=inbox, metrics=Metrics(), clock=ServerClock(), fail=None)
    bot: Any = Generous()
    async with Receiving(bot, services, (), webhook).opened(), httpx.AsyncClient() as telegram:

        async def bring(update_id: int) -> int:
            headers = {SECRET_HEADER: "secret"}
            return (await telegram.post(webhook.url, json=message(update_id), headers=headers)).status_code

        assert [await bring(number) for number in range(1, CAPACITY + 2)] == [200] * CAPACITY + [503]
        await answer_one(inbox)
        assert await bring(CAPACITY + 1) == 200
        assert len(inbox) == CAPACITY


class Fitful:
    """An inbox whose database takes what comes, or does not, by turns."""

    is_full = False

    def __init__(self, *turns: Exception | None) -> None:
        self.caught_up = asyncio.Event()
        self._turns = list(turns)

    async def accept(self, updates: Sequence[Mapping[str, Any]]) -> int:
        if (error := self._turns.pop(0)) is not None:
            raise error
        return len(updates)


async def test_each_time_the_database_takes_nothing_its_beginning_and_its_end_are_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    busy = DatabaseLocked("busy")
    inbox, port = Fitful(busy, busy, None, None, busy, None), free_port()
    webhook = WebhookConfig(f"http://127.0.0.1:{port}/", SecretStr("secret"), "127.0.0.1", port)
    services: Any = SimpleNamespace(inbox=inbox, metrics=Metrics(), clock=ServerClock(), fail=None)
    bot: Any = Generous()
    async with Receiving(bot, services, (), webhook).opened(), httpx.AsyncClient() as telegram:
        inbox.caught_up.set()
        headers = {SECRET_HEADER: "secret"}
        brought = [await telegram.post(webhook.url, json=message(7), headers=headers) for _ in range(6)]
    assert [answer.status_code for answer in brought] == [503, 503, 200, 200, 503, 200]
    said = [record.message for record in caplog.records if record.name == "bot.incoming.receiving"]
    assert ["stay with Telegram" in words for words in said] == [True, False, True, False]
    assert ["well again" in words for words in said] == [False, True, False, True]
    assert not inbox.caught_up.is_set()  # what was not taken waits at Telegram


async def test_a_chat_that_floods_is_answered_what_can_be_and_others_all_the_same(mail: Mail) -> None:
    inbox = Inbox(mail, ServerClock())
    assert await inbox.accept([message(number) for number in range(LANE)]) == LANE
    more = [message(LANE + number) for number in range(3)]
    assert await inbox.accept([*more, message(10**6, chat=8)]) == 1
    assert len(inbox) == LANE + 1
    assert await inbox.accept(more) == 0  # their numbers are known: Telegram need not bring them again


async def test_what_came_together_has_its_turn_in_the_order_of_its_numbers(mail: Mail) -> None:
    inbox = Inbox(mail, ServerClock())
    await inbox.accept([message(number) for number in (1, 2, 3)])
    order = []
    for _ in range(3):
        place = await inbox.take()
        opened = await mail.open(place)
        order.append(opened and opened.update_id)
        await inbox.leave(place, "done")
    assert order == [1, 2, 3]


class Forgetful(FakeMail):
    """Counts how often it was asked to forget what is done with."""

    def __init__(self) -> None:
        super().__init__()
        self.tidied = 0

    async def forget(self) -> None:
        self.tidied += 1


async def test_what_is_done_with_is_forgotten_again_and_again() -> None:
    forgetful = Forgetful()
    mail: Any = forgetful
    inbox = Inbox(mail, ServerClock())
    await inbox.accept([message(number) for number in range(2 * TIDY_EVERY + 1)])
    for _ in range(2 * TIDY_EVERY + 1):
        await answer_one(inbox)
    assert forgetful.tidied == 3
