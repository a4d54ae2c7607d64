"""What is no text, told by its first bytes."""

_KINDS = (
    (b"%PDF-", "a PDF document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x89PNG\r\n", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"SQLite format 3\0", "a SQLite database"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document of an old Office program"),
    (b"7z\xbc\xaf'\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"(\xb5/\xfd", "a Zstandard archive"),
)
_TAR = slice(257, 262)  # where a tar archive says that it is one


def foreign_kind(head: bytes) -> str | None:
    """Which other program's file begins so, or nothing where it may be a text."""
    if head[_TAR] == b"ustar":
        return "a tar archive"
    return next((kind for mark, kind in _KINDS if head.startswith(mark)), None)
