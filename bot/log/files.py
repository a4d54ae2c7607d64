"""New files, whole or not at all: a name that is seen belongs to a file that is complete and on the disk."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from bot.errors import LogError

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

_OWNER_ALONE = 0o600


def refuse_existing(*paths: Path) -> None:
    """Raises LogError where there is one of this name already."""
    for path in paths:
        if path.exists() or path.is_symlink():
            raise LogError(f"expected a new file, but {path} exists: choose another name")


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that has its name only once it is whole and on the disk.

    Until then it has a hidden name beside it, always the same: what a killed process left there is written over.
    Raises LogError where there is one of this name already, or none can be written.
    """
    refuse_existing(path)
    hidden = path.with_name(f".{path.name[:100]}.part")
    handle = _open_alone(hidden, path)
    try:
        with os.fdopen(handle, "wb") as stream:
            try:
                yield stream
                stream.flush()
                os.fsync(handle)
                os.link(hidden, path)  # unlike a renaming, it refuses to replace a file made meanwhile
            finally:
                hidden.unlink()
    except OSError as error:
        raise LogError(f"expected to write {path}: {error.strerror or error}; nothing of it was kept") from error


def _open_alone(hidden: Path, path: Path) -> int:
    """The hidden file, empty, which no other process writes meanwhile; the system ends the lock of a killed one."""
    try:
        handle = os.open(hidden, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), _OWNER_ALONE)
    except OSError as error:
        raise LogError(f"expected to write into {path.parent}: {error.strerror}") from error
    try:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.truncate(handle, 0)
    except OSError as error:
        os.close(handle)
        raise LogError(f"expected to write {path}, but another process is at it: wait until it has ended") from error
    return handle


@contextmanager
def standard_output() -> Iterator[BinaryIO]:
    """Stdout, for bytes. Raises LogError where it cannot take them; a reader who has left is the front door's."""
    try:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left in it goes nowhere
        raise LogError(f"expected to write to stdout: {error.strerror}") from error
