"""Which column of a table holds the text, and which the author; what a row of our own prompt log is."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from trainer.corpus.message import Message
from trainer.corpus.promptlog import NOT_ALLOWED, from_prompt, is_allowed, is_prompt_log
from trainer.corpus.source import printable
from trainer.errors import CorpusError

_TEXTS = ("text", "message", "content")
_AUTHORS = ("author", "from", "sender", "sender name", "user", "username", "name", "speaker", "autor", "user_id")

Row = Mapping[str, Any]
ToMessage = Callable[[Row], Message | None]


def choose_columns(names: Sequence[str], wanted: str | None, title: str) -> ToMessage:
    """How a row becomes a message, told from the names of its columns. Raises CorpusError naming them."""
    if wanted is None and is_prompt_log(names):
        return from_prompt
    text, is_ours = _column(names, wanted, title), is_prompt_log(names)
    author = next((name for name in names if name.strip().lower() in _AUTHORS and name != text), None)

    def to_message(row: Row) -> Message | None:
        value = row.get(text)
        if is_ours and not is_allowed(row):
            return NOT_ALLOWED
        if value is None or isinstance(value, dict | list | bool):
            return None
        who = row.get(author) if author else None
        return Message(str(value), author=str(who) if who not in (None, "") else None)

    return to_message


def _column(names: Sequence[str], wanted: str | None, title: str) -> str:
    candidates = _TEXTS if wanted is None else (wanted.strip().lower(),)
    if wanted in names:
        return str(wanted)
    for candidate in candidates:
        for name in names:
            if name.strip().lower() == candidate:
                return name
    there = ", ".join(repr(printable(name)[:40]) for name in list(names)[:20]) or "none"
    asked = f"a column {wanted!r}" if wanted is not None else f"a column {', '.join(_TEXTS[:-1])} or {_TEXTS[-1]}"
    raise CorpusError(
        f"expected {asked} in {title}, got {there}: name one with --column, or --plain to read it as text"
    )
