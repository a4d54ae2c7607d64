"""Whatever bytes a file has: text comes out, or one sentence that says why not; never anything else."""

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.trainer.corpus.learned import learned
from tests.trainer.corpus.test_tables import prompt
from tests.trainer.corpus.test_telegram_html import DAY, END, FORWARD, TOP, said
from tests.trainer.corpus.test_telegram_json import GROUP
from tests.trainer.corpus.test_whatsapp import ANDROID_SPAIN, ANDROID_USA, IPHONE_GERMANY
from trainer.corpus import jsonlines, table, telegram_html, telegram_json, whatsapp
from trainer.corpus.message import Message
from trainer.corpus.options import ReadingOptions
from trainer.corpus.source import Source
from trainer.errors import CorpusError


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_chat.txt", IPHONE_GERMANY)
        archive.writestr("a.csv", "id,text\n1,hola\n")
    return buffer.getvalue()


VALID = {
    "result.json": GROUP.encode(),
    "messages.html": (TOP + DAY + said(1, "Ana", "hola<br>tú") + said(2, None, "&lt;3") + FORWARD + END).encode(),
    "android.txt": ANDROID_SPAIN.encode(),
    "american.txt": ANDROID_USA.encode(),
    "iphone.txt": IPHONE_GERMANY.encode(),
    "rows.csv": b'id;author;text\n1;Ana;"uno\ndos"\n2;Luis;tres\n',
    "rows.jsonl": b'{"text": "uno", "n": 1}\n{"text": "dos"}\n',
    "rows.json": b'[{"text": "uno"}, {"text": "dos"}]',
    "export.jsonl": str(prompt(1, "Domingo")).replace("'", '"').encode() + b"\n",
    "book.txt": "Señor Cotorra\nfin\n".encode(),
    "book.txt.gz": gzip.compress("Señor Cotorra\n".encode(), mtime=0),
    "chats.zip": _zip(),
}
Reader = Callable[[Source, ReadingOptions], Iterator[Message]]
READERS: list[Reader] = [
    telegram_json.read_telegram_json,
    lambda source, options: telegram_html.read_telegram_html([source], options),
    whatsapp.read_whatsapp,
    table.read_table,
    jsonlines.read_jsonlines,
    jsonlines.read_json_list,
]
JUNK = [
    '"',
    "[",
    "{",
    "<div>",
    "</div>",
    "\n",
    "\u200e",
    "1/1/24, 0:00 - ",
    "\0",
    "<![",
    "&#x110000;",
    "\\ud800",
    ";",
    "𝟙",
]
MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
FEW = settings(MANY, max_examples=60)


def in_utf_8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def read_or_refuse(path: Path, data: bytes, **options: object) -> str:
    path.write_bytes(data)
    before = set(path.parent.iterdir())
    text, sentence = "", ""
    try:
        text = learned(path, **options)
    except CorpusError as refused:
        sentence = str(refused)
    assert sentence.isprintable(), sentence
    assert not sentence or path.name.partition(".")[0] in sentence
    assert set(path.parent.iterdir()) == before
    text.encode("utf-8")  # no half surrogates
    return text


@pytest.mark.parametrize("name", VALID)
def test_what_the_fuzzing_starts_from_is_valid(tmp_path: Path, name: str) -> None:
    assert read_or_refuse(tmp_path / name, VALID[name])


@MANY
@given(st.sampled_from(sorted(VALID)), st.binary(max_size=300), st.booleans())
def test_any_bytes_under_any_name(tmp_path: Path, name: str, data: bytes, speakers: bool) -> None:
    read_or_refuse(tmp_path / name, data, speakers=speakers)


@MANY
@given(st.sampled_from(READERS), st.binary(max_size=300) | st.text(max_size=300).map(in_utf_8))
def test_any_bytes_to_any_reader(tmp_path: Path, reader: Reader, data: bytes) -> None:
    path = tmp_path / "fuzz.bin"
    path.write_bytes(data)
    messages: list[Message] = []
    sentence = "fuzz.bin"
    try:
        messages += reader(Source.of_file(path), ReadingOptions())
    except CorpusError as refused:
        sentence = str(refused)
    assert "fuzz.bin" in sentence
    assert all(isinstance(message, Message) for message in messages)


@pytest.mark.parametrize("name", VALID)
@FEW
@given(share=st.floats(0, 1))
def test_a_file_cut_off_anywhere(tmp_path: Path, name: str, share: float) -> None:
    read_or_refuse(tmp_path / name, VALID[name][: int(len(VALID[name]) * share)])


@pytest.mark.parametrize("name", VALID)
@FEW
@given(flips=st.lists(st.tuples(st.floats(0, 0.9999), st.integers(1, 255)), min_size=1, max_size=4))
def test_a_file_with_bytes_flipped(tmp_path: Path, name: str, flips: list[tuple[float, int]]) -> None:
    data = bytearray(VALID[name])
    for share, change in flips:
        data[int(share * len(data))] ^= change
    read_or_refuse(tmp_path / name, bytes(data))


@pytest.mark.parametrize("name", VALID)
@FEW
@given(place=st.floats(0, 1), junk=st.sampled_from(JUNK))
def test_a_file_with_something_put_in(tmp_path: Path, name: str, place: float, junk: str) -> None:
    at = int(place * len(VALID[name]))
    read_or_refuse(tmp_path / name, VALID[name][:at] + junk.encode() + VALID[name][at:])
