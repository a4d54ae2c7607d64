import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.callbacks import OLD, Callback
from bot.sending.manners import plain
from bot.text import MESSAGE_UNITS, clean, utf16_units
from tests.bot.fakes import FakeGenerator
from tests.bot.stage import Stage

ODD_SEEDS = [
    "🦜🦜🦜",
    "日本語の文字",
    "שלום עולם",
    "one\0two",
    "three\nlines\n\nhere",
    "lone \ud800 surrogate",
    "a\u0301ccents e\u0301",
    "\u200b",
    "@everyone /temp 2 <b>bold</b> [link](http://example.org)",
]


@pytest.mark.parametrize("seed", ODD_SEEDS, ids=ascii)
async def test_an_odd_seed_is_continued(stage: Stage, seed: str) -> None:
    await stage.deliver_command(f"/seed {seed}")
    await stage.settled()
    (call,) = stage.sent()
    assert plain(call.text or "").startswith(clean(seed).strip())
    (prompt,) = await stage.prompts()
    assert (prompt.answer.outcome, prompt.asked.seed_text) == ("answered", clean(seed))


@pytest.mark.parametrize("text", ["/seed", "/seed ", "/seed \n ", "/seed@cotorra_bot"])
async def test_a_seed_with_nothing_says_how_to_use_it(stage: Stage, text: str) -> None:
    await stage.deliver_command(text)
    await stage.settled()
    (call,) = stage.sent()
    assert "/seed Once upon a time" in (call.text or "")
    assert await stage.prompts() == []


@pytest.mark.parametrize("seed", ["x" * (MESSAGE_UNITS - 6), "🦜" * 2_045, "é " * 2_040])
async def test_a_seed_as_long_as_a_message_is_answered(stage: Stage, seed: str) -> None:
    await stage.deliver_command(f"/seed {seed}")
    await stage.settled()
    assert len(stage.sent()) == 2
    assert all(call.status == 200 for call in stage.sent())
    (prompt,) = await stage.prompts()
    assert prompt.answer.outcome == "answered"


async def test_a_caption_of_100_kb_is_refused_with_a_sentence(stage: Stage) -> None:
    caption = "/seed " + "x" * 100_000
    command = {"type": "bot_command", "offset": 0, "length": 5}
    photo = [{"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}]
    await stage.deliver({"caption": caption, "caption_entities": [command], "photo": photo})
    await stage.settled()
    (call,) = stage.sent()
    assert "too long" in (call.text or "")
    assert "4,096" in (call.text or "")


@pytest.mark.parametrize(
    "value", ["abc", "nan", "inf", "-inf", "-1", "0", "1e309", "7", "0.04", "2.01", "0.7 or so", "🦜", "x" * 4_000]
)
async def test_a_bad_temperature_is_refused_and_the_old_one_kept_and_named(stage: Stage, value: str) -> None:
    await stage.ask("/temp 0.8")
    text = await stage.ask(f"/temp {value}")
    assert value[:20] in plain(text)
    assert text.endswith("It stays at 0.8.")
    assert "0.8" in await stage.ask("/temp")
    assert len(await stage.changes()) == 1


@pytest.mark.parametrize(("value", "meant"), [("0,7", "0.7"), (" 2 ", "2"), (".05", "0.05"), ("1e0", "1")])
async def test_a_temperature_is_understood_as_people_write_it(stage: Stage, value: str, meant: str) -> None:
    assert await stage.ask(f"/temp {value}") == f"The temperature is now {meant}. It was 0.5."


@pytest.mark.parametrize(
    "message",
    [
        {"new_chat_title": "a service message"},
        {"pinned_message": {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}, "text": "x"}},
        {},
        {"text": "/seed bare", "entities": []},
        {"text": "🦜/seed later", "entities": [{"type": "bot_command", "offset": 2, "length": 5}]},
        {"text": "/", "entities": []},
    ],
    ids=str,
)
@pytest.mark.parametrize("anonymous", [True, False])
async def test_odd_messages_do_no_harm(stage: Stage, message: dict[str, object], anonymous: bool) -> None:
    for chat in (stage.you, stage.group):
        await stage.deliver(message, chat=chat, anonymous=anonymous)
        await stage.settled(chat)
    assert not any("Sorry" in (call.text or "") for call in stage.sent())


async def test_a_sticker_in_private_is_told_what_to_send(stage: Stage) -> None:
    sticker = {"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1}
    sticker |= {"is_animated": False, "is_video": False, "type": "regular"}
    await stage.deliver({"sticker": sticker})
    await stage.settled()
    (call,) = stage.sent()
    assert "only continue text" in (call.text or "")


seeds = st.text(st.characters(), min_size=1, max_size=300).filter(lambda text: clean(text).strip())


@settings(max_examples=4, deadline=None)
@given(st.lists(seeds, min_size=15, max_size=15))
def test_any_text_is_answered_and_recorded(texts: list[str]) -> None:
    async def conversation(address: str) -> None:
        async with Stage(address, FakeGenerator()) as stage:
            for text in texts:
                await stage.deliver_command(f"/seed {text}")
            await stage.settled()
            rows = await stage.prompts()
            assert [row.asked.seed_text for row in rows] == [clean(text) for text in texts]
            assert {row.answer.outcome for row in rows} == {"answered"}
            assert all(utf16_units(call.text or "") <= MESSAGE_UNITS for call in stage.sent())

    with TemporaryDirectory() as folder:
        asyncio.run(conversation(f"sqlite:///{Path(folder) / 'bot.sqlite'}"))


@settings(max_examples=4, deadline=None)
@given(st.lists(st.text(max_size=30), min_size=15, max_size=15))
def test_any_temperature_is_set_shown_or_refused(values: list[str]) -> None:
    async def conversation(address: str) -> None:
        async with Stage(address, FakeGenerator()) as stage:
            for value in values:
                await stage.deliver_command(f"/temp {value}")
            await stage.settled()
            assert len(stage.sent()) == len(values)
            assert not any("Sorry" in (call.text or "") for call in stage.sent())
            assert 0.05 <= (await stage.book.settings(stage.you)).temperature <= 2

    with TemporaryDirectory() as folder:
        asyncio.run(conversation(f"sqlite:///{Path(folder) / 'bot.sqlite'}"))


async def test_a_press_under_an_inline_message_does_nothing_and_is_answered(stage: Stage) -> None:
    """No button of ours stands there, so whatever its data says, it was not us."""
    callbacks = stage.application.bot_data.callbacks
    you = {"id": stage.you, "is_bot": False, "first_name": "You"}
    for action in ("forget.no", "consent.no", "set"):
        data = callbacks.data(Callback(action, owner=stage.you), None)
        press = {"id": "1", "from": you, "chat_instance": "1", "inline_message_id": "AAA", "data": data}
        await stage.deliver_update("callback_query", press)
    await stage.idle()
    answers = [call.parameters["text"] for call in stage.playground.calls.of("answerCallbackQuery")]
    assert answers == [OLD] * 3
    assert stage.playground.calls.of("editMessageText") == []
