"""Copying, variety and words, on texts small enough to count by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.originality import copied_share, distinct, known_share, longest_copy, originality, words

CORPUS = "the parrot sat on the wall and spoke of nothing but the weather"


def test_a_copy_is_found_whole_and_an_invention_not_at_all() -> None:
    assert originality([CORPUS], CORPUS).longest_copy == len(CORPUS)
    assert copied_share([CORPUS], CORPUS) == 1
    assert longest_copy(["XYZ"], CORPUS) == 0
    assert copied_share(["X" * 50], CORPUS) == 0


def test_the_longest_copy_by_hand() -> None:
    assert longest_copy(["a dog sat on the roof"], CORPUS) == len(" sat on the ")
    assert longest_copy(["Q", "the wall! nothing but!"], CORPUS) == len(" nothing but") - 1 + len(" ")


@given(st.text("ab", max_size=40), st.text("ab", max_size=80))
def test_the_longest_copy_is_that_of_trying_every_stretch(text: str, corpus: str) -> None:
    stretches = [text[a:b] for a in range(len(text)) for b in range(a + 1, len(text) + 1)]
    assert longest_copy([text], corpus) == max((len(s) for s in stretches if s in corpus), default=0)


def test_the_copied_share_by_hand() -> None:
    """`abcde` has the stretches abc, bcd and cde of three characters; bcd and cde stand in the corpus."""
    assert copied_share(["abcde"], "xbcdex", 3) == pytest.approx(2 / 3)
    assert copied_share(["abcde", "bcd"], "xbcdex", 3) == pytest.approx(3 / 4)
    assert copied_share(["ab"], "ab", 3) == 0


def test_distinct_runs_of_words_by_hand() -> None:
    """`a b a b a.` has 2 words out of 5, the pairs `a b` and `b a` out of 4, and 2 of 3 triples."""
    text = "A b a b a."
    assert [distinct([text], n) for n in (1, 2, 3)] == pytest.approx([2 / 5, 2 / 4, 2 / 3])
    assert distinct(["a b.", "b a."], 2) == 1, "no run goes from one text into the next"
    assert distinct([""], 1) == 0


def test_words_are_runs_of_letters_and_a_cut_one_is_none() -> None:
    assert words("Él dijo: “3 loros”, mamá_2 y par") == ["él", "dijo", "loros", "mamá", "y"]
    assert words("Стоп. 停止!") == ["стоп", "停止"]


def test_known_words_by_hand() -> None:
    assert known_share(["The parrot sang of weather."], CORPUS) == pytest.approx(4 / 5)
