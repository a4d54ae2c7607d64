"""Inline mode and guest mode: asked, offered, chosen; called where the bot is no member."""

import pytest
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, InlineQueryResultArticle, InputTextMessageContent
from telegram.error import BadRequest

from bot.playground import NotInTheWorld, Playground, PlaygroundError
from tests.bot.playground.conftest import Ask

KEYS = InlineKeyboardMarkup([[InlineKeyboardButton("more", callback_data="m")]])


def article(name: str, text: str, keys: InlineKeyboardMarkup | None = None) -> InlineQueryResultArticle:
    return InlineQueryResultArticle(name, f"title {name}", InputTextMessageContent(text), reply_markup=keys)


@pytest.fixture
async def elsewhere(playground: Playground) -> int:
    """A group that the bot is not in."""
    people = list(playground.world.people.values())
    return playground.world.add_group("Elsewhere", people, with_bot=False).chat.id


async def test_a_query_reaches_the_bot_and_its_offer_the_person(
    playground: Playground, bot: Bot, you: int, group: int
) -> None:
    ask = await playground.ask_inline(group, you, "Domingo")
    (update,) = await bot.get_updates()
    query = update.inline_query
    assert query is not None
    assert (query.query, query.from_user.id, query.chat_type, query.id) == ("Domingo", you, "supergroup", ask.id)
    await query.answer([article("a", "one"), article("b", "two")], cache_time=0)
    answer = await ask.answer
    assert [(each.id, each.title) for each in answer.results] == [("a", "title a"), ("b", "title b")]


async def test_a_chosen_result_is_said_by_the_person_via_the_bot(
    playground: Playground, bot: Bot, you: int, group: int
) -> None:
    ask = await playground.ask_inline(group, you, "Domingo")
    await bot.answer_inline_query(ask.id, [article("a", "one"), article("b", "two", KEYS)], cache_time=0)
    plain = await playground.choose(group, you, await ask.answer, "a")
    keyed = await playground.choose(group, you, await ask.answer, "b")
    for message in (plain, keyed):
        assert message.from_user is not None
        assert message.via_bot is not None
        assert (message.from_user.id, message.via_bot.id) == (you, bot.id)
    found = await bot.get_updates()
    chosen = [update.chosen_inline_result for update in found if update.chosen_inline_result]
    assert [(each.result_id, each.query, each.inline_message_id is None) for each in chosen] == [
        ("a", "Domingo", True),
        ("b", "Domingo", False),
    ]
    assert [update.message.text for update in found if update.message] == ["one", "two"]  # despite privacy
    with pytest.raises(NotInTheWorld):
        await playground.choose(group, you, await ask.answer, "c")


async def test_an_inline_message_is_pressed_and_edited_by_its_own_id(
    playground: Playground, bot: Bot, you: int, group: int
) -> None:
    ask = await playground.ask_inline(group, you, "x")
    await bot.answer_inline_query(ask.id, [article("b", "two", KEYS)], cache_time=0)
    message = await playground.choose(group, you, await ask.answer, "b")
    press = await playground.press_label(group, message.message_id, "more", you)
    query = (await bot.get_updates(-1))[0].callback_query
    assert query is not None
    assert query.message is None
    assert query.inline_message_id is not None
    assert await bot.edit_message_text("three", inline_message_id=query.inline_message_id) is True
    assert playground.world.message(group, message.message_id).text == "three"
    await query.answer()
    assert (await press.answer).text == ""
    with pytest.raises(BadRequest, match="Message_id_invalid"):
        await bot.edit_message_text("x", inline_message_id="nothing")


async def test_an_offer_is_remembered_as_long_as_the_bot_says(bot: Bot, you: int) -> None:
    time = [0.0]
    async with Playground(clock=lambda: time[0]) as playground:
        base = f"{playground.api_base_url}/bot"
        async with Bot(playground.token, base_url=base) as other:
            ask = await playground.ask_inline(you, you, "x")
            await other.answer_inline_query(ask.id, [article("a", "one")], cache_time=10)
            again = await playground.ask_inline(you, you, "x")
            assert (await again.answer).results[0].id == "a"
            assert [update.inline_query is not None for update in await other.get_updates()] == [True]
            time[0] = 10
            assert not (await playground.ask_inline(you, you, "x")).answer.done()


async def test_a_personal_offer_is_remembered_for_one_person(playground: Playground, bot: Bot, group: int) -> None:
    you, ana, _ = list(playground.world.people)
    ask = await playground.ask_inline(group, you, "x")
    await bot.answer_inline_query(ask.id, [], is_personal=True)
    assert (await playground.ask_inline(group, you, "x")).answer.done()
    assert not (await playground.ask_inline(group, ana, "x")).answer.done()


async def test_a_query_is_answered_once_and_in_time(playground: Playground, bot: Bot, you: int) -> None:
    ask = await playground.ask_inline(you, you, "x")
    await bot.answer_inline_query(ask.id, [])
    late = await playground.ask_inline(you, you, "y")
    playground.expire()
    for query_id in (ask.id, late.id, "5"):
        with pytest.raises(BadRequest, match="Query is too old"):
            await bot.answer_inline_query(query_id, [])


GOOD = {"type": "article", "id": "a", "title": "t", "input_message_content": {"message_text": "x"}}


@pytest.mark.parametrize(
    ("results", "reason"),
    [
        ([GOOD, GOOD], "RESULT_ID_DUPLICATE"),
        ([{**GOOD, "id": str(at)} for at in range(51)], "RESULTS_TOO_MUCH"),
        ([{**GOOD, "id": "é" * 33}], "RESULT_ID_INVALID"),
        ([{**GOOD, "title": ""}], "can't parse InlineQueryResult: title is empty"),
        ([{**GOOD, "input_message_content": {"message_text": " "}}], "message text is empty"),
        ([{**GOOD, "input_message_content": {"message_text": "x" * 4097}}], "message is too long"),
        ([{**GOOD, "input_message_content": None}], "can't parse InlineQueryResult: message content is not specified"),
        (["x"], "can't parse InlineQueryResult: expected an Object"),
    ],
)
async def test_malformed_results_are_refused_and_the_query_stays_open(
    playground: Playground, ask: Ask, you: int, results: list[object], reason: str
) -> None:
    query = await playground.ask_inline(you, you, "x")
    answer = await ask("answerInlineQuery", inline_query_id=query.id, results=results)
    assert answer.json()["description"] == f"Bad Request: {reason}"
    assert (await ask("answerInlineQuery", inline_query_id=query.id, results=[GOOD])).json()["ok"]


async def test_without_inline_mode_nobody_can_ask(playground: Playground, bot: Bot, you: int) -> None:
    playground.inline = False
    assert (await bot.get_me()).supports_inline_queries is False
    with pytest.raises(PlaygroundError, match="inline mode is off"):
        await playground.ask_inline(you, you, "x")


async def test_a_guest_is_called_by_its_name_and_answers_there(
    playground: Playground, bot: Bot, you: int, elsewhere: int
) -> None:
    assert (await bot.get_me()).supports_guest_queries is True
    said = await playground.say(elsewhere, you, "🦜 hey @Cotorra_Bot, go on")
    (update,) = await bot.get_updates()
    called = update.guest_message
    assert called is not None
    assert (called.text, called.chat.id, called.message_id) == (said.text, elsewhere, said.message_id)
    sent = await called.answer_guest_query(article("a", "and so on", KEYS))
    answer = playground.history(elsewhere)[-1]
    assert (answer.text, answer.guest_bot_caller_user and answer.guest_bot_caller_user.id) == ("and so on", you)
    assert await bot.edit_message_text("more", inline_message_id=sent.inline_message_id) is True
    assert playground.history(elsewhere)[-1].text == "more"


async def test_a_guest_is_called_by_an_answer_to_what_it_said(
    playground: Playground, bot: Bot, you: int, elsewhere: int
) -> None:
    await playground.say(elsewhere, you, "@cotorra_bot go on")
    (first,) = await bot.get_updates()
    assert first.guest_message is not None
    await first.guest_message.answer_guest_query(article("a", "and so on"))
    own = playground.history(elsewhere)[-1]
    await playground.say(elsewhere, you, "and then?", reply_to=own.message_id)
    second = (await bot.get_updates(first.update_id + 1))[0].guest_message
    assert second is not None
    assert second.text == "and then?"


async def test_a_guest_hears_nothing_else_and_answers_once(
    playground: Playground, bot: Bot, you: int, elsewhere: int
) -> None:
    await playground.say(elsewhere, you, "/seed@cotorra_bot x")
    await playground.say(elsewhere, you, "@other_bot x")
    assert await bot.get_updates() == ()
    await playground.say(elsewhere, you, "@cotorra_bot x")
    called = (await bot.get_updates())[0].guest_message
    assert called is not None
    await called.answer_guest_query(article("a", "y"))
    with pytest.raises(BadRequest, match="Query is too old"):
        await called.answer_guest_query(article("a", "z"))
    playground.guests = False
    await playground.say(elsewhere, you, "@cotorra_bot again")
    assert len(playground.updates) == 1
    assert len(playground.history(elsewhere)) == 5
