"""JSON Lines, or one JSON list: an object a row, one column's text of each."""

import json
from collections.abc import Iterator
from typing import Any

from trainer.corpus.columns import ToMessage, choose_columns
from trainer.corpus.jsonstream import JsonStream
from trainer.corpus.message import Message
from trainer.corpus.options import ReadingOptions
from trainer.corpus.source import Source
from trainer.errors import CorpusError


def read_jsonlines(source: Source, options: ReadingOptions) -> Iterator[Message]:
    """A message for each line with text in the chosen column. Raises CorpusError naming the line."""
    rows = _Rows(source.title, options.column)
    for number, line in source.lines():
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            what = error.msg if isinstance(error, json.JSONDecodeError) else "what cannot be read"
            raise CorpusError(
                f"expected a line of JSON in {source.title}, got {what} at line {number:,}: "
                "mend that line, or export the file again"
            ) from error
        if message := rows.message(row, f"line {number:,}"):
            yield message


def read_json_list(source: Source, options: ReadingOptions) -> Iterator[Message]:
    """The same for a list of objects. Raises CorpusError naming the element."""
    rows = _Rows(source.title, options.column)
    stream = JsonStream(source)
    for number, _ in enumerate(stream.elements(), 1):
        if message := rows.message(stream.value(), f"row {number:,}"):
            yield message
    if stream.peek():
        raise stream.malformed("more after the end")


class _Rows:
    """Rows that may differ in their fields: the columns are those of the first."""

    def __init__(self, title: str, column: str | None) -> None:
        self._title, self._column = title, column
        self._to_message: ToMessage | None = None

    def message(self, row: Any, place: str) -> Message | None:
        if not isinstance(row, dict):
            raise CorpusError(
                f"expected an object with named columns in {self._title}, got something else at {place}: "
                "export it again, or --plain to read it as text"
            )
        if self._to_message is None:
            self._to_message = choose_columns(list(row), self._column, self._title)
        return self._to_message(row)
