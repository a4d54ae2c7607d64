"""Corpora by name: python-docs, which every Python carries, and classics downloaded once, verified."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import platformdirs

from trainer.corpus.source import Source
from trainer.errors import CorpusError

_LARGEST = 64 << 20  # bytes; both classics together are under 4 MB


@dataclass(frozen=True)
class Download:
    """A text on the web; sha256 is None where the publisher revises the file now and then."""

    name: str
    url: str
    sha256: str | None = None


DOWNLOADS = (
    Download(
        "tinyshakespeare",
        "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
        "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    ),
    Download("quijote", "https://www.gutenberg.org/cache/epub/2000/pg2000.txt"),
)
NAMED = ("python-docs", *(download.name for download in DOWNLOADS))


def read_named(name: str) -> Iterator[str]:
    """The text of a well-known name, downloaded to the user's cache the first time. Raises CorpusError."""
    if name == "python-docs":
        yield from _python_docs()
        return
    download = next(download for download in DOWNLOADS if download.name == name)
    yield from Source.of_file(fetch(download, platformdirs.user_cache_path("cotorra"))).pieces()


def fetch(download: Download, cache: Path) -> Path:
    """The file in the cache folder, downloaded if it is not there yet, its checksum verified each time.

    Raises CorpusError where there is no connection, or where what came is not what was expected.
    """
    target = cache / f"{download.name}.txt"
    if target.is_file():
        if download.sha256 in (None, hashlib.sha256(target.read_bytes()).hexdigest()):
            return target
        target.unlink()  # a damaged cache is no more than a missing one
    try:
        data = _get(download)
        cache.mkdir(parents=True, exist_ok=True)
        _write_whole(target, data)
    except (httpx.HTTPError, OSError) as error:
        raise CorpusError(
            f"cannot download {download.name} from {download.url} ({str(error).partition(chr(10))[0]}): "
            "check the connection, or download it yourself and name the file"
        ) from error
    return target


def _get(download: Download) -> bytes:
    data = bytearray()
    with httpx.stream("GET", download.url, follow_redirects=True, timeout=60) as answer:
        answer.raise_for_status()
        for piece in answer.iter_bytes():
            data += piece
            if len(data) > _LARGEST:
                raise CorpusError(f"expected at most {_LARGEST >> 20} MiB from {download.url}, got more")
    actual = hashlib.sha256(data).hexdigest()
    if download.sha256 not in (None, actual):
        raise CorpusError(
            f"expected SHA-256 {download.sha256} from {download.url}, got {actual}: the file has changed; "
            "download it yourself and name the file if you trust it"
        )
    return bytes(data)


def _write_whole(target: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    Path(name).replace(target)


def _python_docs() -> Iterator[str]:
    """The language topics of the running Python's help(): prose mixed with code, some 700,000 characters."""
    from pydoc_data.topics import topics

    for _, text in sorted(topics.items()):
        yield text.strip() + "\n\n"
