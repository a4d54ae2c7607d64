"""A PostgreSQL server of a test's own, where the machine has its programs."""

import os
import pwd
import shutil
import socket
import subprocess
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import pytest

INITDB = shutil.which("initdb")
PG_CTL = shutil.which("pg_ctl")
IS_ROOT = os.geteuid() == 0  # PostgreSQL refuses to run as root
USER = "postgres" if IS_ROOT else None


def why_not() -> str | None:
    """What is missing here, if anything."""
    if INITDB is None or PG_CTL is None:
        return "no PostgreSQL server here (initdb, pg_ctl)"
    if IS_ROOT and not any(entry.pw_name == USER for entry in pwd.getpwall()):
        return "PostgreSQL needs a user that is not root"
    return None


needs_postgresql = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))


class Server:
    """A context manager: a server that runs, and may be stopped and started."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        folder = self._stack.enter_context(TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True))
        if USER:
            shutil.chown(folder, USER)
        self._folder, self._data = folder, f"{folder}/data"
        self._options = f"-p {port} -h 127.0.0.1 -k {folder} -F"
        self.address = f"postgresql://cotorra@127.0.0.1:{port}/postgres"
        _do(INITDB, "-D", self._data, "-A", "trust", "-U", "cotorra", "--no-sync", cwd=folder)
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._stack.close()

    def file(self, name: str) -> Path:
        """One of its own, by its name in the folder of its data."""
        return Path(self._data) / name

    def start(self) -> None:
        log = f"{self._folder}/log"
        _do(PG_CTL, "-D", self._data, "-w", "-l", log, "-o", self._options, "start", cwd=self._folder)

    def stop(self) -> None:
        _do(PG_CTL, "-D", self._data, "-m", "immediate", "stop", cwd=self._folder)


def _do(*arguments: str | None, cwd: str) -> None:
    quiet = subprocess.DEVNULL
    words = [word for word in arguments if word]
    subprocess.run(words, check=True, user=USER, cwd=Path(cwd), stdout=quiet, stderr=quiet)
