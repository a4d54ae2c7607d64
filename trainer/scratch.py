"""Scratch: where temporary files lie, and numbers in one of them, read back memory-mapped.

The files have no name: they are gone with the process that made them, however it ends.
"""

import mmap
import os
import tempfile
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from trainer.errors import CorpusError


def scratch_folder(out: Path) -> Path:
    """TMPDIR where somebody set it, else the folder that `out` is made in: it has room for a checkpoint.

    The system's own place for temporary files is small on many machines, and memory on some.
    """
    if os.environ.get("TMPDIR"):
        return Path(tempfile.gettempdir())
    return next(folder for folder in out.absolute().parents if folder.is_dir())


def scratch_file(purpose: str, folder: Path | None = None) -> IO[bytes]:
    """A nameless file to write and read; in the system's place where no folder is named. Raises CorpusError."""
    try:
        return tempfile.TemporaryFile(prefix=f".cotorra-{purpose}-", dir=folder)
    except OSError as error:
        raise no_room(folder, purpose, error) from error


def no_room(folder: Path | None, purpose: str, error: OSError) -> CorpusError:
    """For a temporary file that the system refuses."""
    return CorpusError(
        f"cannot keep {purpose} in {folder or tempfile.gettempdir()} meanwhile ({error.strerror or error}): "
        "make room there, or set TMPDIR to a folder with some"
    )


class Spool:
    """16-bit numbers appended to a temporary file. Every method raises CorpusError where the disk is full."""

    def __init__(self, purpose: str, folder: Path | None = None) -> None:
        self._purpose, self._folder = purpose, folder
        self._file = scratch_file(purpose, folder)

    def append(self, numbers: NDArray[np.uint16]) -> None:
        """Write some more."""
        try:
            self._file.write(numbers.data)
        except OSError as error:
            raise no_room(self._folder, self._purpose, error) from error

    def mapped(self) -> "Mapped":
        """All that was written. Nothing can be appended any more."""
        try:
            with self._file as file:
                file.flush()
                length = file.tell()
                return Mapped(mmap.mmap(file.fileno(), length, access=mmap.ACCESS_READ) if length else None)
        except OSError as error:
            raise no_room(self._folder, self._purpose, error) from error

    def close(self) -> None:
        """The file is gone, unless it is mapped."""
        self._file.close()


class Mapped:
    """A file's 16-bit numbers, read from disk as they are needed."""

    def __init__(self, pages: mmap.mmap | None) -> None:
        self._pages = pages
        self.numbers = np.frombuffer(pages, np.uint16) if pages is not None else np.empty(0, np.uint16)

    def let_go(self) -> None:
        """Give back the memory of what was read; the file is still there, and the system may keep it at hand.

        Else all that was ever read counts as memory of this process, though the system could take it any time.
        """
        if self._pages is not None and hasattr(mmap, "MADV_DONTNEED"):
            self._pages.madvise(mmap.MADV_DONTNEED)
