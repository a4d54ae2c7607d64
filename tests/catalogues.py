"""The catalogues, brought up to date with the code: python -m tests.catalogues; what is new waits for a translation."""

from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from bot.languages import LANGUAGES, LOCALES, SOURCE

ROOT = Path(__file__).parent.parent
KEYWORDS = {"N_": None, "NN_": (1, 2)}
# What a translator's editor needs to know; no names and no dates.
_HEADER = r"""msgid ""
msgstr ""
"Language: {language}\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: {plurals}\n"

"""


def template() -> Catalog:
    """Every sentence that is marked in the code, with where it stands."""
    found = Catalog(project="Cotorra", charset="utf-8")
    rows = extract_from_dir(ROOT / "bot", [("**.py", "python")], keywords=KEYWORDS, comment_tags=("Translators:",))
    for name, _, sentence, comments, context in rows:
        found.add(sentence, locations=[(f"bot/{name}", None)], auto_comments=comments, context=context)
    return found


def catalogue(language: str) -> Catalog:
    """A language's catalogue as it is on disk; empty where there is none."""
    path = LOCALES / f"{language}.po"
    if not path.exists():
        return Catalog(Locale(language), project="Cotorra", charset="utf-8", fuzzy=False)
    with path.open("rb") as stream:
        return read_po(stream, Locale(language))


def update() -> dict[str, int]:
    """Write every catalogue anew; how many sentences of each wait for a translation."""
    waiting, marked = {}, template()
    for language in LANGUAGES.keys() - {SOURCE}:
        known = catalogue(language)
        known.update(marked, no_fuzzy_matching=True)
        known.obsolete.clear()
        known.fuzzy = False
        with (LOCALES / f"{language}.po").open("wb") as stream:
            stream.write(_HEADER.format(language=language, plurals=known.plural_forms).encode())
            write_po(stream, known, width=100, sort_output=True, omit_header=True)
        waiting[language] = sum(not any(texts(message.string)) for message in known if message.id)
    return waiting


def texts(string: object) -> list[str]:
    """A message's forms: one, or as many as the language has plurals."""
    return [str(form) for form in string] if isinstance(string, tuple | list) else [str(string or "")]


if __name__ == "__main__":
    print(*(f"{language}: {count} to translate" for language, count in sorted(update().items())), sep="\n")
