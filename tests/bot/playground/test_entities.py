"""Entities: where commands, links, mentions and hashtags are, in UTF-16 units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Message, MessageEntity

from bot.playground import Playground
from bot.playground.entities import clean, find_entities, formatted, utf16_length, utf16_slice

ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=60)
BITS = st.lists(st.sampled_from(["/seed", "🦜", "@cotorra_bot", " ", "\n", "ñ", "#loro", "https://x.org/a", "/", "@"]))


def found(text: str) -> list[tuple[str, str]]:
    return [(entity.type, utf16_slice(text, entity.offset, entity.length)) for entity in find_entities(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/seed Domingo", [("bot_command", "/seed")]),
        ("🦜 /seed@cotorra_bot x", [("bot_command", "/seed@cotorra_bot")]),
        ("a/b 1/2 //x </b>", []),
        ("/año", []),
        ("/seed, /temp.", [("bot_command", "/seed"), ("bot_command", "/temp")]),
        ("hola @ana y a@b.cd", [("mention", "@ana")]),
        ("#loro #1 a#b", [("hashtag", "#loro")]),
        ("(https://x.org/a?b=/c#d).", [("url", "https://x.org/a?b=/c#d")]),
        ("/" + "x" * 65, []),
    ],
)
def test_entities_are_found_where_telegram_finds_them(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


@given(BITS.map("".join) | ANY_TEXT)
def test_every_entity_lies_inside_the_text_and_none_overlap(text: str) -> None:
    entities = find_entities(text)
    end = 0
    for entity in entities:
        assert entity.offset >= end
        end = entity.offset + entity.length
    assert end <= utf16_length(text)


@given(BITS.map("".join))
def test_ptb_reads_the_same_words_out_of_the_entities(text: str) -> None:
    message = Message(1, None, None, text=text, entities=find_entities(text))  # type: ignore[arg-type]
    assert list(message.parse_entities().values()) == [word for _, word in found(text)]


@given(ANY_TEXT)
def test_utf16_length_is_that_of_the_encoding(text: str) -> None:
    assert utf16_length(text) == len(text.encode("utf-16-le")) // 2


@given(ANY_TEXT)
def test_a_stored_text_is_clean_and_trimmed_and_stays_so(text: str) -> None:
    kept, _ = formatted(text)
    assert "\0" not in kept
    assert kept == kept.strip(" \n")
    assert formatted(kept)[0] == kept == clean(kept)


@given(st.integers(0, 5), st.integers(0, 9), st.integers(0, 9))
def test_given_entities_move_with_the_trimmed_text(spaces: int, offset: int, length: int) -> None:
    text = " " * spaces + "🦜loro hola"
    kept, entities = formatted(text, (MessageEntity("bold", offset, length),))
    assert kept == "🦜loro hola"
    start = max(offset, spaces)
    expected = utf16_slice(text, start, max(offset + length - start, 0))
    assert [utf16_slice(kept, each.offset, each.length) for each in entities] == [expected][: len(expected)]


async def test_what_people_write_has_its_commands_marked(playground: Playground, you: int) -> None:
    said = await playground.say(you, you, " 🦜 /seed x ")
    assert [(entity.type, entity.offset, entity.length) for entity in said.entities] == [("bot_command", 3, 5)]
