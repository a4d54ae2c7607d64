"""Readers: files and folders in any encoding that can be told, and corpora by name."""

import hashlib
import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.trainer.corpus.server import Page, serving
from trainer.corpus import ReadingOptions, open_corpus
from trainer.corpus.named import Download, fetch
from trainer.errors import CorpusError

TEXT = "Señor Cotorra dice: ¡hola!\nY nada más.\n"


def read(path: Path, encoding: str | None = None) -> str:
    return "".join(open_corpus([str(path)], encoding).pieces)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_an_encoding_that_tells_itself_is_understood(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_text(TEXT, encoding)
    assert read(tmp_path / "a.txt") == TEXT


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16-le"])
def test_any_other_is_named(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_text(TEXT, encoding)
    assert read(tmp_path / "a.txt", encoding) == TEXT


def test_a_wrong_encoding_says_which_byte(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x" * 3_000_000 + "ñ".encode("latin-1") + b"x")
    with pytest.raises(CorpusError, match=r"got byte 0xF1 at byte 3,000,000: .*--encoding"):
        read(tmp_path / "a.txt")


def test_a_text_that_ends_within_a_character_says_where(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"abc\xc3")
    with pytest.raises(CorpusError, match="got byte 0xC3 at byte 3"):
        read(tmp_path / "a.txt")


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(bytes(range(256)))
    with pytest.raises(CorpusError, match=r"expected text, got NUL bytes in .*a\.bin"):
        read(tmp_path / "a.bin")


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.4\n1 0 obj\n", "a PDF document"),
        (b"{\\rtf1\\ansi Hello}", "an RTF document"),
        (b"\x89PNG\r\n\x1a\n\0", "a picture"),
        (b"\xff\xd8\xff\xe0", "a picture"),
        (b"SQLite format 3\0\x10", "a SQLite database"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document of an old Office program"),
        (b"BZh91AY", "a bzip2 archive"),
        (b"notes.txt".ljust(257, b"\0") + b"ustar\x0000", "a tar archive"),
    ],
)
def test_another_programs_file_is_called_what_it_is_and_passed_over_in_a_folder(
    tmp_path: Path, data: bytes, kind: str
) -> None:
    (tmp_path / "a.txt").write_bytes(data)
    remedy = "unpack it and name what was in it" if "archive" in kind else "save it as text and name that"
    for encoding in (None, "latin-1"):
        with pytest.raises(CorpusError, match=rf"expected text, got {kind}, .*a\.txt: {remedy}"):
            read(tmp_path / "a.txt", encoding)
    (tmp_path / "b.txt").write_text("two")
    assert read(tmp_path) == "two\n"


def test_a_folder_of_many_encodings_needs_the_name_of_that_which_does_not_tell_itself(tmp_path: Path) -> None:
    for name, encoding in {"a": "utf-16", "b": "utf-8-sig", "c": "latin-1", "d": "utf-32"}.items():
        (tmp_path / f"{name}.txt").write_text(TEXT, encoding)
    (tmp_path / "e.bin").write_bytes(b"\0\1\2")
    with pytest.raises(CorpusError, match=r"expected utf-8 in .*c\.txt, got byte 0xF1 at byte 2: name the file's"):
        read(tmp_path)
    assert read(tmp_path, "latin-1") == (TEXT + "\n") * 4


@pytest.mark.parametrize("page", ["<!DOCTYPE html>\n<html><body><p>Hello</p>", "\n<HTML><p>Hello", "<p>Hello there"])
def test_a_web_page_is_no_text_unless_it_is_asked_for_as_one(tmp_path: Path, page: str) -> None:
    (tmp_path / "page.html").write_text(page)
    with pytest.raises(CorpusError, match=r"expected a page of a Telegram export in .*page\.html, got another or a "):
        read(tmp_path / "page.html")
    assert "".join(open_corpus([str(tmp_path / "page.html")], options=ReadingOptions(plain=True)).pieces) == page
    (tmp_path / "a.txt").write_text("one")
    assert read(tmp_path) == "one\n"
    (tmp_path / "page.html").rename(tmp_path / "messages2.html")
    with pytest.raises(CorpusError, match=r"messages2\.html, got another or a damaged one"):
        read(tmp_path)


def test_an_encoding_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(CorpusError, match="expected an encoding such as latin-1, got 'klingon'"):
        read(tmp_path / "a.txt", "klingon")


def test_newlines_and_accents_come_in_one_form(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("a\r\nb\rcafe\u0301".encode())
    assert read(tmp_path / "a.txt") == "a\nb\ncafé"


def test_a_letter_and_its_mark_are_joined_over_the_seam_of_two_pieces(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x" * ((1 << 20) - 1) + "e\u0301", "utf-8")
    assert read(tmp_path / "a.txt").endswith("xé")


def test_a_folder_is_read_in_order_without_hidden_and_binary_files(tmp_path: Path) -> None:
    for name, data in {
        "b.txt": b"two",
        "a.md": b"one",
        ".hidden": b"no",
        "c.png": b"\0\1",
        "d/e.txt": b"three",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    (tmp_path / "d" / "loop").symlink_to(tmp_path)
    assert read(tmp_path) == "one\ntwo\nthree\n"


def test_a_folder_without_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.png").write_bytes(b"\0")
    with pytest.raises(CorpusError, match="expected text files in the folder"):
        read(tmp_path)


def test_a_pipe_in_a_folder_is_passed_over_and_alone_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "a.txt").write_text("one")
    assert read(tmp_path) == "one\n"
    with pytest.raises(CorpusError, match=r"expected a file or a folder, got .*pipe, which is neither"):
        read(tmp_path / "pipe")


def test_a_text_of_two_names_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "a.u8").symlink_to("a.txt")
    (tmp_path / "b.txt").write_text("two")
    assert read(tmp_path) == "one\ntwo\n"


def test_a_link_to_itself_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "gone").symlink_to("nowhere")
    (tmp_path / "a.txt").write_text("one")
    assert read(tmp_path) == "one\n"
    with pytest.raises(CorpusError, match="there is no such thing"):
        read(tmp_path / "loop")


def test_a_nul_far_into_a_text_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"x" * (3 << 20) + b"\0")
    with pytest.raises(CorpusError, match=r"got NUL bytes in .*a\.txt after byte 3,145,728"):
        read(tmp_path / "a.txt")


def test_a_korean_syllable_is_joined_wherever_it_stands(tmp_path: Path) -> None:
    text = "한국어 " * 2000
    (tmp_path / "a.txt").write_text(unicodedata.normalize("NFD", text), "utf-8")
    assert read(tmp_path / "a.txt") == text


@pytest.mark.timeout(60)  # a moment; where time grows with the square of the length, minutes
def test_a_letter_under_half_a_million_marks_takes_no_endless_time(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("e" + "\u0300\u0316" * 250_000, "utf-8")
    assert len(read(tmp_path / "a.txt")) > 400_000


@pytest.mark.parametrize("encoding", ["rot13", "zlib", "base64", "undefined", "x\0y", "klingon", "../x"])
def test_what_turns_bytes_into_no_text_is_no_encoding(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(CorpusError, match="expected an encoding such as latin-1, got"):
        read(tmp_path / "a.txt", encoding)


def test_a_gigantic_line_of_text_is_just_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("palabra " * (3 << 20))
    assert len(read(tmp_path / "a.txt")) == 24 << 20


def test_a_source_that_does_not_exist_is_refused_at_once() -> None:
    with pytest.raises(
        CorpusError, match="expected a file, a folder, an http address or one of python-docs, tinyshakespeare, quijote"
    ):
        open_corpus(["no-such-thing"])


def test_the_docs_of_python_need_no_download() -> None:
    text = "".join(open_corpus(["python-docs"]).pieces)
    assert 'The "assert" statement' in text
    assert len(text) > 300_000


def test_several_sources_make_one_corpus(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).write_text(name)
    corpus = open_corpus([str(tmp_path / "b"), str(tmp_path / "a")])
    assert (corpus.name, "".join(corpus.pieces)) == ("b + a", "ba")


@pytest.fixture
def library() -> Iterator[tuple[str, list[str]]]:
    with serving({"/book.txt": Page(TEXT.encode())}) as site:
        yield site


def test_a_classic_is_downloaded_once(library: tuple[str, list[str]], tmp_path: Path) -> None:
    address, requests = library
    book = Download("book", f"{address}/book.txt", hashlib.sha256(TEXT.encode()).hexdigest())
    assert fetch(book, tmp_path / "cache").read_text("utf-8") == TEXT
    assert fetch(book, tmp_path / "cache").read_text("utf-8") == TEXT
    assert requests == ["/book.txt"]


def test_a_damaged_cache_is_downloaded_again(library: tuple[str, list[str]], tmp_path: Path) -> None:
    address, requests = library
    book = Download("book", f"{address}/book.txt", hashlib.sha256(TEXT.encode()).hexdigest())
    fetch(book, tmp_path).write_text("damaged")
    assert fetch(book, tmp_path).read_text("utf-8") == TEXT
    assert len(requests) == 2


def test_another_file_than_expected_is_not_kept(library: tuple[str, list[str]], tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="expected SHA-256 0000"):
        fetch(Download("book", f"{library[0]}/book.txt", "0" * 64), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["/missing.txt", ":1/"])
def test_a_failed_download_says_what_to_do(library: tuple[str, list[str]], tmp_path: Path, path: str) -> None:
    url = "http://127.0.0.1:1/" if path == ":1/" else library[0] + path
    with pytest.raises(CorpusError, match=r"cannot download book from .*: check the connection"):
        fetch(Download("book", url), tmp_path)
    assert list(tmp_path.iterdir()) == []
