"""Groups, privacy, members, buttons, commands."""

import pytest
from telegram import Bot, BotCommand, BotCommandScopeAllPrivateChats, BotCommandScopeChat
from telegram import InlineKeyboardButton as Button
from telegram import InlineKeyboardMarkup as Keyboard
from telegram.error import BadRequest, Forbidden

from bot.playground import NotInTheWorld, Playground


def seen(playground: Playground) -> list[str]:
    return [update["message"].get("text", "") for update in playground.updates.pending if "message" in update]


async def test_with_privacy_a_bot_sees_only_what_is_meant_for_it(
    playground: Playground, bot: Bot, you: int, group: int
) -> None:
    own = await bot.send_message(group, "from the bot")
    for text in ("hello all", "/seed x", "/seed@Cotorra_Bot y", "/seed@otherbot z", "@cotorra_bot hi", "a /seed"):
        await playground.say(group, you, text)
    await playground.say(group, you, "an answer", reply_to=own.message_id)
    assert seen(playground) == ["/seed x", "/seed@Cotorra_Bot y", "@cotorra_bot hi", "an answer"]


async def test_without_privacy_or_as_administrator_a_bot_sees_everything(
    playground: Playground, bot: Bot, you: int, group: int
) -> None:
    playground.service.privacy = False
    await playground.say(group, you, "one")
    playground.service.privacy = True
    playground.world.group.members[bot.id] = "administrator"
    await playground.say(group, you, "two")
    assert seen(playground) == ["one", "two"]


async def test_get_me_tells_the_privacy(playground: Playground, bot: Bot) -> None:
    assert (await bot.get_me()).can_read_all_group_messages is False
    playground.service.privacy = False
    assert (await bot.get_me()).can_read_all_group_messages is True


async def test_an_edit_in_a_group_obeys_privacy_too(playground: Playground, you: int, group: int) -> None:
    said = await playground.say(group, you, "hello")
    await playground.edit(group, said.message_id, you, "hello all")
    assert len(playground.updates) == 0
    await playground.edit(group, said.message_id, you, "/seed now")
    assert "edited_message" in playground.updates.pending[0]


async def test_who_comes_and_goes_is_told(playground: Playground, bot: Bot, group: int) -> None:
    ana, bruno = list(playground.world.people)[1:]
    await playground.leave(group, bruno)
    await playground.join(group, bruno, by=ana)
    first, second = (update["message"] for update in playground.updates.pending)
    assert first["left_chat_member"]["id"] == bruno
    assert [each["id"] for each in second["new_chat_members"]] == [bruno]
    assert await bot.get_chat_member_count(group) == 4


async def test_a_bot_removed_from_a_group_learns_it_and_cannot_write(
    playground: Playground, bot: Bot, you: int, group: int
) -> None:
    await playground.leave(group, bot.id, by=you)
    assert playground.updates.pending[-1]["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    with pytest.raises(Forbidden, match="bot was kicked from the supergroup chat"):
        await bot.send_message(group, "x")
    await playground.join(group, bot.id, by=you)
    assert await bot.send_message(group, "x")


async def test_who_is_not_in_a_group_cannot_speak_there(playground: Playground, you: int, group: int) -> None:
    await playground.leave(group, you)
    with pytest.raises(NotInTheWorld):
        await playground.say(group, you, "x")


async def test_chats_and_members_are_told(playground: Playground, bot: Bot, you: int, group: int) -> None:
    assert (await bot.get_chat(group)).title == "The Aviary"
    assert (await bot.get_chat(you)).type == "private"
    assert (await bot.get_chat_member(group, you)).status == "creator"
    assert [member.user.id for member in await bot.get_chat_administrators(group)] == [you]
    with pytest.raises(BadRequest, match="no administrators in the private chat"):
        await bot.get_chat_administrators(you)
    with pytest.raises(BadRequest, match="Participant_id_invalid"):
        await bot.get_chat_member(group, 5)


async def test_a_pressed_button_reaches_the_bot_and_its_answer_the_person(
    playground: Playground, bot: Bot, you: int
) -> None:
    sent = await bot.send_message(you, "x", reply_markup=Keyboard([[Button("b", callback_data="d")]]))
    press = await playground.press(you, sent.message_id, "d", you)
    query = (await bot.get_updates())[0].callback_query
    assert query is not None
    assert (query.data, query.from_user.id) == ("d", you)
    assert query.message is not None
    assert query.message.message_id == sent.message_id
    await query.answer("done", show_alert=True)
    answer = await press.answer
    assert (answer.text, answer.show_alert) == ("done", True)


async def test_a_query_is_answered_once_and_in_time(playground: Playground, bot: Bot, you: int) -> None:
    too_old = "Query is too old and response timeout expired or query id is invalid"
    sent = await bot.send_message(you, "x", reply_markup=Keyboard([[Button("b", callback_data="d")]]))
    press = await playground.press(you, sent.message_id, "d", you)
    await bot.answer_callback_query(press.id)
    late = await playground.press(you, sent.message_id, "d", you)
    playground.expire()
    for query_id in (press.id, late.id, "12345"):
        with pytest.raises(BadRequest, match=too_old):
            await bot.answer_callback_query(query_id)


async def test_only_a_button_that_is_there_can_be_pressed(playground: Playground, bot: Bot, you: int) -> None:
    sent = await bot.send_message(you, "x")
    with pytest.raises(NotInTheWorld):
        await playground.press(you, sent.message_id, "d", you)


async def test_commands_have_scopes_and_languages(playground: Playground, bot: Bot, you: int, group: int) -> None:
    await bot.set_my_commands([BotCommand("all", "everywhere")])
    await bot.set_my_commands([BotCommand("todo", "en todas partes")], language_code="es")
    await bot.set_my_commands([BotCommand("private", "private")], scope=BotCommandScopeAllPrivateChats())
    await bot.set_my_commands([BotCommand("here", "here")], scope=BotCommandScopeChat(group))
    assert [each.command for each in await bot.get_my_commands()] == ["all"]
    assert [each.command for each in await bot.get_my_commands(language_code="es")] == ["todo"]
    assert await bot.get_my_commands(language_code="de") == ()
    menu = playground.service.profile.menu
    assert menu(playground.world.room(you), you, "en")[0].command == "private"
    assert menu(playground.world.room(group), you, "en")[0].command == "here"
    await bot.delete_my_commands(scope=BotCommandScopeChat(group))
    assert menu(playground.world.room(group), you, "es")[0].command == "todo"


@pytest.mark.parametrize(("name", "description"), [("Über", "x"), ("a b", "x"), ("x", ""), ("x" * 33, "x")])
async def test_odd_commands_are_refused(bot: Bot, name: str, description: str) -> None:
    with pytest.raises(BadRequest, match=r"(?i)bot_command"):
        await bot.set_my_commands([BotCommand(name, description)])


async def test_descriptions_come_back(bot: Bot) -> None:
    await bot.set_my_description("a parrot")
    await bot.set_my_description("un loro", language_code="es")
    assert (await bot.get_my_description("es")).description == "un loro"
    assert (await bot.get_my_description("de")).description == "a parrot"
    assert (await bot.get_my_name()).name == "Cotorra"
