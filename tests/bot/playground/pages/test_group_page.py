"""Group life on the page, in a real browser: polls, inline results, topics, roles, reactions, forwards, guests."""

from collections.abc import Callable

import pytest
from playwright.async_api import Browser, Page, expect
from telegram import (
    Bot,
    CopyTextButton,
    InlineQueryResultArticle,
    InputTextMessageContent,
    LinkPreviewOptions,
    Update,
    User,
)
from telegram import InlineKeyboardButton as Button
from telegram import InlineKeyboardMarkup as Keyboard

from bot.playground import Playground
from bot.playground.demo import demo_world
from bot.playground.world import World
from tests.bot.playground.pages.opening import IN_A_BROWSER, opened, write

pytestmark = IN_A_BROWSER


@pytest.fixture
def world() -> Callable[[User], World]:
    return demo_world


def chat(playground: Playground, title: str) -> int:
    return next(room.chat.id for room in playground.world.rooms.values() if room.chat.title == title)


def person(playground: Playground, name: str) -> int:
    return next(user.id for user in playground.world.people.values() if user.first_name == name)


async def heard(bot: Bot) -> Update:
    """The next update, confirmed."""
    (update,) = await bot.get_updates(limit=1, timeout=10)
    await bot.get_updates(offset=update.update_id + 1, limit=1)
    return update


def articles(*texts: str) -> list[InlineQueryResultArticle]:
    return [
        InlineQueryResultArticle(str(at), f"title {at}", InputTextMessageContent(text), description=text)
        for at, text in enumerate(texts)
    ]


async def test_a_poll_takes_votes_and_shows_them_to_who_has_voted(playground: Playground, page: Page, bot: Bot) -> None:
    group, ana = chat(playground, "The Aviary"), person(playground, "Ana")
    await page.click("text=The Aviary")
    sent = await bot.send_poll(group, "Which?", ["parrot <b>", "cat"], is_anonymous=False)
    await playground.vote(group, sent.message_id, ana, 1)
    options = page.locator(".poll-option")
    await expect(page.locator(".poll-foot")).to_have_text("1 vote")
    await expect(options.first).not_to_contain_text("%")
    await options.first.click()
    await expect(options.first).to_contain_text("50%")
    await expect(options.first).to_contain_text("parrot <b>")
    await expect(options.nth(1).locator(".avatar")).to_have_text("A")
    await page.click("text=Take back")
    await expect(options.first).not_to_contain_text("%")
    await bot.stop_poll(group, sent.message_id)
    await expect(page.locator(".poll-kind")).to_have_text("Final results")
    await expect(options.first).to_be_disabled()


async def test_a_quiz_says_what_was_right(playground: Playground, page: Page, bot: Bot) -> None:
    group = chat(playground, "The Aviary")
    await page.click("text=The Aviary")
    await bot.send_poll(group, "Who?", ["man", "machine"], type="quiz", correct_option_ids=[0], explanation="line 7")
    await page.locator(".poll-option").nth(1).click()
    await expect(page.locator(".poll-option.wrong")).to_contain_text("machine")
    await expect(page.locator(".poll-option.right")).to_contain_text("man")
    await expect(page.locator(".poll-explanation")).to_have_text("line 7")


async def test_while_one_types_to_the_bot_it_offers_results(playground: Playground, page: Page, bot: Bot) -> None:
    group = chat(playground, "The Aviary")
    await page.click("text=The Aviary")
    await page.fill("#text", "@cotorra_bot Dom")
    query = (await heard(bot)).inline_query
    assert query is not None
    await page.fill("#text", "@cotorra_bot Domingo")
    later = (await heard(bot)).inline_query
    assert later is not None
    assert later.query == "Domingo"
    await query.answer(articles("too late"), cache_time=0)
    await later.answer(articles("one", "two"), cache_time=0)
    options = page.locator("[role=option]")
    await expect(options).to_have_text(["title 0one", "title 1two"])
    await page.press("#text", "ArrowDown")
    await page.press("#text", "ArrowDown")
    await page.press("#text", "Enter")
    assert (await heard(bot)).message is not None  # what was sent via the bot
    chosen = (await heard(bot)).chosen_inline_result
    assert chosen is not None
    assert chosen.result_id == "1"
    await expect(page.locator(".own .origin")).to_have_text("via @cotorra_bot")
    await expect(page.locator("#text")).to_have_value("")
    assert playground.history(group)[-1].text == "two"


async def test_enter_sends_what_was_typed_unless_a_result_was_pointed_at(
    playground: Playground, page: Page, bot: Bot
) -> None:
    group = chat(playground, "The Aviary")
    await page.click("text=The Aviary")
    await page.fill("#text", "@cotorra_bot hello")
    query = (await heard(bot)).inline_query
    assert query is not None
    await query.answer(articles("one"), cache_time=0)
    await expect(page.locator("[role=option]")).to_have_count(1)
    await page.press("#text", "Enter")
    await playground.until(group, lambda message: message.text == "@cotorra_bot hello")


async def test_topics_are_tabs_and_what_is_written_goes_to_the_open_one(
    playground: Playground, page: Page, bot: Bot
) -> None:
    books = chat(playground, "Book Club")
    novels = next(iter(playground.world.room(books).topics))
    await page.click("text=Book Club")
    await bot.send_message(books, "in novels", message_thread_id=novels)
    await bot.send_message(books, "in general")
    await expect(page.locator(".message .text")).to_have_text(["in general"])
    tab = page.locator(".topic", has_text="Novels")
    await expect(tab.locator(".dot")).to_be_visible()
    await tab.click()
    await expect(page.locator(".message .text")).to_have_text(["in novels"])
    await write(page, "me too")
    said = await playground.until(books, lambda message: message.text == "me too")
    assert said.message_thread_id == novels
    await page.click("#people")
    await page.fill("#topic-name", "Essays")
    await page.press("#topic-name", "Enter")
    await expect(page.locator(".topic")).to_have_text(["General", "Novels", "Poems", "Essays"])


async def test_roles_are_given_and_taken(playground: Playground, page: Page, bot: Bot) -> None:
    group, ana = chat(playground, "The Aviary"), person(playground, "Ana")
    members = playground.world.room(group).members
    await page.click("text=The Aviary")
    await page.click("#people")
    await expect(page.get_by_label("Role of Ana")).to_have_value("administrator")
    await page.get_by_label("Role of Ana").select_option("anonymous")
    await page.get_by_label("Role of Bruno").select_option("out")
    await page.get_by_label("Role of Dora").select_option("restricted")
    await page.get_by_label("Role of Cotorra").select_option("administrator")
    await page.get_by_label("Privacy mode").click()  # what the server says of the choices before is drawn meanwhile
    await expect(page.get_by_label("Privacy mode")).not_to_be_checked()
    await page.get_by_label("Language of Ana").select_option("fr")
    await page.keyboard.press("Escape")
    await expect(page.locator("#panel")).to_be_hidden()
    await expect(page.locator(".speaker", has_text="Bruno")).to_have_count(0)
    await page.click(".speaker >> text=Dora")
    await expect(page.locator("#text")).to_be_disabled()
    await page.click(".speaker >> text=Ana")
    await write(page, "who am I?")
    await page.click(".speaker >> text=You")
    await expect(page.locator(".theirs .sender")).to_have_text("The Aviaryanonymous admin")
    # The page shows what the server answered, and the server takes what it is told in order.
    assert ana in playground.world.room(group).anonymous
    assert members[bot.id] == "administrator"
    assert playground.privacy is False
    assert playground.world.person(ana).language_code == "fr"


async def test_one_reacts_forwards_and_deletes(playground: Playground, page: Page, bot: Bot) -> None:
    group, you = chat(playground, "The Aviary"), playground.world.you.id
    await page.click("text=The Aviary")
    sent = await bot.send_message(group, "funny")
    await page.hover(".theirs .bubble")
    await page.click("[aria-label=React]")
    await page.click("[aria-label='React with 🔥']")
    await expect(page.locator(".reaction")).to_have_attribute("aria-pressed", "true")
    assert playground.service.reactions[group, sent.message_id] == {you: "🔥"}
    await page.click(".reaction")
    await expect(page.locator(".reaction")).to_have_count(0)
    await page.hover(".theirs .bubble")
    await page.click("[aria-label=Forward]")
    await page.click("#chooser >> text=Book Club")
    await expect(page.locator("#chat-title")).to_have_text("Book Club")
    await expect(page.locator(".origin")).to_have_text("Forwarded from Cotorra")
    await page.hover(".own .bubble")
    await page.click("[aria-label=Delete]")
    await expect(page.locator(".message")).to_have_count(0)


async def test_a_guest_answers_where_it_is_no_member(playground: Playground, page: Page, bot: Bot) -> None:
    await page.click("text=No parrots here")
    await page.click("text=@cotorra_bot Domingo")
    called = (await heard(bot)).guest_message
    assert called is not None
    await called.answer_guest_query(articles("as a guest")[0])
    await expect(page.locator(".theirs .text")).to_have_text("as a guest")
    await expect(page.locator(".theirs .tag")).to_have_text("guest")
    await page.click("#people")
    await page.click("text=Make it a supergroup")
    await expect(page.locator("#panel-kind")).to_have_text("supergroup")
    await expect(page.locator(".event")).to_have_text("The group became a supergroup")


async def test_one_talks_in_private_as_somebody_else_and_blocks_the_bot(
    playground: Playground, page: Page, bot: Bot
) -> None:
    await page.click("#people")
    await page.click("#panel >> text=Ana")
    await expect(page.locator("#chat-title")).to_have_text("Cotorra · Ana")
    message = (await heard(bot)).message
    assert message is not None
    assert message.from_user is not None
    assert (message.text, message.from_user.language_code) == ("/start", "es")
    await page.click("#people")
    await page.click("text=Block the bot")
    await expect(page.locator("text=Blocked")).to_be_disabled()
    assert (await heard(bot)).my_chat_member is not None


async def test_buttons_copy_and_links_show_a_preview_unless_it_is_off(
    playground: Playground, page: Page, bot: Bot
) -> None:
    you = playground.world.you.id
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    keys = Keyboard(
        [[Button("copy", copy_text=CopyTextButton("the text")), Button("ask", switch_inline_query_current_chat="x")]]
    )
    await bot.send_message(you, "https://example.org/a", reply_markup=keys)
    await bot.send_message(you, "https://example.org/b", link_preview_options=LinkPreviewOptions(is_disabled=True))
    await expect(page.locator(".preview")).to_have_count(1)
    await page.click(".key >> text=copy")
    await expect(page.locator(".toast")).to_have_text("Copied")
    assert await page.evaluate("navigator.clipboard.readText()") == "the text"
    await page.click(".key >> text=ask")
    await expect(page.locator("#text")).to_have_value("@cotorra_bot x")


@pytest.mark.parametrize("width", [390, 1280])
async def test_nothing_hangs_out_of_the_page(browser: Browser, playground: Playground, bot: Bot, width: int) -> None:
    group = chat(playground, "The Aviary")
    page = await opened(browser, playground, width, 844)
    await page.click("text=The Aviary")
    await bot.send_poll(group, "Which " * 40, ["parrot" * 16, "cat"], is_anonymous=False)
    await expect(page.locator(".poll")).to_be_visible()
    await page.click("#people")
    await expect(page.locator("#panel")).to_be_visible()
    wide = "(name) => { const n = document.querySelector(name); return n.scrollWidth <= n.clientWidth; }"
    for name in ("#scroller", "#panel-body", "body"):
        assert await page.evaluate(wide, name), name
    nameless = """[...document.querySelectorAll("button, textarea, select, input:not([hidden]), a, img")]
        .filter((node) => !(node.textContent.trim() || node.getAttribute("aria-label") || node.hasAttribute("alt")
            || node.labels?.length))
        .map((node) => node.outerHTML)"""
    assert await page.evaluate(nameless) == []
