import io
import math

import pytest
from PIL import Image

from bot.handlers.surprise import end_of
from bot.pictures.surprise import LONGEST
from bot.playground import faults
from bot.sending.manners import defuse
from tests.bot.fakes import FakeGenerator
from tests.bot.stage import Stage
from tests.bot.talking.test_pictures import NOBODYS


def bits(text: str) -> str:
    return f"{FakeGenerator().surprise(text).sum() / math.log(2) / len(text):.2f}"


async def caption(stage: Stage, chat: int | None = None, after: int = 0) -> str:
    call = await stage.playground.calls.wait("sendPhoto", chat_id=stage.you if chat is None else chat, after=after)
    return str(call.parameters["caption"])


async def test_a_text_comes_back_as_a_picture_with_its_bits(stage: Stage) -> None:
    message = await stage.playground.say(stage.group, stage.you, "/surprise hello parrots")
    assert (await caption(stage, stage.group)).startswith(f"{bits('hello parrots')} bits per character. ")
    photo = await stage.playground.until(stage.group, lambda m: bool(m.photo))
    assert photo.reply_to_message is not None
    assert photo.reply_to_message.message_id == message.message_id
    stored = stage.playground.service.files.by_id(photo.photo[-1].file_id)
    assert stored is not None
    assert Image.open(io.BytesIO(stored.content)).width == photo.photo[-1].width


async def test_the_message_that_is_answered_is_looked_at(stage: Stage) -> None:
    said = await stage.playground.say(stage.group, stage.you, "somebody said this")
    await stage.playground.say(stage.group, stage.you, "/surprise", reply_to=said.message_id)
    assert bits("somebody said this") in await caption(stage, stage.group)


async def test_what_keeps_the_bots_words_from_being_pressed_is_no_part_of_them(stage: Stage) -> None:
    said = await stage.playground.say(stage.group, stage.you, defuse("see example.org"))
    await stage.playground.say(stage.group, stage.you, "/surprise", reply_to=said.message_id)
    assert bits("see example.org") in await caption(stage, stage.group)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("a short text", "a short text"),
        ("it said xylophone", "…xylophone"),
        ("it said on a piano", "…on a piano"),
        ("said extraordinarily", "…raordinarily"),
    ],
)
def test_what_stood_before_the_most_surprising_character_begins_with_a_word(text: str, end: str) -> None:
    assert end_of(text) == end


async def test_nothing_to_look_at_is_answered_with_how_to_ask(stage: Stage) -> None:
    assert "/surprise" in await stage.ask("/surprise")
    assert "/surprise" in await stage.ask("/surprise   ")


async def test_of_a_long_text_the_beginning_is_shown_and_said_to_be(stage: Stage) -> None:
    text = "abc " * LONGEST
    await stage.deliver_command(f"/surprise {text}")
    said = await caption(stage)
    assert said.startswith(bits(text[:LONGEST]))
    assert said.endswith("This is the beginning; the whole would not fit into a picture.")


async def test_what_has_no_letters_in_our_fonts_is_said_to_be_boxes(stage: Stage) -> None:
    await stage.playground.say(stage.you, stage.you, f"/surprise hello {NOBODYS}{NOBODYS}")
    assert "2 of these characters" in await caption(stage)
    mark = stage.playground.calls.mark()
    await stage.playground.say(stage.you, stage.you, "/surprise hello مرحبا שלום 👋")
    assert "boxes" not in await caption(stage, after=mark)


async def test_a_command_handled_again_sends_no_second_picture(stage: Stage) -> None:
    update_id = await stage.deliver_command("/surprise once")
    await caption(stage)
    await stage.deliver_command("/surprise once", update_id=update_id)
    await stage.settled()
    assert len(stage.playground.calls.of("sendPhoto")) == 1


async def test_a_picture_whose_arrival_nobody_confirmed_is_found(stage: Stage) -> None:
    stage.playground.faults.add(faults.dropped_after(), method="sendPhoto")
    await stage.playground.say(stage.you, stage.you, "/surprise lost and found")
    await stage.playground.calls.wait("editMessageCaption")
    await stage.settled()
    assert len([message for message in stage.playground.history(stage.you) if message.photo]) == 1


async def test_a_chat_that_takes_no_pictures_is_told(stage: Stage) -> None:
    stage.playground.faults.add(faults.error(400, "not enough rights to send photos to the chat"), method="sendPhoto")
    assert "pictures" in await stage.ask("/surprise anyway", stage.group)


async def test_a_generator_that_fails_is_told(address: str) -> None:
    async with Stage(address, FakeGenerator(broken="fire")) as stage:
        assert "went wrong" in await stage.ask("/surprise fire")
