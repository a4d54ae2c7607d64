"""The project's own prompt log, exported: what people wrote is learned, what the bot replied is not.

Learning from its own replies makes a voice duller with each generation; --column reply_text does it all the same.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from trainer.corpus.message import Message

NOT_ALLOWED = Message("", allowed=False)
_TEXT = "seed_text"
_ALSO = {"rng_seed", "fingerprint", "outcome", "asked_at"}  # at least two of these beside it
_NOT_WRITTEN = ("more", "again", "quiz", "duel")  # a press of a button, whose seed text is nobody's or an earlier one's
_CONSENT = ("consent", "consented")
_REFUSED = (
    False,
    None,
    0,
    "",
    "0",
    "false",
    "no",
    "none",
    "null",
    "refused",
    "denied",
    "unasked",
    "unknown",
    "withdrawn",
)
_FORMULA = tuple("=+-@\t\r＝＋－＠")
_AUTHORS = ("user_id", "user", "person")


def is_prompt_log(names: Iterable[str]) -> bool:
    """Whether rows with these fields are prompts."""
    fields = set(names)
    return _TEXT in fields and len(fields & _ALSO) >= 2


def from_prompt(row: Mapping[str, Any]) -> Message | None:
    """What somebody wrote; nothing where nobody did, and NOT_ALLOWED where the row says that they did not consent."""
    if not is_allowed(row):
        return NOT_ALLOWED
    text = row.get(_TEXT)
    if not isinstance(text, str) or row.get("kind") in _NOT_WRITTEN:
        return None
    return Message(_unguarded(text), _when(row.get("asked_at")), _first(row, _AUTHORS))


def _unguarded(text: str) -> str:
    """A CSV export has an apostrophe before what a spreadsheet would take for a formula; nobody wrote that."""
    rest = text[1:]
    is_guarded = text.startswith("'") and (rest.startswith(_FORMULA) or rest.lstrip().startswith(_FORMULA))
    return rest if is_guarded else text


def is_allowed(row: Mapping[str, Any]) -> bool:
    """Whether a row of a prompt log does not say that consent was refused; whichever of its columns is read."""
    return not any(_is_refusal(row[name]) for name in _CONSENT if name in row)


def _is_refusal(value: object) -> bool:
    return (value.strip().lower() if isinstance(value, str) else value) in _REFUSED


def _first(row: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    return next((str(row[name]) for name in names if row.get(name) not in (None, "")), None)


def _when(value: object) -> int | None:
    try:
        date = dt.datetime.fromisoformat(str(value))
        return int((date if date.tzinfo else date.replace(tzinfo=dt.UTC)).timestamp())
    except (ValueError, OverflowError):
        return None
