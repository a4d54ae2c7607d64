"""The chat page in a real browser: what a person sees and does there."""

import re
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, Page, expect
from telegram import Bot, BotCommand
from telegram import InlineKeyboardButton as Button
from telegram import InlineKeyboardMarkup as Keyboard

from bot.playground import Playground
from tests.bot.playground.conftest import echoing
from tests.bot.playground.pages.opening import IN_A_BROWSER, becomes_true, opened, write
from tests.bot.playground.test_files import png

pytestmark = IN_A_BROWSER


@pytest_asyncio.fixture(loop_scope="package")
async def echo_bot(playground: Playground) -> AsyncIterator[object]:
    async with echoing(playground) as application:
        yield application


async def test_a_conversation_with_a_bot(playground: Playground, page: Page, echo_bot: object, you: int) -> None:
    await expect(page.locator("#text")).to_be_focused()
    await page.keyboard.type("hola")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("🦜 <b>")
    await page.keyboard.press("Enter")
    await expect(page.locator(".theirs .text")).to_have_text("echo: hola\n🦜 <b>")
    await expect(page.locator("#text")).to_have_value("")
    await page.reload()
    await expect(page.locator(".message .text")).to_have_text(["hola\n🦜 <b>", "echo: hola\n🦜 <b>"])
    assert playground.world.you.language_code == "en"


async def test_suggestions_and_commands_in_messages_can_be_tapped(
    playground: Playground, page: Page, bot: Bot, you: int
) -> None:
    await page.click("text=/seed Domingo")
    await playground.until(you, lambda message: message.text == "/seed Domingo")
    await bot.send_message(you, "see /help")
    await page.click(".theirs .command")
    await playground.until(you, lambda message: message.text == "/help")
    await expect(page.locator(".empty")).to_have_count(0)


async def test_the_bots_edits_change_the_bubble_in_place(page: Page, bot: Bot, you: int) -> None:
    sent = await bot.send_message(you, "one")
    await expect(page.locator(".theirs .text")).to_have_text("one")
    await bot.edit_message_text("one two", you, sent.message_id)
    await expect(page.locator(".theirs .text")).to_have_text("one two")
    await expect(page.locator(".theirs .edited-mark")).to_be_visible()
    await bot.delete_message(you, sent.message_id)
    await expect(page.locator(".message")).to_have_count(0)


async def test_people_reply_and_edit(playground: Playground, page: Page, bot: Bot, you: int) -> None:
    sent = await bot.send_message(you, "quote me")
    await page.click(".theirs .bubble")
    await expect(page.locator("#context")).to_contain_text("quote me")
    await page.keyboard.press("Escape")
    await expect(page.locator("#context")).to_be_hidden()
    await page.click(".theirs .bubble")
    await write(page, "an answer")
    answer = await playground.until(you, lambda message: message.text == "an answer")
    assert answer.reply_to_message is not None
    assert answer.reply_to_message.message_id == sent.message_id
    await expect(page.locator(".own .quote")).to_contain_text("quote me")
    await page.press("#text", "ArrowUp")
    await expect(page.locator("#text")).to_have_value("an answer")
    await write(page, "a better answer")
    await playground.until(you, lambda message: message.text == "a better answer")
    await expect(page.locator(".own .text")).to_have_text("a better answer")
    await expect(page.locator(".own .edited-mark")).to_be_visible()


async def test_buttons_are_answered_by_a_toast_or_an_alert(
    playground: Playground, page: Page, bot: Bot, you: int
) -> None:
    keys = Keyboard([[Button("more", callback_data="m"), Button("site", url="https://example.org/")]])
    await bot.send_message(you, "x", reply_markup=keys)
    offset = None
    for alert, place in ((False, ".toast"), (True, "#alert-text")):
        await page.click("text=more")
        (update,) = await bot.get_updates(offset, timeout=10)
        offset, query = update.update_id + 1, update.callback_query
        assert query is not None
        await query.answer("done", show_alert=alert)
        await expect(page.locator(place)).to_have_text("done")
    await page.keyboard.press("Enter")
    await expect(page.locator("#alert")).to_be_hidden()
    await expect(page.locator("a.key")).to_have_attribute("rel", "noopener noreferrer")


async def test_on_a_phone_a_toast_leaves_in_sight_what_was_pressed(
    browser: Browser, playground: Playground, bot: Bot, group: int
) -> None:
    page = await opened(browser, playground, 390, 844)
    await page.locator(".chat-row").nth(1).click()
    await bot.send_message(group, "x", reply_markup=Keyboard([[Button("more", callback_data="m")]]))
    await page.click("text=more")
    (update,) = await bot.get_updates(timeout=10)
    assert update.callback_query is not None
    await update.callback_query.answer("for somebody else, " * 4)
    toast = await page.locator(".toast").bounding_box()
    assert toast is not None
    for below in (".key", ".speaker"):
        covered = await page.locator(below).first.bounding_box()
        assert covered is not None
        assert toast["y"] + toast["height"] <= covered["y"]


async def test_the_command_menu_filters_and_obeys_the_keyboard(
    playground: Playground, page: Page, bot: Bot, you: int
) -> None:
    names = ("seed", "settings", "temp")
    await bot.set_my_commands([BotCommand(name, f"about {name}") for name in names])
    await page.keyboard.type("/")
    options = page.locator("[role=option]")
    await expect(options).to_have_count(3)
    await page.keyboard.type("se")
    await expect(options).to_have_text(["/seedabout seed", "/settingsabout settings"])
    await page.keyboard.press("ArrowDown")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Tab")
    await expect(page.locator("#text")).to_have_value("/settings ")
    await expect(page.locator("#menu")).to_be_hidden()
    await page.fill("#text", "/te")
    await page.keyboard.press("Escape")
    await expect(page.locator("#menu")).to_be_hidden()


async def test_commands_told_after_the_slash_was_typed_still_show(page: Page, bot: Bot) -> None:
    await page.keyboard.type("/")
    await expect(page.locator("#text")).to_have_value("/")
    await bot.set_my_commands([BotCommand("late", "come late")])
    await expect(page.locator("[role=option]")).to_have_count(1)


async def test_in_a_group_one_speaks_as_anyone(playground: Playground, page: Page, group: int) -> None:
    ana = list(playground.world.people)[1]
    await page.click("text=The Aviary")
    await page.click(".speaker >> text=Ana")
    await write(page, "I am Ana")
    said = await playground.until(group, lambda message: message.text == "I am Ana")
    assert said.from_user is not None
    assert said.from_user.id == ana
    await expect(page.locator(".own .text")).to_have_text("I am Ana")
    await page.click(".speaker >> text=Bruno")
    await expect(page.locator(".theirs .sender")).to_have_text("Ana")
    await playground.leave(group, ana)
    await expect(page.locator(".event")).to_have_text("Ana left")
    await expect(page.locator(".speaker")).to_have_count(2)


async def test_unread_messages_are_counted_until_the_chat_is_opened(page: Page, bot: Bot, group: int) -> None:
    await bot.send_message(group, "one")
    await bot.send_message(group, "two")
    row = page.locator(".chat-row", has_text="The Aviary")
    await expect(row.locator(".badge")).to_have_text("2")
    await expect(page).to_have_title(re.compile(r"\(2\)"))
    await row.click()
    await expect(row.locator(".badge")).to_have_count(0)


async def test_typing_and_drafts_are_shown_until_the_message_comes(page: Page, bot: Bot, you: int) -> None:
    await bot.send_chat_action(you, "typing")
    await expect(page.locator(".draft .dots")).to_be_visible()
    await expect(page.locator("#chat-status")).to_have_text("typing…")
    for text in ("Once", "Once upon", "Once upon a time"):
        await bot.send_message_draft(you, 5, text)
        await expect(page.locator(".draft .text")).to_have_text(text)
    await bot.send_message(you, "Once upon a time.")
    await expect(page.locator(".draft")).to_have_count(0)
    await expect(page.locator(".theirs .text")).to_have_text("Once upon a time.")
    await expect(page.locator("#chat-status")).not_to_have_text("typing…")


async def test_typing_ends_by_itself_even_if_the_commands_change_meanwhile(
    browser: Browser, playground: Playground, bot: Bot, you: int
) -> None:
    page = await opened(browser, playground)
    await page.clock.install()
    await bot.send_chat_action(you, "typing")
    await expect(page.locator(".draft")).to_be_visible()
    await bot.set_my_commands([BotCommand("seed", "x")])
    await page.clock.run_for(6000)
    await expect(page.locator(".draft")).to_have_count(0)


async def test_the_page_comes_back_by_itself_and_loses_nothing(
    playground: Playground, page: Page, bot: Bot, you: int
) -> None:
    await bot.send_message(you, "before")
    await expect(page.locator(".theirs .text")).to_have_count(1)
    for socket in tuple(playground._sockets):
        socket.close()
    await bot.send_message(you, "meanwhile")
    await expect(page.locator(".theirs .text")).to_have_text(["before", "meanwhile"])
    await expect(page.locator("#notice")).to_be_hidden()
    await write(page, "after")
    await playground.until(you, lambda message: message.text == "after")


async def test_what_is_typed_without_a_connection_is_kept(browser: Browser, playground: Playground) -> None:
    page = await opened(browser, playground)
    await playground.stop()
    await expect(page.locator("#notice")).to_be_visible()
    await write(page, "keep me")
    await expect(page.locator("#text")).to_have_value("keep me")
    await expect(page.locator(".toast")).to_contain_text("Your text is kept")


async def test_photos_and_documents_are_shown_and_sent(playground: Playground, page: Page, bot: Bot, you: int) -> None:
    await bot.send_photo(you, png(30, 20), caption="a picture")
    await bot.send_document(you, b"hello", filename="notes.txt")
    image = page.locator(".photo img")
    await expect(image).to_be_visible()
    await expect(image).to_have_js_property("naturalWidth", 30)
    await expect(page.locator(".file b")).to_have_text("notes.txt")
    await page.fill("#text", "with a caption")
    await page.set_input_files("#file", {"name": "p.png", "mimeType": "image/png", "buffer": png(8, 8)})
    sent = await playground.until(you, lambda message: message.caption == "with a caption")
    assert sent.photo[-1].width == 8


async def test_long_words_and_odd_scripts_stay_inside_the_page(page: Page, bot: Bot, you: int) -> None:
    await bot.send_message(you, "x" * 3000)
    await bot.send_message(you, "مرحبا " * 40 + "<script>window.bad = 1</script>")
    await expect(page.locator(".theirs")).to_have_count(2)
    for width in (1280, 390):
        await page.set_viewport_size({"width": width, "height": 800})
        inside = "document.querySelector('#scroller').scrollWidth <= document.querySelector('#scroller').clientWidth"
        await becomes_true(page, inside)
    assert await page.evaluate("window.bad") is None


async def test_a_reader_further_up_stays_there(page: Page, bot: Bot, you: int) -> None:
    for at in range(40):
        await bot.send_message(you, f"message {at}")
    await expect(page.locator(".message")).to_have_count(40)
    await expect(page.locator(".message").last).to_be_in_viewport()
    await page.evaluate("document.querySelector('#scroller').scrollTop = 0")
    await expect(page.locator("#to-bottom")).to_be_visible()
    await bot.send_message(you, "news")
    await expect(page.locator("#below")).to_have_text("1")
    await expect(page.locator(".message").first).to_be_in_viewport()
    await page.click("#to-bottom")
    await expect(page.locator(".message").last).to_be_in_viewport()
    await expect(page.locator("#to-bottom")).to_be_hidden()


async def test_the_day_covers_a_message_only_while_one_scrolls_to_earlier_ones(page: Page, bot: Bot, you: int) -> None:
    for at in range(40):
        await bot.send_message(you, f"message {at}")
    await expect(page.locator(".message")).to_have_count(40)
    await expect(page.locator(".message").last).to_be_in_viewport()
    day = page.locator(".day")
    await expect(day).not_to_be_in_viewport()
    scrolls = "document.querySelector('#scroller').scrollTop = 300 + 5 * (window.steps++ % 2)"
    await page.evaluate(f"window.steps = 0; window.scrolling = setInterval(() => {{ {scrolls} }}, 50)")
    await expect(day).to_be_in_viewport()
    await page.evaluate("clearInterval(window.scrolling)")
    await expect(day).not_to_be_in_viewport()


async def test_on_a_phone_list_and_chat_are_two_views(browser: Browser, playground: Playground) -> None:
    page = await opened(browser, playground, 390, 844)
    await expect(page.locator("#composer")).to_be_hidden()
    await page.click("text=The Aviary")
    await expect(page.locator("#composer")).to_be_visible()
    await expect(page.locator(".sidebar")).to_be_hidden()
    await page.click("#back")
    await expect(page.locator(".sidebar")).to_be_visible()


async def test_emoji_are_drawn_where_the_machine_has_none(page: Page) -> None:
    """In the page's own font, which stands behind those that machines have, and is there before anything is said."""
    families = await page.evaluate("getComputedStyle(document.body).fontFamily")
    assert families.endswith('"Noto Color Emoji", "Twemoji Mozilla", "Page Emoji"')
    faces = "[...document.fonts].map((face) => [face.family, face.status])"
    assert await page.evaluate(faces) in ([["Page Emoji", "loaded"]], [['"Page Emoji"', "loaded"]])


async def test_the_theme_is_remembered(page: Page) -> None:
    await page.click("#theme")
    await page.click("#theme")
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")


async def test_a_long_text_goes_out_in_parts(playground: Playground, page: Page, you: int) -> None:
    await write(page, "🦜" * 3000)
    await playground.until(you, lambda message: message.text == "🦜" * 952)
    assert [message.text for message in playground.history(you)] == ["🦜" * 2048, "🦜" * 952]


async def test_everything_has_a_name_for_a_screen_reader(page: Page, bot: Bot, you: int) -> None:
    await bot.send_message(you, "x", reply_markup=Keyboard([[Button("b", callback_data="d")]]))
    await expect(page.locator(".key")).to_be_visible()
    nameless = """[...document.querySelectorAll("button, textarea, a, img")].filter((node) =>
        !(node.textContent.trim() || node.getAttribute("aria-label") || node.hasAttribute("alt") || node.title))
        .map((node) => node.outerHTML)"""
    assert await page.evaluate(nameless) == []
