"""Who was forgotten or took back a yes, by keyed hashes in a file: a restored backup of the database does not know it.

Knows no Telegram and no database. The key stands beside the file, in the data folder: without it the hashes tell
nobody anything, and with it only whether a known id is among them.
"""

import datetime as dt
import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Iterable
from pathlib import Path

from bot.errors import LogError

KEY = "pseudonyms.key"
FILE = "tombstones.jsonl"
_KEY_BYTES = 32


def read_key(folder: Path) -> bytes:
    """The data folder's secret, made where there is none. Raises LogError."""
    path = folder / KEY
    try:
        if not path.exists():
            _make_key(path)
        key = path.read_bytes()
    except OSError as error:
        raise LogError(f"expected to read and write {path}: {error.strerror}; check the data folder") from error
    if len(key) != _KEY_BYTES:
        raise LogError(f"expected {_KEY_BYTES} bytes in {path}, got {len(key)}: restore it from a backup")
    return key


def _make_key(path: Path) -> None:
    """Whole or not at all; whoever comes first makes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)  # readable by the owner alone
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(secrets.token_bytes(_KEY_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(name, path)
        except FileExistsError:
            return
    finally:
        Path(name).unlink()


def pseudonym(key: bytes, kind: str, number: int) -> str:
    """64 hexadecimal digits for a person ("person") or a chat ("chat"): the same for the same id and key."""
    return hmac.digest(key, f"{kind}:{number}".encode(), "sha256").hex()


class Tombstones:
    """The file of the forgotten, in the data folder. Methods raise LogError where it cannot be used."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / FILE

    def subjects(self, kind: str, numbers: Iterable[int]) -> dict[int, str]:
        """The hash of each person ("person"), chat ("chat") or person's yes ("withdrawal")."""
        key = read_key(self._folder)
        return {number: pseudonym(key, f"tombstone {kind}", number) for number in numbers}

    def add(self, stones: dict[str, dt.datetime]) -> None:
        """Note these too, for good: on the disk when this returns."""
        if not stones:
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as stream:
                for subject, at in stones.items():
                    stream.write(json.dumps({"subject": subject, "forgotten_at": at.isoformat()}) + "\n")
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise LogError(f"expected to write {self._path}: {error.strerror}; nothing was forgotten yet") from error

    def read(self) -> dict[str, dt.datetime]:
        """All of them, each with its last time; a line cut short by a power failure is left out."""
        stones: dict[str, dt.datetime] = {}
        try:
            lines = self._path.read_text("utf-8").splitlines() if self._path.exists() else []
        except (OSError, UnicodeDecodeError) as error:
            raise LogError(f"expected to read {self._path}: restore it from a backup") from error
        for line in lines:
            try:
                stone = json.loads(line)
                subject, at = str(stone["subject"]), dt.datetime.fromisoformat(stone["forgotten_at"])
            except (ValueError, KeyError, TypeError):
                continue
            stones[subject] = max(at, stones.get(subject, at))
        return stones
