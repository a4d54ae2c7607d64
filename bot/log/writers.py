"""Writers of records: JSON Lines, CSV that no spreadsheet takes for formulas, Parquet."""

import csv
import datetime as dt
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, Protocol

from bot.errors import LogError
from bot.log.record import SCHEMA as PROMPTS
from bot.log.schema import Schema, Value

if TYPE_CHECKING:
    import pyarrow as pa

Format = Literal["jsonl", "csv", "parquet"]
Records = Sequence[tuple[Value, ...]]

# What makes a spreadsheet calculate; an apostrophe before it makes it read (OWASP, "CSV Injection"). Spaces and line
# breaks before it are no protection: some programs take them away.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_ROW_GROUP = 20_000  # records: some 10 MB before compression, which is what readers like and memory bears


class Writer(Protocol):
    """Takes records, some at a time."""

    def write(self, records: Records) -> None:
        """Raises OSError where they cannot be written."""
        ...


def writer(name: Format, stream: BinaryIO, schema: Schema = PROMPTS) -> AbstractContextManager[Writer]:
    """A writer of this format; what is left is written at the end. Raises LogError without pyarrow."""
    return {"jsonl": _json_lines, "csv": _csv, "parquet": _parquet}[name](stream, schema)


class _JsonLines:
    def __init__(self, stream: BinaryIO, schema: Schema) -> None:
        self._stream = stream
        self._names = schema.names
        self._encode = json.JSONEncoder(ensure_ascii=False, default=_iso).encode

    def write(self, records: Records) -> None:
        lines = [self._encode(dict(zip(self._names, record, strict=True))) + "\n" for record in records]
        self._stream.write("".join(lines).encode("utf-8"))


@contextmanager
def _json_lines(stream: BinaryIO, schema: Schema) -> Iterator[Writer]:
    yield _JsonLines(stream, schema)


class _Csv:
    """RFC 4180 in UTF-8, a header first; what is empty and what is missing look the same."""

    def __init__(self, stream: BinaryIO, schema: Schema) -> None:
        self._stream = stream
        self._buffer = io.StringIO(newline="")
        self._rows = csv.writer(self._buffer)
        self._rows.writerow(schema.names)

    def write(self, records: Records) -> None:
        self._rows.writerows([_cell(value) for value in record] for record in records)
        self.flush()

    def flush(self) -> None:
        self._stream.write(self._buffer.getvalue().encode("utf-8"))
        self._buffer.seek(0)
        self._buffer.truncate()


@contextmanager
def _csv(stream: BinaryIO, schema: Schema) -> Iterator[Writer]:
    rows = _Csv(stream, schema)
    yield rows
    rows.flush()


class _Parquet:
    def __init__(self, schema: "pa.Schema", stream: BinaryIO) -> None:
        from pyarrow.parquet import ParquetWriter

        self._schema = schema
        self._writer = ParquetWriter(stream, schema, compression="zstd")
        self._records: list[tuple[Value, ...]] = []

    def write(self, records: Records) -> None:
        self._records += records
        if len(self._records) >= _ROW_GROUP:
            self._write_group()

    def close(self) -> None:
        if self._records:
            self._write_group()
        self._writer.close()

    def _write_group(self) -> None:
        import pyarrow as pa

        columns = [list(column) for column in zip(*self._records, strict=True)]
        arrays = [pa.array(values, field.type) for values, field in zip(columns, self._schema, strict=True)]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        self._records = []


@contextmanager
def _parquet(stream: BinaryIO, schema: Schema) -> Iterator[Writer]:
    table = _Parquet(_arrow_schema(schema), stream)
    yield table
    table.close()


def _arrow_schema(schema: Schema) -> "pa.Schema":
    try:
        import pyarrow as pa
    except ImportError as error:
        raise LogError("expected pyarrow for Parquet: pip install 'cotorra[logs]'") from error
    types = {"integer": pa.int64(), "number": pa.float64(), "text": pa.string(), "time": pa.timestamp("us", tz="UTC")}
    fields = [pa.field(field.name, types[field.type], metadata={"meaning": field.meaning}) for field in schema.fields]
    return pa.schema(fields, metadata={"schema": schema.name})


def _cell(value: Value) -> Any:
    if isinstance(value, dt.datetime):
        return _iso(value)
    if isinstance(value, str) and (value.startswith(_FORMULA) or value.lstrip().startswith(_FORMULA)):
        return "'" + value
    return value


def _iso(value: object) -> str:
    if not isinstance(value, dt.datetime):
        raise TypeError(f"expected a time, got {type(value).__name__}")
    return value.isoformat()
