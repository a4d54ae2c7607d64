"""Which reader a file needs, told from its first bytes, and from its name only where bytes do not tell."""

import json
import re
from collections.abc import Callable, Iterator

from trainer.corpus.jsonlines import read_json_list, read_jsonlines
from trainer.corpus.message import Message, Piece
from trainer.corpus.options import ReadingOptions
from trainer.corpus.source import Source
from trainer.corpus.table import read_table
from trainer.corpus.telegram_html import is_telegram_html, read_telegram_html
from trainer.corpus.telegram_json import is_telegram_json, read_telegram_json
from trainer.corpus.text import read_text
from trainer.corpus.whatsapp import is_whatsapp, read_whatsapp
from trainer.errors import CorpusError

Reader = Callable[[Source, ReadingOptions], Iterator[Piece]]
_TABLES = (".csv", ".tsv", ".tab")
_JSON_LINES = (".jsonl", ".ndjson")
_OBJECT = re.compile(r'\s*\{\s*(?:"|\})')
_LIST = re.compile(r"\s*\[\s*\{")
_ANY_JSON = re.compile(r"\s*[\[{]")
_PAGES = (".html", ".htm", ".xhtml")
_ANY_PAGE = re.compile(r"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)


def choose_reader(source: Source, options: ReadingOptions, alone: bool = True) -> Reader:
    """The reader for a file. alone: it was named by itself, so JSON of some other program is not meant as text.

    Raises CorpusError for a file that cannot be read, for such JSON, and for a web page.
    """
    if options.plain or source.is_binary():
        return read_text
    head = source.beginning()
    suffix = source.path.suffix.lower()
    if is_telegram_json(head):
        return read_telegram_json
    if is_telegram_html(head):
        return _one_page
    if is_whatsapp(head):
        return read_whatsapp
    if suffix in _TABLES:
        return read_table
    if suffix in _JSON_LINES or (_OBJECT.match(head) and _is_json_line(head, options)):
        return read_jsonlines
    if _LIST.match(head) and (suffix == ".json" or options.column):
        return read_json_list
    if alone and suffix == ".json" and _ANY_JSON.match(head):
        raise CorpusError(
            f"expected Telegram's result.json or JSON Lines in {source.title}, got other JSON: "
            "export the chat from Telegram Desktop, or --plain to read it as text"
        )
    if is_page(source, head):
        raise CorpusError(
            f"expected a page of a Telegram export in {source.title}, got another or a damaged one: export the chat "
            "again, save the page as text, or --plain to read it with its tags"
        )
    return read_table if options.column and alone else read_text


def is_page(source: Source, head: str) -> bool:
    """Whether a file that begins so is a web page, of whatever program."""
    return source.path.suffix.lower() in _PAGES or bool(_ANY_PAGE.match(head))


def _one_page(source: Source, options: ReadingOptions) -> Iterator[Message]:
    return read_telegram_html([source], options)


def _is_json_line(head: str, options: ReadingOptions) -> bool:
    """Whether the first line is an object of its own, and another follows or a column was asked for."""
    first, _, rest = head.strip().partition("\n")
    try:
        row = json.loads(first)
    except (ValueError, RecursionError):
        return False
    return isinstance(row, dict) and (bool(_OBJECT.match(rest)) or options.column is not None)
