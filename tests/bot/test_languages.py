"""What people read, in their own language: every catalogue is whole, and its sentences have the same places."""

import re
import string

import pytest

from bot.errors import TurnRefused
from bot.languages import LANGUAGES, LOCALES, N_, NN_, SOURCE, phrases
from tests.catalogues import catalogue, template, texts

TRANSLATIONS = sorted(LANGUAGES.keys() - {SOURCE})


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_there_is_a_catalogue_for_every_language_and_no_other() -> None:
    assert sorted(path.stem for path in LOCALES.glob("*.po")) == TRANSLATIONS


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_catalogue_has_the_sentences_of_the_code_and_no_others(language: str) -> None:
    assert {message.id for message in catalogue(language)} == {message.id for message in template()}, (
        "run make messages"
    )


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_every_sentence_is_translated_with_its_places(language: str) -> None:
    for message in catalogue(language):
        if not message.id:
            continue
        assert not message.fuzzy
        for original in texts(message.id)[-1:]:
            for text in texts(message.string):
                assert text.strip(), f"no translation of {original!r}"
                assert places(text) == places(original), text


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_catalogue_has_as_many_plurals_as_its_language(language: str) -> None:
    known = catalogue(language)
    for message in known:
        if message.pluralizable and message.id:
            assert len(texts(message.string)) == known.num_plurals


def test_in_french_no_line_begins_with_a_mark() -> None:
    for message in catalogue("fr"):
        for text in texts(message.string):
            assert not re.search(" [:;?!»]|« ", text), f"expected a no-break space: {text!r}"


@pytest.mark.parametrize(
    ("tag", "language"), [("es", "es"), ("es-AR", "es"), ("PT_br", "pt"), ("ca", "en"), ("", "en"), (None, "en")]
)
def test_a_language_is_told_by_the_beginning_of_its_tag(tag: str | None, language: str) -> None:
    assert phrases(tag).language == language


def test_what_has_no_translation_is_said_in_english() -> None:
    assert phrases("ru")("Nobody translated {this}.", this="{that}") == "Nobody translated {that}."


def test_a_sentence_that_counts_has_a_form_for_one_and_for_many() -> None:
    counted = NN_("{number} parrot", "{number} parrots")
    assert [phrases("en").count(counted, number) for number in (0, 1, 2)] == ["0 parrots", "1 parrot", "2 parrots"]


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_a_thousand_is_none_that_is_read_as_one(language: str) -> None:
    counted = NN_("{number:,} of {all:,}", "{number:,} of {all:,}")
    assert phrases("en")("{number:,}", number=465_049) == "465,049"
    assert phrases(language)("{number:,} and {text}", number=465_049, text="a, b") == "465\u202f049 and a, b"
    assert phrases(language).count(counted, 4_000, all=12_000_000) == "4\u202f000 of 12\u202f000\u202f000"


def test_an_error_is_said_in_the_language_of_who_caused_it() -> None:
    refusal = TurnRefused(N_("This button is for somebody else."))
    assert phrases("es").of(refusal) != str(refusal)
    assert phrases("en").of(TurnRefused("{count} wait", count=3)) == "3 wait"
