"""Text <-> ids, and what happens to a character never seen."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.errors import VocabularyError
from model.vocabulary import UNKNOWN_ID, Vocabulary

ASCII = Vocabulary(["\n", *map(chr, range(32, 127))])


@given(st.text(alphabet=st.sampled_from(ASCII.characters)))
def test_known_text_survives_the_round_trip(text: str) -> None:
    assert ASCII.decode(ASCII.encode(text).tolist()) == text


@given(st.text(alphabet=st.characters()))
def test_any_text_at_all_becomes_ids_in_range(text: str) -> None:
    ids = ASCII.encode(text)
    assert ids.dtype == np.int32
    assert ((ids >= 0) & (ids < len(ASCII))).all()
    assert len(ids) > 0 or not text


@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("Activación", "Activacion"),  # as one code point
        ("Activacio\u0301n", "Activacion"),  # as a letter and a mark
        ("ﬁn", "fin"),  # a ligature
        ("½", "12"),  # what is known of 1⁄2
        ("Ñandú", "Nandu"),
    ],
)
def test_an_unseen_character_is_read_in_its_plain_form(text: str, read_as: str) -> None:
    assert ASCII.decode(ASCII.encode(text).tolist()) == read_as


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("a\u0301ﬁ½"))))
def test_every_id_belongs_to_a_character_of_the_text(text: str) -> None:
    aligned = ASCII.align(text)
    assert "".join(character for character, _ in aligned) in (text, unicodedata.normalize("NFC", text))
    assert sum(count for _, count in aligned) == len(ASCII.encode(text))
    for character, count in aligned:
        assert count == len(ASCII.encode(character))


def test_an_accent_that_was_seen_is_kept() -> None:
    spanish = Vocabulary("aábñ")
    assert spanish.decode(spanish.encode("áñ").tolist()) == "áñ"
    assert spanish.decode(spanish.encode("a\u0301").tolist()) == "á"


@pytest.mark.parametrize("text", ["🦜", "й", "\0", "\ud800", "\u0301"])
def test_what_has_no_known_form_is_unknown(text: str) -> None:
    assert ASCII.encode(text).tolist() == [UNKNOWN_ID]


def test_unknown_is_never_written() -> None:
    assert ASCII.decode([UNKNOWN_ID, *ASCII.encode("hi").tolist(), UNKNOWN_ID]) == "hi"


@pytest.mark.parametrize("characters", [[], ["ab"], ["a", "a"], [""]])
def test_what_cannot_be_a_vocabulary_is_refused(characters: list[str]) -> None:
    with pytest.raises(VocabularyError, match="expected"):
        Vocabulary(characters)


@pytest.mark.parametrize("ids", [[-1], [10_000]])
def test_ids_outside_are_refused(ids: list[int]) -> None:
    with pytest.raises(VocabularyError, match="expected ids from 0 to 96"):
        ASCII.decode(ids)
