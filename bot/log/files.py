"""New files, whole or not at all: a name that is seen belongs to a file that is complete and on the disk."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from bot.errors import LogError


def refuse_existing(*paths: Path) -> None:
    """Raises LogError where there is one of this name already."""
    for path in paths:
        if path.exists() or path.is_symlink():
            raise LogError(f"expected a new file, but {path} exists: choose another name")


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file that has its name only once it is whole and on the disk.

    Raises LogError where there is one of this name already, or none can be written.
    """
    refuse_existing(path)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
    except OSError as error:
        raise LogError(f"expected to write into {path.parent}: {error.strerror}") from error
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(handle)
        os.link(name, path)  # unlike a renaming, it refuses to replace a file made meanwhile
    except OSError as error:
        raise LogError(f"expected to write {path}: {error.strerror or error}; nothing of it was kept") from error
    finally:
        Path(name).unlink()


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
