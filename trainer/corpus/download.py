"""A text at an http or https address, brought to a temporary file that is gone after reading."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

import httpx

from trainer.corpus.source import Source, printable
from trainer.errors import CorpusError

LARGEST = 4 << 30  # bytes
_SILENCE = 30.0  # seconds without a byte
_LONGEST = 3600.0  # seconds in all, for a server that sends a byte now and then


def is_address(source: str) -> bool:
    """Whether a source is to be fetched."""
    return source.lower().startswith(("http://", "https://"))


def address_name(address: str) -> str:
    """What to call it where others read: no password, no query, which may hold a token."""
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        return "an address"
    return printable(PurePosixPath(url.path).name or url.host)


@contextmanager
def downloaded(
    address: str, encoding: str | None = None, largest: int = LARGEST, scratch: Path | None = None
) -> Iterator[Source]:
    """The file, there for as long as it is needed. Raises CorpusError."""
    title = _shown(address)
    with tempfile.TemporaryDirectory(prefix=".cotorra-download-", dir=scratch) as folder:
        path = Path(folder, "download")
        try:
            with path.open("wb") as file:
                page = _fetch(address, title, file, largest)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as error:
            raise CorpusError(
                f"cannot download {title} ({_reason(error)}): check the address and the connection, "
                "or download it yourself and name the file"
            ) from error
        source = Source(title, PurePosixPath(address_name(address)), lambda: path.open("rb"), encoding, path)
        if page and b'class="history"' not in source.head():
            raise CorpusError(f"expected a text at {title}, got a web page: name the address of the text itself")
        yield source


def _fetch(address: str, title: str, file: IO[bytes], largest: int) -> bool:
    """Write the answer; whether it calls itself a web page."""
    deadline, count = time.monotonic() + _LONGEST, 0
    with httpx.stream("GET", address, follow_redirects=True, timeout=_SILENCE) as answer:
        answer.raise_for_status()
        for chunk in answer.iter_bytes():
            count += len(chunk)
            if count > largest:
                raise CorpusError(f"expected at most {largest:,} bytes from {title}, got more: name a smaller text")
            if time.monotonic() > deadline:
                raise CorpusError(f"expected {title} within {_LONGEST / 60:.0f} minutes: download it yourself")
            file.write(chunk)
        return "html" in answer.headers.get("content-type", "").partition(";")[0]


def _reason(error: Exception) -> str:
    """What went wrong, without the address, which may hold a password."""
    if isinstance(error, httpx.HTTPStatusError):
        return f"{error.response.status_code} {printable(error.response.reason_phrase)}".strip()
    if isinstance(error, httpx.InvalidURL | ValueError):
        return "no such address can be"
    return printable(str(error).partition("\n")[0]) or type(error).__name__


def _shown(address: str) -> str:
    """The address without what may be secret."""
    try:
        url = httpx.URL(address)
        return printable(url.copy_with(userinfo=b"", query=None, fragment=None))
    except (httpx.InvalidURL, ValueError):
        return "the address"
