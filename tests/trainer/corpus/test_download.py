"""Texts and chats at an address, from a real server."""

import gzip
from collections.abc import Iterator

import pytest

from tests.trainer.corpus.learned import learned
from tests.trainer.corpus.server import Page, serving
from tests.trainer.corpus.test_telegram_json import GROUP
from trainer.corpus import open_corpus
from trainer.corpus.download import downloaded
from trainer.errors import CorpusError

PAGES = {
    "/book.txt": Page("Señor Cotorra\r\n".encode()),
    "/old.txt": Page("Señor Cotorra\n".encode("latin-1")),
    "/book.txt.gz": Page(gzip.compress(b"packed")),
    "/export/result.json": Page(GROUP.encode(), headers={"Content-Type": "application/json"}),
    "/table.csv": Page(b"id,text\n1,fila\n"),
    "/moved": Page(status=302, headers={"Location": "/book.txt"}),
    "/around": Page(status=302, headers={"Location": "/around"}),
    "/to-disk": Page(status=302, headers={"Location": "file:///etc/hostname"}),
    "/page": Page(b"<html>Not found, but politely</html>", headers={"Content-Type": "text/html; charset=utf-8"}),
    "/packed": Page(gzip.compress(b"x" * 3000), headers={"Content-Encoding": "gzip"}),
    "/garbled": Page(b"no gzip at all", headers={"Content-Encoding": "gzip"}),
    "/short": Page(b"half", length=100),
}


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with serving(PAGES) as (address, _):
        yield address


def test_a_text_at_an_address(site: str) -> None:
    assert learned(f"{site}/book.txt") == learned(f"{site}/moved") == "Señor Cotorra\n"
    assert learned(f"{site}/old.txt", encoding="latin-1") == "Señor Cotorra\n"


def test_it_is_read_as_what_it_is(site: str) -> None:
    assert learned(f"{site}/book.txt.gz") == "packed"
    assert learned(f"{site}/export/result.json").startswith("¿Qué tal")
    assert learned(f"{site}/table.csv") == "fila\n"


def test_its_name_tells_nothing_secret(site: str) -> None:
    address = f"{site}/book.txt?token=secret".replace("http://", "HTTP://ana:secret@")
    assert open_corpus([address]).name == "book.txt"
    assert learned(address) == "Señor Cotorra\n"
    with pytest.raises(CorpusError) as refused:
        learned(address.replace("book", "none"))
    assert "none.txt (404 Not Found)" in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/none.txt", "404 Not Found"),
        ("/around", "redirects"),
        ("/to-disk", "protocol"),
        ("/page", "got a web page: name the address of the text itself"),
        ("/garbled", "cannot download"),
        ("/short", "cannot download"),
    ],
)
def test_what_cannot_be_had_is_told_in_a_sentence(site: str, path: str, sentence: str) -> None:
    with pytest.raises(CorpusError) as refused:
        learned(site + path)
    assert sentence in str(refused.value)
    assert site + path in str(refused.value)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1/x", "http://", "http://[", "https://exa mple/", "http://x\0y/"]
)
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(CorpusError, match=r"cannot download .*check the address"):
        learned(address)


def test_no_more_is_taken_than_the_bound_even_if_it_came_packed(site: str) -> None:
    with (
        pytest.raises(CorpusError, match="expected at most 1,000 bytes from"),
        downloaded(f"{site}/packed", None, 1000),
    ):
        pass


def test_the_file_is_gone_once_it_is_read(site: str) -> None:
    with downloaded(f"{site}/book.txt") as source:
        assert source.file is not None
        assert source.file.is_file()
    assert not source.file.parent.exists()
