"""Files that were sent, in memory; and how large a picture is.

It knows no chat and no HTTP.
"""

import itertools
import re
import secrets
import struct
from dataclasses import dataclass

MAX_STORED = 256 * 2**20  # bytes in all; the oldest go first
MAX_DOWNLOAD = 20 * 2**20  # bytes a bot may download, as on Telegram


@dataclass(frozen=True)
class StoredFile:
    """A file with the names Telegram gives it."""

    file_id: str
    unique_id: str
    path: str  # below /file/bot<TOKEN>/
    name: str
    content: bytes
    size: tuple[int, int] | None  # width and height of a picture, in pixels
    mime_type: str

    @property
    def is_photo(self) -> bool:
        return self.path.startswith("photos/")


class FileStore:
    """The files of all chats, by id and by path."""

    def __init__(self) -> None:
        self._files: dict[str, StoredFile] = {}
        self._numbers = itertools.count()

    def add(self, name: str, content: bytes, *, as_photo: bool) -> StoredFile | None:
        """Store a file; None if it was to be a photo and is no picture."""
        kind, size = picture(content)
        if as_photo and size is None:
            return None
        safe = re.sub(r"[^\w.\- ]", "_", name)[-60:] or "file"
        suffix = f".{kind}" if as_photo else "".join(re.findall(r"\.[A-Za-z0-9]{1,8}$", safe))
        stored = StoredFile(
            file_id="F" + secrets.token_urlsafe(30),
            unique_id="U" + secrets.token_urlsafe(9),
            path=f"{'photos' if as_photo else 'documents'}/file_{next(self._numbers)}{suffix}",
            name=safe,
            content=content,
            size=size,
            mime_type=f"image/{kind.replace('jpg', 'jpeg')}" if size else _mime_type(suffix),
        )
        self._files[stored.file_id] = stored
        self._forget_oldest()
        return stored

    def by_id(self, file_id: str) -> StoredFile | None:
        return self._files.get(file_id)

    def by_path(self, path: str) -> StoredFile | None:
        return next((each for each in self._files.values() if each.path == path), None)

    def _forget_oldest(self) -> None:
        while len(self._files) > 1 and sum(len(each.content) for each in self._files.values()) > MAX_STORED:
            del self._files[next(iter(self._files))]


def _mime_type(suffix: str) -> str:
    known = {".txt": "text/plain", ".csv": "text/csv", ".json": "application/json", ".pdf": "application/pdf"}
    return known.get(suffix.lower(), "application/octet-stream")


def picture(content: bytes) -> tuple[str, tuple[int, int] | None]:
    """The kind of a PNG, GIF, JPEG or WebP picture and its (width, height); ("", None) for all else."""
    if content[:8] == b"\x89PNG\r\n\x1a\n" and len(content) >= 24:
        return "png", struct.unpack(">II", content[16:24])
    if content[:6] in (b"GIF87a", b"GIF89a") and len(content) >= 10:
        return "gif", struct.unpack("<HH", content[6:10])
    if content[:4] == b"RIFF" and content[8:16] == b"WEBPVP8X" and len(content) >= 30:
        wide, high = (int.from_bytes(content[at : at + 3], "little") + 1 for at in (24, 27))
        return "webp", (wide, high)
    if content[:2] == b"\xff\xd8" and (size := _jpeg_size(content)):
        return "jpg", size
    return "", None


def _jpeg_size(content: bytes) -> tuple[int, int] | None:
    """Walk the segments up to the frame header, which holds the size."""
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            high, wide = struct.unpack(">HH", content[at + 5 : at + 9])
            return wide, high
        at += 2 + max(length, 2)
    return None
