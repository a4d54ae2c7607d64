"""Spoken to without a command: a reply to what the bot said, and its name in a message."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Bot, Message

from bot.handlers.addressed import mentions, without_mentions
from bot.storage.prompts import Kind, Prompt
from bot.text import utf16_units
from tests.bot.stage import Stage
from tests.bot.talking.test_takes import answer, ask, state_of, written_after

NAME = "@cotorra_bot"


async def kinds(stage: Stage) -> list[tuple[Kind, str]]:
    return [(prompt.asked.kind, prompt.asked.seed_text) for prompt in await stage.idle()]


async def in_reply(stage: Stage, message: Message, words: str, chat: int) -> list[Prompt]:
    mark = stage.playground.calls.mark()
    await stage.playground.say(chat, stage.you, words, reply_to=message.message_id)
    await answer(stage, chat, mark)
    return await stage.idle()


# --- a reply to what the bot said -----------------------------------------------------------------------


@pytest.mark.parametrize("place", ["group", "you"])
async def test_a_reply_to_the_bots_reply_goes_on_from_its_state(stage: Stage, place: str) -> None:
    chat: int = getattr(stage, place)
    first, second = await in_reply(stage, await ask(stage, "/seed Domingo", chat), "And then?", chat)
    assert (second.asked.kind, second.asked.seed_text) == ("reply", "\nAnd then?")
    assert (second.asked.parent_id, second.asked.continues_id) == (first.id, first.id)
    assert second.answer.reply_text == written_after(await state_of(stage, first), second)


async def test_where_the_state_is_gone_the_words_stand_alone(stage: Stage) -> None:
    first = await ask(stage, "/seed first", stage.group)
    for number in range(8):
        await ask(stage, f"/seed another {number}", stage.group)
    prompts = await in_reply(stage, first, "And then?", stage.group)
    assert (prompts[-1].asked.kind, prompts[-1].asked.continues_id) == ("reply", None)
    assert prompts[-1].asked.parent_id == prompts[0].id
    assert prompts[-1].answer.outcome == "answered"


@pytest.mark.parametrize(("place", "kind"), [("group", "reply"), ("you", "seed")])
@pytest.mark.parametrize("command", ["/help", "/settings", "/top"])
async def test_a_reply_to_anything_else_the_bot_said_is_a_seed(
    stage: Stage, place: str, kind: Kind, command: str
) -> None:
    chat: int = getattr(stage, place)
    (prompt,) = await in_reply(stage, await ask(stage, command, chat), "Well then", chat)
    assert (prompt.asked.kind, prompt.asked.seed_text, prompt.asked.parent_id) == (kind, "Well then", None)
    assert prompt.answer.outcome == "answered"


async def test_a_reply_to_somebody_else_is_none_of_the_bots_business(stage: Stage) -> None:
    other = next(user for user in stage.playground.world.group.members if user != stage.you)
    said = await stage.playground.say(stage.group, other, "hello")
    await stage.playground.say(stage.group, stage.you, "hello you", reply_to=said.message_id)
    assert await kinds(stage) == []


# --- its name -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seed"),
    [
        (f"{NAME} Once upon", "Once upon"),
        (f"🦜👨‍👩‍👧‍👦 {NAME} Once upon", "🦜👨‍👩‍👧‍👦 Once upon"),
        ("Once @Cotorra_Bot upon", "Once upon"),
        (f"Once upon {NAME}", "Once upon"),
        (f"{NAME} and {NAME} again", "and again"),
    ],
)
async def test_in_a_group_its_name_makes_the_rest_a_seed(stage: Stage, text: str, seed: str) -> None:
    await ask(stage, text, stage.group)
    assert await kinds(stage) == [("mention", seed)]


async def test_its_name_alone_is_told_what_to_do(stage: Stage) -> None:
    assert "Give me the beginning" in ((await ask(stage, NAME, stage.group)).text or "")


async def test_a_link_to_it_is_a_mention_too(stage: Stage) -> None:
    bot = {"id": stage.application.bot.id, "is_bot": True, "first_name": "Cotorra"}
    link = {"type": "text_mention", "offset": 3, "length": 4, "user": bot}
    await stage.deliver({"text": "🦜 you, go on", "entities": [link]}, chat=stage.group)
    assert await kinds(stage) == [("mention", "🦜 go on")]


async def test_a_caption_may_name_it(stage: Stage) -> None:
    entity = {"type": "mention", "offset": 0, "length": len(NAME)}
    photo = [{"file_id": "a", "file_unique_id": "a", "width": 1, "height": 1}]
    await stage.deliver({"caption": f"{NAME} look", "caption_entities": [entity], "photo": photo}, chat=stage.group)
    assert await kinds(stage) == [("mention", "look")]


@pytest.mark.parametrize(
    "how",
    [
        {"forward_origin": {"type": "hidden_user", "date": 1, "sender_user_name": "x"}},
        {"via_bot": {"id": 5, "is_bot": True, "first_name": "b"}},
        {"from": {"id": 5, "is_bot": True, "first_name": "b"}},
    ],
    ids=str,
)
async def test_forwards_inline_results_and_other_bots_are_left_alone(stage: Stage, how: dict[str, Any]) -> None:
    entity = {"type": "mention", "offset": 0, "length": len(NAME)}
    await stage.deliver({"text": f"{NAME} hello", "entities": [entity], **how}, chat=stage.group)
    assert await kinds(stage) == []


async def test_an_edited_mention_triggers_nothing(stage: Stage) -> None:
    entity = {"type": "mention", "offset": 0, "length": len(NAME)}
    await stage.deliver({"text": f"{NAME} hello", "entities": [entity]}, chat=stage.group, kind="edited_message")
    assert await kinds(stage) == []


async def test_an_answer_goes_to_the_topic_that_the_question_came_from(stage: Stage) -> None:
    group = stage.group
    await stage.playground.promote(group, stage.you)
    topic = await stage.playground.open_topic(group, stage.you, "Birds")
    mark = stage.playground.calls.mark()
    await stage.playground.say(group, stage.you, f"{NAME} hello", topic=topic)
    call = await stage.playground.calls.wait("sendMessage", chat_id=group, after=mark)
    assert call.parameters["message_thread_id"] == str(topic)
    (prompt,) = await stage.idle()
    assert prompt.asked.thread_id == topic
    assert await stage.book.last_prompt(group, topic) == prompt
    assert await stage.book.last_prompt(group) is None


# --- UTF-16 ---------------------------------------------------------------------------------------------


class Us(Bot):
    """A bot that knows its name without asking Telegram."""

    @property
    def username(self) -> str:
        return "cotorra_bot"

    @property
    def id(self) -> int:
        return 7


US = Us("7:x")


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_the_name_is_cut_out_exactly_whatever_stands_around_it(before: str, after: str) -> None:
    entity = {"type": "mention", "offset": utf16_units(before), "length": len(NAME)}
    content = {"message_id": 1, "date": 1, "chat": {"id": -5, "type": "group"}, "entities": [entity]}
    message = Message.de_json(content | {"text": f"{before}{NAME}{after}"}, US)
    assert message is not None
    assert len(mentions(message)) == 1
    assert without_mentions(message) == " ".join(filter(None, (before.strip(), after.strip())))
