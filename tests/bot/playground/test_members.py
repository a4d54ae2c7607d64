"""Roles, permissions, anonymity, topics, migration, channels: a chat's life beyond talking."""

import pytest
from telegram import Bot, ChatMemberAdministrator, ChatMemberRestricted
from telegram.constants import ChatMemberStatus
from telegram.error import BadRequest, ChatMigrated, Forbidden

from bot.playground import NotInTheWorld, Permissions, Playground, PlaygroundError
from tests.bot.playground.test_files import png


async def test_a_promoted_member_is_an_administrator(playground: Playground, bot: Bot, you: int, group: int) -> None:
    ana = list(playground.world.people)[1]
    await playground.promote(group, ana, anonymous=True)
    member = await bot.get_chat_member(group, ana)
    assert isinstance(member, ChatMemberAdministrator)
    assert member.is_anonymous
    assert {each.user.id for each in await bot.get_chat_administrators(group)} == {you, ana}
    await playground.demote(group, ana)
    assert (await bot.get_chat_member(group, ana)).status == ChatMemberStatus.MEMBER


async def test_who_rises_is_told_to_an_administrator_who_asked(
    playground: Playground, bot: Bot, you: int, group: int
) -> None:
    ana = list(playground.world.people)[1]
    playground.updates.allow(["my_chat_member"])
    await playground.promote(group, bot.id)
    await playground.promote(group, ana)  # told to nobody: the bot did not ask
    await playground.demote(group, bot.id)
    playground.updates.allow(["chat_member"])
    await playground.demote(group, ana)  # told to nobody: the bot is no administrator
    await playground.promote(group, bot.id)
    await playground.promote(group, ana)
    found = await bot.get_updates()
    assert [update.my_chat_member is not None for update in found] == [True, True, False]
    told = found[-1].chat_member
    assert told is not None
    assert (told.from_user.id, told.new_chat_member.user.id) == (you, ana)
    assert (told.old_chat_member.status, told.new_chat_member.status) == ("member", "administrator")


async def test_an_anonymous_administrator_appears_as_the_group(
    playground: Playground, bot: Bot, you: int, group: int
) -> None:
    await playground.promote(group, you, anonymous=True)
    await playground.say(group, you, "/temp 0.3")
    message = (await bot.get_updates(-1))[0].message
    assert message is not None
    assert message.from_user is not None
    assert (message.from_user.username, message.sender_chat and message.sender_chat.id) == ("GroupAnonymousBot", group)
    with pytest.raises(BadRequest, match="Participant_id_invalid"):
        await bot.get_chat_member(group, message.from_user.id)


async def test_a_muted_bot_is_refused_by_kind(playground: Playground, bot: Bot, group: int) -> None:
    await playground.restrict(group, bot.id)
    assert playground.updates.pending[-1]["my_chat_member"]["new_chat_member"]["status"] == "restricted"
    for call, kind in (
        (bot.send_message(group, "x"), "text messages"),
        (bot.send_photo(group, png(2, 2)), "photos"),
        (bot.send_document(group, b"x"), "documents"),
        (bot.send_poll(group, "Which?", ["a", "b"]), "polls"),
        (bot.send_chat_action(group, "typing"), "text messages"),
    ):
        with pytest.raises(BadRequest, match=f"Not enough rights to send {kind} to the chat"):
            await call
    await playground.restrict(group, bot.id, Permissions(messages=True))
    assert await bot.send_message(group, "x")
    with pytest.raises(BadRequest, match="polls"):
        await bot.send_poll(group, "Which?", ["a", "b"])
    me = await bot.get_chat_member(group, bot.id)
    assert isinstance(me, ChatMemberRestricted)
    assert (me.can_send_messages, me.can_send_polls) == (True, False)
    await playground.demote(group, bot.id)
    assert await bot.send_photo(group, png(2, 2))


async def test_a_muted_person_cannot_speak(playground: Playground, group: int) -> None:
    ana = list(playground.world.people)[1]
    await playground.restrict(group, ana)
    with pytest.raises(PlaygroundError, match="Ana may not send messages here"):
        await playground.say(group, ana, "x")
    with pytest.raises(PlaygroundError, match="expected a role"):
        playground.members.set_role(group, ana, "king")


async def test_a_bot_that_left_is_no_member_and_one_that_was_removed_is_kicked(
    playground: Playground, bot: Bot, you: int, group: int
) -> None:
    assert await bot.leave_chat(group)
    moved = playground.updates.pending[-1]["my_chat_member"]
    assert (moved["old_chat_member"]["status"], moved["new_chat_member"]["status"]) == ("member", "left")
    with pytest.raises(Forbidden, match="bot is not a member of the supergroup chat"):
        await bot.send_message(group, "x")
    await playground.join(group, bot.id, by=you)
    await playground.leave(group, bot.id, by=you)
    for call in (bot.send_message(group, "x"), bot.get_chat(group)):
        with pytest.raises(Forbidden, match="bot was kicked from the supergroup chat"):
            await call


async def test_in_a_channel_only_administrators_write(playground: Playground, bot: Bot, you: int) -> None:
    ana = playground.world.people[list(playground.world.people)[1]]
    channel = playground.world.add_group("News", [playground.world.you, ana], kind="channel").chat.id
    said = await playground.say(channel, you, "first")
    await playground.edit(channel, said.message_id, you, "the first")
    new, edited = await bot.get_updates()
    assert new.channel_post is not None
    assert new.channel_post.from_user is None
    assert new.channel_post.sender_chat is not None
    assert new.channel_post.sender_chat.id == channel
    assert edited.edited_channel_post is not None
    assert edited.edited_channel_post.text == "the first"
    own = await bot.send_message(channel, "from the bot")
    assert await bot.edit_message_text("changed", channel, own.message_id)
    with pytest.raises(BadRequest, match="Message can't be edited"):
        await bot.edit_message_text("x", channel, said.message_id)
    with pytest.raises(PlaygroundError, match="Ana may not"):
        await playground.say(channel, ana.id, "x")
    await playground.demote(channel, bot.id)
    with pytest.raises(BadRequest, match="Need administrator rights in the channel chat"):
        await bot.send_message(channel, "x")


async def test_a_group_becomes_a_supergroup_with_another_id(playground: Playground, bot: Bot, you: int) -> None:
    people = list(playground.world.people.values())
    old = playground.world.add_group("Small", people, kind="group").chat.id
    with pytest.raises(PlaygroundError, match="only supergroups can restrict"):
        await playground.restrict(old, bot.id)
    new = await playground.migrate(old)
    first, second = (update.message for update in await bot.get_updates())
    assert first is not None
    assert second is not None
    assert (first.chat.id, first.migrate_to_chat_id) == (old, new)
    assert (second.chat.id, second.migrate_from_chat_id) == (new, old)
    with pytest.raises(ChatMigrated) as caught:
        await bot.send_message(old, "x")
    assert caught.value.new_chat_id == new
    assert await bot.send_message(new, "x")
    assert (await bot.get_chat(new)).type == "supergroup"
    assert (await bot.get_chat_member(new, you)).status == "creator"
    with pytest.raises(NotInTheWorld, match="has become the supergroup"):
        await playground.say(old, you, "x")
    with pytest.raises(PlaygroundError, match="only a basic group"):
        await playground.migrate(new)


async def test_topics_keep_their_messages_apart(playground: Playground, bot: Bot, you: int, group: int) -> None:
    topic = await playground.open_topic(group, you, "Books")
    await playground.say(group, you, "/seed here", topic=topic)
    await playground.say(group, you, "/seed in general")
    opened, inside, general = (update.message for update in await bot.get_updates())
    assert opened is not None
    assert opened.forum_topic_created is not None
    assert (opened.message_id, opened.forum_topic_created.name) == (topic, "Books")
    assert inside is not None
    assert (inside.is_topic_message, inside.message_thread_id) == (True, topic)
    assert inside.reply_to_message is not None  # what answers nothing answers the topic's first message
    assert inside.reply_to_message.message_id == topic
    assert general is not None
    assert (general.is_topic_message, general.message_thread_id) == (None, None)
    answer = await bot.send_message(group, "x", message_thread_id=topic)
    assert (answer.is_topic_message, answer.message_thread_id) == (True, topic)
    reply = await bot.send_message(group, "x", reply_to_message_id=inside.message_id)
    assert reply.message_thread_id == topic
    assert await bot.send_chat_action(group, "typing", message_thread_id=topic)
    assert (await bot.get_chat(group)).is_forum


async def test_a_reply_in_a_supergroup_has_a_thread_that_takes_no_message(
    playground: Playground, bot: Bot, you: int, group: int
) -> None:
    own = await bot.send_message(group, "ask me")
    said = await playground.say(group, you, "why?", reply_to=own.message_id)
    assert (said.message_thread_id, said.is_topic_message) == (own.message_id, None)
    with pytest.raises(BadRequest, match="Message thread not found"):
        await bot.send_message(group, "x", message_thread_id=said.message_thread_id)


async def test_a_topic_needs_a_supergroup_and_a_name(playground: Playground, you: int, group: int) -> None:
    small = playground.world.add_group("Small", [playground.world.you], kind="group").chat.id
    with pytest.raises(PlaygroundError, match="only supergroups"):
        await playground.open_topic(small, you, "x")
    with pytest.raises(PlaygroundError, match="1 to 128"):
        await playground.open_topic(group, you, " ")
    with pytest.raises(NotInTheWorld, match="no topic 5"):
        await playground.say(group, you, "x", topic=5)
