"""The data card of an export: what is in it, from when, under which consent, and what was masked; in Markdown."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib.metadata import version

from bot.log.filters import Filter
from bot.log.schema import Schema, Value
from bot.log.tally import Tally
from model.masking import PLACEHOLDERS

_MOST = 20  # lines of a list
_FORMATS = {
    "jsonl": "JSON Lines, UTF-8: an object a line, null for what is missing.",
    "csv": (
        "CSV (RFC 4180), UTF-8, with a header. Texts that a spreadsheet would take for a formula (they begin with `=`, "
        "`+`, `-` or `@`, also after spaces and line breaks, or with a tab or a carriage return) have an apostrophe "
        "before them; what is empty and what is missing look the same."
    ),
    "parquet": "Apache Parquet, compressed with Zstandard; the schema carries the meaning of each column.",
}


def data_card(tally: Tally, only: Filter, format_: str, name: str) -> str:
    """The card of an exported file."""
    title = f"# Data card of {name}\n"
    return "\n".join(
        [
            title,
            *_warning(only),
            *_about(tally, only, format_),
            *_consent(tally),
            *_masking(tally),
            *_schema(tally.schema),
        ]
    )


def _warning(only: Filter) -> list[str]:
    if only.consented:
        return []
    return [
        "> **For the operator's own eyes.** This export was made with `--all`: it holds the words of people who did",
        "> not allow them to be kept or used. Do not train on it, publish it or pass it on, and delete it soon.\n",
    ]


def _about(tally: Tally, only: Filter, format_: str) -> list[str]:
    about = {
        "format": _FORMATS[format_],
        "schema": f"`{tally.schema.name}`, below",
        "made": f"{_time(tally.taken_at)}, by Cotorra {version('cotorra')}; a consistent snapshot of the database",
        "chosen": _chosen(only, tally.schema.rows),
        tally.schema.rows: f"{tally.records:,}",
        "period": f"{_time(tally.first)} to {_time(tally.last)}" if tally.records else "none",
        "people": f"{len(tally.people - {None}):,}",
        "chats": f"{len(tally.chats - {None}):,}",
    }
    named = {"kinds": "kind", "outcomes": "outcome", "settings": "setting"}
    named |= {"kinds of chats": "chat_kind", "languages": "language"}
    about |= {title: _list(tally.counts[name]) for title, name in named.items() if name in tally.schema.places}
    return ["| | |", "|---|---|", *(f"| {key} | {_cell(value)} |" for key, value in about.items()), ""]


def _chosen(only: Filter, rows: str) -> str:
    said = {
        "at or after": None if only.since is None else _time(only.since),
        "before": None if only.until is None else _time(only.until),
        "of certain chats": len(only.chats) or None,
        "of certain people": len(only.people) or None,
        "kind": " or ".join(only.kinds) or None,
        "outcome": " or ".join(only.outcomes) or None,
        "temperature at least": only.min_temperature,
        "temperature at most": only.max_temperature,
    }
    parts = [f"{key} {value}" for key, value in said.items() if value is not None]
    return "; ".join([f"all {rows} whose authors allowed it" if only.consented else f"all {rows}", *parts])


def _consent(tally: Tally) -> list[str]:
    rows = tally.schema.rows
    lines = ["## Consent\n", f"{tally.counts['consent']['allowed']:,} of {tally.records:,} {rows} are covered.\n"]
    for key, count in tally.texts.most_common():
        sentence = tally.sentences.get(key, "(this sentence is not in the database any more)")
        lines.append(f"* Terms {key[0]}, shown in `{key[1]}`, {count:,} {rows}:\n\n  > {_cell(sentence)}\n")
    lines.append(
        "People may take their consent back at any time, and what they said before is then no longer covered: make "
        "the export anew before each use, and delete older ones.\n"
    )
    return lines


def _masking(tally: Tally) -> list[str]:
    codes = (
        "People and chats are codes, made from their Telegram ids with a key that stays in the bot's data folder; the "
        "same code is the same person or chat in every export from that folder. Names, user names and message ids are "
        "left out."
    )
    if not tally.schema.has_words:
        return ["## Personal data\n", f"{codes}\n"]
    rows = [f"| `{placeholder}` | {tally.found[placeholder]:,} |" for placeholder in PLACEHOLDERS]
    found = (
        f"In the texts of {tally.touched:,} prompts, personal data was found by its form and replaced; names "
        "in running text have no form and stay.\n"
    )
    return [
        "## Personal data\n",
        f"{codes} {found}",
        "| placeholder | times |",
        "|---|---|",
        *rows,
        "",
    ]


def _schema(schema: Schema) -> list[str]:
    rows = [f"| `{field.name}` | {field.type} | {_cell(field.meaning)} |" for field in schema.fields]
    return [f"## Schema {schema.name}\n", "| field | type | meaning |", "|---|---|---|", *rows, ""]


def _list(counts: Mapping[Value, int]) -> str:
    most = Counter(counts).most_common()
    shown = _joined(f"{value or 'unknown'} {count:,}" for value, count in most[:_MOST])
    return f"{shown}, and {len(most) - _MOST} more" if len(most) > _MOST else shown


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(parts) or "none"


def _cell(text: str) -> str:
    """One line without bars, so that no text breaks the table."""
    return " ".join(text.split()).replace("|", "\\|")


def _time(time: dt.datetime | None) -> str:
    return "" if time is None else f"{time.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"
