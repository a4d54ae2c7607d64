"""Readers: files and folders in any encoding that can be told, and corpora by name."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from trainer.corpus import open_corpus
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


class _Library(http.server.BaseHTTPRequestHandler):
    requests: list[str]
    body: bytes

    def do_GET(self) -> None:
        self.requests.append(self.path)
        self.send_response(200 if self.path == "/book.txt" else 404)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


@pytest.fixture
def library() -> Iterator[tuple[str, list[str]]]:
    requests: list[str] = []
    handler = type("Library", (_Library,), {"requests": requests, "body": TEXT.encode()})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", requests
        server.shutdown()
        thread.join()


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
