from hypothesis import given
from hypothesis import strategies as st

from bot.text import MESSAGE_UNITS, clean, split_message, utf16_units

any_text = st.text(st.characters(), max_size=400)


def test_characters_above_the_basic_plane_count_twice() -> None:
    assert utf16_units("a🦜é") == 4


@given(any_text)
def test_a_clean_text_can_be_stored_and_sent_and_is_as_long(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) == len(text)
    assert "\0" not in cleaned
    cleaned.encode("utf-8")
    assert clean(cleaned) == cleaned


@given(any_text, st.integers(2, 50))
def test_parts_fit_and_lose_nothing_but_blanks(text: str, limit: int) -> None:
    parts = split_message(text, limit)
    assert all(0 < utf16_units(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_a_text_is_cut_at_the_last_line_or_word_that_fits() -> None:
    assert split_message("one two three", 9) == ["one two", "three"]
    assert split_message("x" * 5_000) == ["x" * MESSAGE_UNITS, "x" * (5_000 - MESSAGE_UNITS)]


def test_a_blank_text_is_no_message() -> None:
    assert split_message(" \n ") == []
