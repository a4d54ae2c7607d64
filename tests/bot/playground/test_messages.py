"""Sending, editing, deleting: the Bot API's rules, seen through PTB's own client."""

import pytest
from httpx import AsyncClient
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters
from telegram.error import BadRequest, Forbidden

from bot.playground import Playground, PlaygroundError
from tests.bot.playground.conftest import Ask


def keyboard(data: str = "data") -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton("press", callback_data=data)]])


async def test_a_sent_message_is_in_the_chat_and_comes_back_whole(playground: Playground, bot: Bot, you: int) -> None:
    sent = await bot.send_message(you, "hola", reply_markup=keyboard())
    kept = playground.history(you)[-1]
    assert (kept.text, kept.message_id, kept.chat.id) == ("hola", sent.message_id, you)
    assert sent.from_user is not None
    assert sent.from_user.id == bot.id
    assert sent.reply_markup == keyboard()


@pytest.mark.parametrize("text", ["", "   ", "\n \n", "\0\t", "\u200b"])
async def test_a_text_without_anything_to_see_is_refused(bot: Bot, you: int, text: str) -> None:
    with pytest.raises(BadRequest, match="Message text is empty"):
        await bot.send_message(you, text)


async def test_the_length_of_a_text_is_counted_in_utf16_units(bot: Bot, you: int) -> None:
    assert (await bot.send_message(you, "🦜" * 2048)).text == "🦜" * 2048
    with pytest.raises(BadRequest, match="Message is too long"):
        await bot.send_message(you, "🦜" * 2048 + "a")
    assert await bot.send_message(you, "a" * 4096)
    with pytest.raises(BadRequest, match="Message is too long"):
        await bot.send_message(you, "a" * 4097)


async def test_spaces_around_a_text_go_and_do_not_count(bot: Bot, you: int) -> None:
    sent = await bot.send_message(you, "  \n" + "a" * 4096 + "\n ")
    assert sent.text == "a" * 4096


async def test_control_characters_do_not_arrive(bot: Bot, you: int) -> None:
    assert (await bot.send_message(you, "a\0b\rc\u202ed")).text == "a bcd"


async def test_half_a_surrogate_pair_is_refused(playground: Playground, web: AsyncClient) -> None:
    body = '{"chat_id": 1000001, "text": "\\ud83e"}'
    headers = {"Content-Type": "application/json"}
    answer = await web.post(f"/bot{playground.token}/sendMessage", content=body, headers=headers)
    assert answer.json()["description"] == "Bad Request: strings must be encoded in UTF-8"


async def test_unknown_chats_are_not_found(bot: Bot) -> None:
    for chat in (42, "@nobody", "words"):
        with pytest.raises(BadRequest, match="Chat not found"):
            await bot.send_message(chat, "x")


async def test_a_missing_chat_is_named(ask: Ask) -> None:
    assert (await ask("sendMessage", text="x")).json()["description"] == "Bad Request: chat_id is empty"


async def test_a_bot_cannot_begin_a_private_chat(playground: Playground, bot: Bot) -> None:
    ana = list(playground.world.people)[1]
    with pytest.raises(Forbidden, match="can't initiate conversation"):
        await bot.send_message(ana, "x")
    await playground.say(ana, ana, "/start")
    assert await bot.send_message(ana, "x")


async def test_who_blocked_the_bot_gets_nothing_until_they_write(playground: Playground, bot: Bot, you: int) -> None:
    await playground.block(you)
    with pytest.raises(Forbidden, match="blocked by the user"):
        await bot.send_message(you, "x")
    await playground.say(you, you, "hello again")
    assert await bot.send_message(you, "x")
    kinds = [set(update) - {"update_id"} for update in playground.updates.pending]
    assert kinds == [{"my_chat_member"}, {"my_chat_member"}, {"message"}]


async def test_a_reply_quotes_what_it_answers(playground: Playground, bot: Bot, you: int) -> None:
    asked = await playground.say(you, you, "what?")
    answer = await bot.send_message(you, "this", reply_to_message_id=asked.message_id)
    assert answer.reply_to_message is not None
    assert answer.reply_to_message.text == "what?"


async def test_a_reply_to_nothing_is_refused_unless_it_may_go_without(bot: Bot, you: int) -> None:
    with pytest.raises(BadRequest, match="Message to be replied not found"):
        await bot.send_message(you, "x", reply_parameters=ReplyParameters(1))
    sent = await bot.send_message(you, "x", reply_parameters=ReplyParameters(1, allow_sending_without_reply=True))
    assert sent.reply_to_message is None


@pytest.mark.parametrize(("data", "good"), [("x", True), ("é" * 32, True), ("é" * 33, False), ("", False)])
async def test_callback_data_has_1_to_64_bytes(ask: Ask, you: int, data: str, good: bool) -> None:
    markup = {"inline_keyboard": [[{"text": "b", "callback_data": data}]]}
    answer = (await ask("sendMessage", chat_id=you, text="x", reply_markup=markup)).json()
    assert answer["ok"] is good
    assert good or answer["description"] == "Bad Request: BUTTON_DATA_INVALID"


@pytest.mark.parametrize(
    "button", ["text", {}, {"text": "b"}, {"text": " ", "url": "https://x.org"}, {"text": "b", "url": "x"}]
)
async def test_malformed_buttons_are_refused(ask: Ask, you: int, button: object) -> None:
    markup = {"inline_keyboard": [[button]]}
    assert (await ask("sendMessage", chat_id=you, text="x", reply_markup=markup)).status_code == 400


async def test_an_edit_changes_the_message_and_marks_it(playground: Playground, bot: Bot, you: int) -> None:
    sent = await bot.send_message(you, "one")
    await bot.edit_message_text("two /cmd", you, sent.message_id, reply_markup=keyboard())
    kept = playground.history(you)[-1]
    assert (kept.text, kept.message_id) == ("two /cmd", sent.message_id)
    assert kept.edit_date is not None
    assert [entity.type for entity in kept.entities] == ["bot_command"]


async def test_an_edit_that_changes_nothing_is_refused(bot: Bot, you: int) -> None:
    sent = await bot.send_message(you, "same", reply_markup=keyboard())
    with pytest.raises(BadRequest, match="Message is not modified: specified new message content and reply"):
        await bot.edit_message_text("same ", you, sent.message_id, reply_markup=keyboard())
    with pytest.raises(BadRequest, match="Message is not modified"):
        await bot.edit_message_reply_markup(you, sent.message_id, reply_markup=keyboard())
    assert await bot.edit_message_text("same", you, sent.message_id, reply_markup=keyboard("other"))
    assert await bot.edit_message_text("same", you, sent.message_id)  # the keyboard goes


async def test_an_edit_needs_its_message(bot: Bot, you: int) -> None:
    with pytest.raises(BadRequest, match="Message to edit not found"):
        await bot.edit_message_text("x", you, 5)


async def test_an_edit_obeys_the_limits_of_a_text(bot: Bot, you: int) -> None:
    sent = await bot.send_message(you, "x")
    with pytest.raises(BadRequest, match="Message is too long"):
        await bot.edit_message_text("a" * 4097, you, sent.message_id)
    with pytest.raises(BadRequest, match="Message text is empty"):
        await bot.edit_message_text(" ", you, sent.message_id)


async def test_a_bot_cannot_edit_what_others_wrote(playground: Playground, bot: Bot, you: int) -> None:
    said = await playground.say(you, you, "mine")
    with pytest.raises(BadRequest, match="Message can't be edited"):
        await bot.edit_message_text("yours", you, said.message_id)


async def test_a_deleted_message_is_gone(playground: Playground, bot: Bot, you: int) -> None:
    sent = await bot.send_message(you, "x")
    assert await bot.delete_message(you, sent.message_id)
    assert playground.history(you) == ()
    with pytest.raises(BadRequest, match="Message to delete not found"):
        await bot.delete_message(you, sent.message_id)


async def test_in_a_group_a_bot_deletes_only_its_own_messages(
    playground: Playground, bot: Bot, you: int, group: int
) -> None:
    said = await playground.say(group, you, "stay")
    own = await bot.send_message(group, "go")
    with pytest.raises(BadRequest, match="Message can't be deleted"):
        await bot.delete_messages(group, [own.message_id, said.message_id])
    assert await bot.delete_messages(group, [own.message_id, 3])
    assert [message.text for message in playground.history(group)] == ["stay"]


async def test_a_draft_goes_to_a_private_chat_only_and_ends_with_the_message(
    playground: Playground, bot: Bot, you: int, group: int
) -> None:
    assert await bot.send_message_draft(you, 1, "so f")
    assert playground.service.drafts[you] == (1, "so f")
    await bot.send_message(you, "so far")
    assert you not in playground.service.drafts
    with pytest.raises(BadRequest):
        await bot.send_message_draft(group, 1, "x")
    with pytest.raises(BadRequest):
        await bot.send_message_draft(you, 0, "x")


async def test_only_real_chat_actions_are_shown(bot: Bot, you: int) -> None:
    assert await bot.send_chat_action(you, "typing")
    with pytest.raises(BadRequest, match="Wrong parameter action in request"):
        await bot.send_chat_action(you, "flying")


async def test_a_thread_is_accepted_only_where_there_is_one(playground: Playground, bot: Bot, group: int) -> None:
    with pytest.raises(BadRequest, match="Message thread not found"):
        await bot.send_message(group, "x", message_thread_id=7)
    playground.world.group.topics[7] = "Seven"
    assert await bot.send_message(group, "x", message_thread_id=7)


async def test_a_reaction_must_be_one_telegram_has(playground: Playground, bot: Bot, you: int) -> None:
    said = await playground.say(you, you, "x")
    assert await bot.set_message_reaction(you, said.message_id, "❤")
    assert playground.service.reactions[you, said.message_id] == {bot.id: "❤"}
    with pytest.raises(BadRequest, match="Reaction_invalid"):
        await bot.set_message_reaction(you, said.message_id, "🧮")
    with pytest.raises(BadRequest, match="Message to react not found"):
        await bot.set_message_reaction(you, 3, "❤")


async def test_a_parse_mode_is_refused_rather_than_half_understood(bot: Bot, you: int) -> None:
    with pytest.raises(BadRequest, match="parse_mode"):
        await bot.send_message(you, "<b>x</b>", parse_mode="HTML")


@pytest.mark.parametrize("text", ["", " ", "x" * 4097])
async def test_people_too_cannot_say_nothing_or_too_much(playground: Playground, you: int, text: str) -> None:
    with pytest.raises(PlaygroundError):
        await playground.say(you, you, text)


async def test_message_ids_rise_over_restarts(playground: Playground, you: int) -> None:
    first = await playground.say(you, you, "x")
    async with Playground() as later:
        assert (await later.say(you, you, "x")).message_id >= first.message_id
