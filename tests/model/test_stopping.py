"""When a text is at its end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import ConfigError
from model.stopping import Ending, StopRule

WORDS = st.lists(st.sampled_from(["parrot", "says", "no.", "so!", "I", "well,", "“yes.”", "\n"]), max_size=200)


def end(rule: StopRule, text: str) -> tuple[str, str] | None:
    """The text as far as it is written, and why it ends there."""
    for written in range(1, len(text) + 1):
        if reason := rule.reason(text[:written]):
            return text[:written], reason
    return None


def test_a_length_is_exact() -> None:
    assert end(StopRule(7), "One. Two. Three.") == ("One. Tw", "length")


@pytest.mark.parametrize(
    ("text", "ending", "expected"),
    [
        (
            "a " * 30 + "So it ends. And goes on. " * 5,
            "sentence",
            ("a " * 30 + "So it ends. And goes on. ", "sentence"),
        ),
        ("a " * 40 + "“Indeed!” she said.", "sentence", ("a " * 40 + "“Indeed!” ", "sentence")),
        ("a " * 40 + "1.5 is no end\nof it", "sentence", ("a " * 40 + "1.5 is no end\n", "line")),
        ("a " * 40 + "是的。好", "sentence", ("a " * 40 + "是的。", "sentence")),
        ("a " * 40 + "One. Two.\nThree", "line", ("a " * 40 + "One. Two.\n", "line")),
        ("a" * 60 + " parrots" * 20, "sentence", ("a" * 60 + " parrots" * 8 + " ", "length")),
        ("a" * 300, "sentence", ("a" * 150, "length")),
    ],
)
def test_a_text_of_a_hundred_ends_well(text: str, ending: Ending, expected: tuple[str, str]) -> None:
    assert end(StopRule(100, ending), text) == expected


@given(WORDS, st.integers(1, 400), st.sampled_from(["sentence", "line"]))
def test_an_ending_is_near_the_wanted_length(words: list[str], length: int, ending: Ending) -> None:
    rule, text = StopRule(length, ending), " ".join(words)
    found = end(rule, text)
    if found is None:
        assert len(text) < length + 2 * rule.margin
    else:
        assert max(1, length - rule.margin) == rule.least <= len(found[0]) <= length + 2 * rule.margin
        assert found[1] != "length" or found[0][-1].isspace() or len(found[0]) == length + 2 * rule.margin


def test_a_stop_string_ends_a_text_at_once_and_is_not_shown() -> None:
    rule = StopRule(100, stops=("\nBob:", "###"))
    found = end(rule, "Ana: hello\nBob: hi")
    assert found == ("Ana: hello\nBob:", "stop string")
    assert rule.shown(found[0]) == "Ana: hello"


@given(st.text(alphabet="ab\n", max_size=30), st.lists(st.text(alphabet="ab\n", min_size=1, max_size=4), max_size=3))
def test_nothing_of_a_stop_string_is_shown_before_it_is_whole(text: str, stops: list[str]) -> None:
    rule = StopRule(1_000, stops=tuple(stops))
    written, reason = end(rule, text) or (text, None)
    final = rule.shown(written) if reason else written
    for length in range(len(written)):
        assert final.startswith(rule.shown(written[:length]))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((0,), "expected length from 1"),
        ((5, "word"), "expected an ending out of length, sentence, line, got 'word'"),
        ((5, "length", ("",)), "stop strings of 1 to 64"),
        ((5, "length", ("a",) * 9), "at most 8 stop strings"),
    ],
)
def test_what_is_no_rule_is_refused(arguments: tuple[int], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        StopRule(*arguments)
