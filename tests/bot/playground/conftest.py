"""A running playground, and clients of it: PTB's own, and a raw one for odd requests."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from telegram import Bot, Update
from telegram.ext import Application, ContextTypes, MessageHandler, filters

from bot.playground import Playground

Ask = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture(autouse=True)
def times_as_timedelta(monkeypatch: pytest.MonkeyPatch) -> None:
    """PTB's way from version 23 on; without it every RetryAfter warns."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


@pytest.fixture
async def playground() -> AsyncIterator[Playground]:
    async with Playground(webhook_pause=0.01) as running:
        yield running


@pytest.fixture
def you(playground: Playground) -> int:
    return playground.world.you.id


@pytest.fixture
def group(playground: Playground) -> int:
    return playground.world.group.chat.id


@pytest.fixture
async def bot(playground: Playground) -> AsyncIterator[Bot]:
    base = playground.api_base_url
    async with Bot(playground.token, base_url=f"{base}/bot", base_file_url=f"{base}/file/bot") as client:
        yield client


@pytest.fixture
async def web(playground: Playground) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=playground.api_base_url, trust_env=False) as client:
        yield client


@pytest.fixture
def ask(playground: Playground, web: httpx.AsyncClient) -> Ask:
    """Call a method with raw parameters."""

    async def call(method: str, **parameters: Any) -> httpx.Response:
        return await web.post(f"/bot{playground.token}/{method}", json=parameters)

    return call


async def echo(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.effective_message is not None
    await update.effective_message.reply_text(f"echo: {update.effective_message.text}")


@pytest.fixture
async def echo_bot(playground: Playground) -> AsyncIterator[Any]:
    async with echoing(playground) as application:
        yield application


@asynccontextmanager
async def echoing(playground: Playground) -> AsyncIterator[Any]:
    """A bot that says everything again, over real HTTP."""
    base = playground.api_base_url
    application = Application.builder().token(playground.token).base_url(f"{base}/bot").build()
    application.add_handler(MessageHandler(filters.TEXT & filters.UpdateType.MESSAGE, echo))
    async with application:
        await application.start()
        assert application.updater is not None
        await application.updater.start_polling(timeout=10)
        yield application
        await application.updater.stop()
        await application.stop()
