"""CSV and TSV: one column's text, row by row."""

import csv
import re
from collections.abc import Iterator

from trainer.corpus.columns import choose_columns
from trainer.corpus.message import Message
from trainer.corpus.options import ReadingOptions
from trainer.corpus.source import LONGEST_LINE, Source
from trainer.errors import CorpusError

_DELIMITERS = ",;\t|"
_TOLD = re.compile(r"sep=(.)", re.IGNORECASE)


def read_table(source: Source, options: ReadingOptions) -> Iterator[Message]:
    """A message for each row with text in the chosen column. Raises CorpusError naming the line."""
    csv.field_size_limit(LONGEST_LINE)  # of the whole process, which reads tables nowhere else
    rows = csv.reader(_whole_lines(source), delimiter=_delimiter(source), strict=True)
    try:
        names = next(rows, [])
        to_message = choose_columns(names, options.column, source.title)
        for row in rows:
            if not row:
                continue
            if len(row) != len(names):
                raise CorpusError(
                    f"expected {len(names)} fields in {source.title}, got {len(row)} at line {rows.line_num:,}: "
                    "mend that line, or export the table again"
                )
            if message := to_message(dict(zip(names, row, strict=True))):
                yield message
    except csv.Error as error:
        raise CorpusError(
            f"expected a table in {source.title}, got one broken at line {rows.line_num:,} ({error}): "
            "export it again, or --plain to read it as text"
        ) from error


def _whole_lines(source: Source) -> Iterator[str]:
    """Lines with their ends, as fields may hold them; what Excel puts before the header, `sep=;`, is none."""
    for number, line in source.lines():
        if number > 1 or not _TOLD.fullmatch(line):
            yield line + "\n"


def _delimiter(source: Source) -> str:
    """What separates the names of the columns."""
    if source.path.suffix.lower() in (".tsv", ".tab"):
        return "\t"
    header = next((line for _, line in source.lines()), "")
    if told := _TOLD.fullmatch(header):
        return told.group(1)
    bare = "".join(header.split('"')[::2])  # what stands in quotation marks separates nothing
    return max(_DELIMITERS, key=bare.count)
