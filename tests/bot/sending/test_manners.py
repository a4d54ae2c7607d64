"""What is sent pings nobody and cannot be pressed, and is the logged text once the joiners are taken out."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.playground.entities import find_entities
from bot.sending.manners import JOINER, defuse, plain

PIECES = [
    "@",
    "#",
    "$",
    "/",
    ":",
    "//",
    ".",
    "+",
    "-",
    " ",
    "\n",
    "(",
    ")",
    "_",
    "seed",
    "org",
    "me",
    "7",
    "42",
    "ñ",
    "日",
    "🦜",
]
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
# What Telegram's documentation calls entities, as generously as any client might see them.
PRESSED = [
    r"[@＠]\w",
    r"[#＃]\w",
    r"\$[A-Z]",
    r"(?<![\w/<>])/\w",
    r"\w\.\w",
    r"\w://",
    r"\d(?:[\s().\-]*\d){4,}",
]


@given(TEXTS)
@example("ana@example.org")
@example("https://localhost:80/x")
@example("tg://user?id=1")
@example("call +34 600 12 34 56, or 4242 4242 4242 4242")
@example("dial 12345, or 123 456")
def test_nothing_in_it_can_be_pressed(text: str) -> None:
    sent = defuse(text)
    assert not any(re.search(pattern, sent) for pattern in PRESSED)
    assert find_entities(sent) == []


@given(TEXTS)
def test_without_the_joiners_it_is_the_logged_text(text: str) -> None:
    assert plain(defuse(text)) == plain(text)
    assert defuse(defuse(text)) == defuse(text)


@given(TEXTS)
def test_a_joiner_is_never_the_last_of_a_text(text: str) -> None:
    """So no message can be left with nothing else in it."""
    assert not defuse(text).endswith(JOINER)


@pytest.mark.parametrize(
    "text", ["Once upon a time, and then.", "12:34, in 1999", "well... no? yes!", "a / b", "5 $, # 3"]
)
def test_what_nobody_can_press_is_left_alone(text: str) -> None:
    assert defuse(text) == text
