"""A browser, a playground, its page and a bot, in the event loop that the browser lives in."""

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page
from telegram import Bot, User

from bot.playground import Playground
from bot.playground.world import World
from tests.bot.playground.pages.opening import Watch, opened
from tests.browser import open_browser


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser() -> AsyncIterator[Browser]:
    async with open_browser() as chromium:
        yield chromium


@pytest_asyncio.fixture(loop_scope="package", autouse=True)
async def pages_closed(browser: Browser) -> AsyncIterator[None]:
    yield
    for context in browser.contexts:
        await context.close()


@pytest.fixture
def world() -> Callable[[User], World]:
    """The people and chats to begin with; a file of tests may have its own."""
    return World.with_you_and_a_group


@pytest_asyncio.fixture(loop_scope="package")
async def playground(world: Callable[[User], World]) -> AsyncIterator[Playground]:
    async with Playground(world=world) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="package")
async def bot(playground: Playground) -> AsyncIterator[Bot]:
    async with Bot(playground.token, base_url=f"{playground.api_base_url}/bot") as client:
        yield client


@pytest_asyncio.fixture(loop_scope="package")
async def page(browser: Browser, playground: Playground) -> AsyncIterator[Page]:
    """A page that must log no error (so it breaks no policy), and reach nobody else."""
    watch = Watch()
    yield await opened(browser, playground, watch=watch)
    assert watch.errors == []
    assert all(address.startswith(playground.page_url) for address in watch.addresses)
