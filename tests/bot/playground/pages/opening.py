"""A page in a browser: opened, watched, written into."""

from dataclasses import dataclass, field

import pytest
from playwright.async_api import Browser, Page, expect

from bot.playground import Playground
from bot.playground.view import state
from tests.browser import needs_browser

# One browser for all tests of the folder, and so one event loop for them and for what they use.
IN_A_BROWSER = [pytest.mark.asyncio(loop_scope="package"), needs_browser]


@dataclass
class Watch:
    """What a page logged and whom it asked."""

    errors: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)


async def opened(
    browser: Browser, playground: Playground, width: int = 1280, height: int = 800, watch: Watch | None = None
) -> Page:
    """The page of the playground, once it shows its chats."""
    watch = watch or Watch()
    page = await browser.new_page(viewport={"width": width, "height": height})
    page.on("pageerror", lambda error: watch.errors.append(str(error)))
    page.on("console", lambda line: watch.errors.append(line.text) if line.type == "error" else None)
    page.on("request", lambda request: watch.addresses.append(request.url))
    await page.goto(playground.page_url)
    await expect(page.locator(".chat-row")).to_have_count(len(state(playground.service)["chats"]))
    return page


async def write(page: Page, text: str) -> None:
    await page.fill("#text", text)
    await page.press("#text", "Enter")


async def becomes_true(page: Page, condition: str) -> None:
    """Wait until an expression is true in the page.

    Not `Page.wait_for_function`: it asks for eval at every look but the first, which the page's policy forbids.
    """
    await page.evaluate(
        f"new Promise(done => {{ const look = () => {condition} ? done() : requestAnimationFrame(look); look() }})"
    )
