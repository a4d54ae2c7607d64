"""Languages: every sentence that a person in a chat reads, in that person's own. Knows no Telegram.

In the code a sentence is English and marked with N_ (or with NN_, where it counts something); it is translated
where it is said, by the reader's Phrases. The catalogues are `locales/*.po`, read as they are: nothing to compile.
`make messages` brings them up to date with the code.
"""

import io
from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from string import Formatter

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from bot.errors import SentenceError

LOCALES = Path(__file__).parent / "locales"
SOURCE = "en"  # the language in the code
THIN = "\N{NARROW NO-BREAK SPACE}"  # between thousands: 4,000 is four in most of these languages, and 4.000 in English
LANGUAGES = {
    "en": "English",
    "es": "Español",
    "pt": "Português",
    "fr": "Français",
    "de": "Deutsch",
    "it": "Italiano",
    "ru": "Русский",
}


@dataclass(frozen=True)
class Counted:
    """A sentence that counts something: for one, and for any other number. Both have `{number}`."""

    one: str
    other: str


def N_(sentence: str) -> str:  # noqa: N802  gettext's own name
    """Marks a sentence for the catalogues; changes nothing."""
    return sentence


def NN_(one: str, other: str) -> Counted:  # noqa: N802
    """Marks a sentence that counts something."""
    return Counted(one, other)


class _Formatter(Formatter):
    """Writes numbers as they are read outside English."""

    def format_field(self, value: object, format_spec: str) -> str:
        text: str = super().format_field(value, format_spec)
        return text.replace(",", THIN) if format_spec.startswith(",") else text


class Phrases:
    """What the bot says, in one language. What has no translation is said in English."""

    def __init__(self, language: str, catalogue: NullTranslations) -> None:
        self.language = language
        self._catalogue = catalogue
        self._formatter = Formatter() if language == SOURCE else _Formatter()

    def __call__(self, sentence: str, **values: object) -> str:
        """The sentence, with the values in its `{places}`; nothing in a value is read as a place."""
        translated = self._catalogue.gettext(sentence)
        return self._formatter.format(translated, **values) if values else translated

    def count(self, sentence: Counted, number: int, **values: object) -> str:
        """The form of the sentence for this number."""
        form = self._catalogue.ngettext(sentence.one, sentence.other, number)
        return self._formatter.format(form, number=number, **values)

    def of(self, error: SentenceError) -> str:
        """An error as the person who caused it reads it."""
        return self(error.sentence, **error.values)


def phrases(tag: str | None) -> Phrases:
    """For a language by its IETF tag, such as `es` or `pt-BR`; English where we do not speak it."""
    language = (tag or SOURCE).replace("_", "-").partition("-")[0].lower()
    return _load(language if language in LANGUAGES else SOURCE)


def load_all() -> None:
    """Read every catalogue now, so that nobody waits for it later: blocks for some tens of milliseconds."""
    for language in LANGUAGES:
        _load(language)


@cache
def _load(language: str) -> Phrases:
    if language == SOURCE:
        return Phrases(language, NullTranslations())
    compiled = io.BytesIO()
    with (LOCALES / f"{language}.po").open("rb") as stream:
        write_mo(compiled, read_po(stream, Locale(language)))
    compiled.seek(0)
    return Phrases(language, GNUTranslations(compiled))
