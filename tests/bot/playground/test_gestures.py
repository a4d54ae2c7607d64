"""Forwards, quotes, reactions, buttons by their label, link previews."""

import pytest
from telegram import Bot, CopyTextButton, LinkPreviewOptions, MessageOriginUser, ReactionTypeEmoji, ReplyParameters
from telegram import InlineKeyboardButton as Button
from telegram import InlineKeyboardMarkup as Keyboard
from telegram.error import BadRequest, RetryAfter

from bot.playground import FloodLimits, NotInTheWorld, Playground, PlaygroundError
from tests.bot.playground.conftest import Ask
from tests.bot.playground.test_files import png


async def test_a_forward_tells_where_it_comes_from(playground: Playground, bot: Bot, you: int, group: int) -> None:
    ana = list(playground.world.people)[1]
    said = await playground.say(group, ana, "/seed x")
    await playground.forward(group, said.message_id, you, you)
    message = (await bot.get_updates(-1))[0].message
    assert message is not None
    assert isinstance(message.forward_origin, MessageOriginUser)
    assert (message.text, message.forward_origin.sender_user.id) == ("/seed x", ana)
    photo = await playground.send_photo(group, ana, png(3, 3), "look")
    assert (await playground.forward(group, photo.message_id, you, you)).caption == "look"
    poll = await bot.send_poll(group, "Which?", ["a", "b"])
    with pytest.raises(PlaygroundError, match="only texts"):
        await playground.forward(group, poll.message_id, you, you)


async def test_a_forward_cannot_be_edited(playground: Playground, bot: Bot, you: int, group: int) -> None:
    own = await bot.send_message(group, "mine")
    passed = await playground.forward(group, own.message_id, you, you)
    with pytest.raises(BadRequest, match="Message can't be edited"):
        await bot.edit_message_text("x", you, passed.message_id)


async def test_a_quote_must_be_in_the_message(playground: Playground, bot: Bot, you: int) -> None:
    said = await playground.say(you, you, "🦜 one two")
    sent = await bot.send_message(you, "x", reply_parameters=ReplyParameters(said.message_id, quote="two"))
    assert sent.quote is not None
    assert (sent.quote.text, sent.quote.position) == ("two", 7)
    with pytest.raises(BadRequest, match="Quote_text_invalid"):
        await bot.send_message(you, "x", reply_parameters=ReplyParameters(said.message_id, quote="three"))
    answer = await playground.say(you, you, "why?", reply_to=sent.message_id, quote="x")
    assert answer.quote is not None
    assert answer.quote.text == "x"
    with pytest.raises(PlaygroundError, match="does not hold"):
        await playground.say(you, you, "why?", reply_to=sent.message_id, quote="y")


async def test_an_answer_from_another_chat_names_that_chat(
    playground: Playground, bot: Bot, you: int, group: int
) -> None:
    said = await playground.say(group, you, "/ask")
    sent = await bot.send_message(you, "x", reply_parameters=ReplyParameters(said.message_id, chat_id=group))
    assert sent.reply_to_message is None
    assert sent.external_reply is not None
    assert sent.external_reply.chat is not None
    assert sent.external_reply.chat.id == group


async def test_reactions_are_told_with_what_there_was_before(playground: Playground, bot: Bot, you: int) -> None:
    sent = await bot.send_message(you, "x")
    playground.updates.allow(["message_reaction"])
    for emoji in ("❤", "🔥", None):
        await playground.react(you, sent.message_id, you, emoji)
    told = [update.message_reaction for update in await bot.get_updates() if update.message_reaction]
    assert [(each.old_reaction, each.new_reaction) for each in told] == [
        ((), (ReactionTypeEmoji("❤"),)),
        ((ReactionTypeEmoji("❤"),), (ReactionTypeEmoji("🔥"),)),
        ((ReactionTypeEmoji("🔥"),), ()),
    ]
    with pytest.raises(PlaygroundError, match="reactions"):
        await playground.react(you, sent.message_id, you, "🧮")


async def test_in_a_group_reactions_are_told_to_an_administrator_only(
    playground: Playground, bot: Bot, you: int, group: int
) -> None:
    sent = await bot.send_message(group, "x")
    playground.updates.allow(["message_reaction"])
    await playground.react(group, sent.message_id, you, "❤")
    assert len(playground.updates) == 0
    await playground.promote(group, bot.id)
    await playground.promote(group, you, anonymous=True)
    await playground.react(group, sent.message_id, you, "🔥")
    told = (await bot.get_updates())[-1].message_reaction
    assert told is not None
    assert told.user is None
    assert told.actor_chat is not None


async def test_a_button_is_pressed_by_its_label_unless_it_asks_nothing(
    playground: Playground, bot: Bot, you: int
) -> None:
    keys = Keyboard([[Button("more", callback_data="m"), Button("copy", copy_text=CopyTextButton("text"))]])
    sent = await bot.send_message(you, "x", reply_markup=keys)
    assert sent.reply_markup == keys
    await playground.press_label(you, sent.message_id, "more", you)
    for label in ("copy", "less"):
        with pytest.raises(NotInTheWorld, match="no button"):
            await playground.press_label(you, sent.message_id, label, you)


@pytest.mark.parametrize("copied", [{"text": ""}, {"text": "x" * 257}, "x", {}])
async def test_a_text_to_copy_has_1_to_256_characters(ask: Ask, you: int, copied: object) -> None:
    markup = {"inline_keyboard": [[{"text": "b", "copy_text": copied}]]}
    answer = (await ask("sendMessage", chat_id=you, text="x", reply_markup=markup)).json()
    assert answer["description"] == "Bad Request: BUTTON_COPY_TEXT_INVALID"


async def test_link_previews_are_kept_as_asked(bot: Bot, you: int) -> None:
    off = LinkPreviewOptions(is_disabled=True)
    sent = await bot.send_message(you, "https://example.org/x", link_preview_options=off)
    assert sent.link_preview_options == off
    assert (await bot.send_message(you, "https://example.org/x")).link_preview_options is None


async def test_a_keyboard_alone_can_be_changed_and_marks_no_edit(playground: Playground, bot: Bot, you: int) -> None:
    sent = await bot.send_message(you, "x", reply_markup=Keyboard([[Button("a", callback_data="a")]]))
    await bot.edit_message_reply_markup(you, sent.message_id)
    kept = playground.world.message(you, sent.message_id)
    assert (kept.reply_markup, kept.edit_date) == (None, None)


async def test_frames_count_as_messages_do() -> None:
    async with Playground(limits=FloodLimits(burst=3), clock=lambda: 0.0) as playground:
        you = playground.world.you.id
        async with Bot(playground.token, base_url=f"{playground.api_base_url}/bot") as bot:
            for frame in ("a", "ab", "abc"):
                await bot.send_message_draft(you, 1, frame)
            with pytest.raises(RetryAfter):
                await bot.send_message_draft(you, 1, "abcd")
            with pytest.raises(RetryAfter):
                await bot.send_message(you, "abcd")
