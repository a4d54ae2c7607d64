""".gz and .zip, unpacked as they are read: nothing is written to disk, and no bomb goes off."""

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from trainer.corpus.source import ByteStream, Source, printable
from trainer.errors import CorpusError

GZIP, ZIP = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06")
LARGEST = 64 << 30  # bytes unpacked
UNSUSPICIOUS = 64 << 20  # bytes unpacked, below which no ratio is asked about
RATIO = 200  # bytes out of one; text packs to a tenth, a bomb to a thousandth
_MOST_MEMBERS = 50_000
_LONGEST_NAME = 4_096  # characters, the longest path of any system; a name of 20,000 folders takes many seconds
_BROKEN = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError)
_FOREIGN = ("[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF", "AndroidManifest.xml")


class _Budget:
    """How much an archive may unpack to, whatever its members claim."""

    def __init__(self, title: str, packed: int) -> None:
        self.title = title
        self._allowed = min(LARGEST, max(UNSUSPICIOUS, RATIO * packed))
        self._farthest: dict[int, int] = {}  # by member: a second reading costs nothing
        self._total = 0

    def reach(self, member: int, position: int) -> None:
        more = position - self._farthest.get(member, 0)
        if more > 0:
            self._farthest[member] = position
            self._total += more
        if self._total > self._allowed:
            raise CorpusError(
                f"expected at most {self._allowed >> 20:,} MiB unpacked from {self.title}, got more, a zip bomb: "
                "unpack it yourself if you trust it, and name the files"
            )


class _Unpacking:
    """A stream within an archive: counted, its errors made into sentences."""

    def __init__(self, stream: ByteStream, name: str, place: int, budget: _Budget) -> None:
        self._stream, self._name, self._place, self._budget = stream, name, place, budget
        self._position = 0

    def read(self, size: int, /) -> bytes:
        try:
            data = self._stream.read(size)
        except _BROKEN as error:
            raise CorpusError(
                f"expected a whole archive, but {self._budget.title} is damaged {self._position:,} bytes into "
                f"{self._name} ({_reason(error)}): download or copy it again"
            ) from error
        self._position += len(data)
        self._budget.reach(self._place, self._position)
        return data


def gzipped(path: Path, title: str, place: PurePosixPath, encoding: str | None) -> Source:
    """The one file in a .gz, which lies where the .gz does."""
    place = place.with_suffix("") if place.suffix.lower() == ".gz" else place
    name = printable(place.name)
    budget = _Budget(title, path.stat().st_size)

    @contextmanager
    def opening() -> Iterator[_Unpacking]:
        with gzip.open(path, "rb") as stream:
            yield _Unpacking(stream, name, 0, budget)

    return Source(title, place, opening, encoding)


@contextmanager
def zipped(path: Path, title: str, encoding: str | None) -> Iterator[list[Source]]:
    """The files in a .zip, hidden ones left out, in order of name. Raises CorpusError."""
    try:
        archive = zipfile.ZipFile(path)
    except _BROKEN as error:
        raise CorpusError(f"expected a .zip, but {title} is damaged ({_reason(error)}): copy it again") from error
    with archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) > _MOST_MEMBERS:
            raise CorpusError(f"expected at most {_MOST_MEMBERS:,} files in {title}, got {len(members):,}: unpack it")
        if any(len(member.filename) > _LONGEST_NAME for member in members):
            raise CorpusError(f"expected names of at most {_LONGEST_NAME:,} characters in {title}, got more: unpack it")
        if any(member.filename in _FOREIGN for member in members):
            raise CorpusError(f"expected texts in {title}, got another program's document: save it as text")
        budget = _Budget(title, path.stat().st_size)
        yield [
            _member(archive, member, place, budget, encoding)
            for place, member in enumerate(sorted(members, key=lambda member: member.filename))
            if not _is_hidden(member.filename)
        ]


def _member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, place: int, budget: _Budget, encoding: str | None
) -> Source:
    name = printable(member.filename)

    @contextmanager
    def opening() -> Iterator[_Unpacking]:
        if member.flag_bits & 1:
            raise CorpusError(f"expected files without a password in {budget.title}, got {name}: unpack it first")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise CorpusError(
                f"expected {budget.title} packed by deflation, got another way for {name}: unpack it first"
            )
        try:
            stream = archive.open(member)
        except _BROKEN as error:
            raise CorpusError(
                f"expected a whole archive, but {name} in {budget.title} is damaged ({_reason(error)}): copy it again"
            ) from error
        with stream:
            yield _Unpacking(stream, name, place, budget)

    return Source(f"{name} in {budget.title}", PurePosixPath(member.filename.replace("\\", "/")), opening, encoding)


def _is_hidden(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return any(part.startswith((".", "__MACOSX")) and part not in (".", "..") for part in parts)


def _reason(error: Exception) -> str:
    return printable(error).strip() or type(error).__name__
