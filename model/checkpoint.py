"""Checkpoint: a self-describing folder: save, load, verify.

Format 1: config.json says what the network is and holds the SHA-256 of every other file. There is no
pickle and no code in it, and nothing is used before its hash was compared. Knows no TensorFlow.
"""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from model.config import NetworkConfig
from model.errors import (
    CheckpointDamaged,
    CheckpointError,
    CheckpointForeign,
    CheckpointMissing,
    CheckpointTooNew,
    ConfigError,
    VocabularyError,
)
from model.vocabulary import Vocabulary

FORMAT = 1
PROGRAM = "cotorra"
CONFIG = "config.json"
WEIGHTS = "weights.weights.h5"
GENERATOR = "generator.tflite"

_LARGEST_CONFIG = 32 << 20  # bytes; a vocabulary of every assigned character needs less than 4 MB
_LARGEST_REST = 1 << 30  # bytes; card, curve, samples and held-out lines need a few megabytes
_BYTES_PER_WEIGHT = 16  # fp32 needs 4; a file of more than 16 holds something else
_RESUME_COPIES = 8  # of the weights: the optimizer's averages, the best ones, the current ones
_PIECE = 1 << 20
_PLAIN_NAME = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)*", re.ASCII)  # relative, and never upwards


@dataclass(frozen=True)
class Checkpoint:
    """What config.json says, and the verified files beside it."""

    path: Path
    network: NetworkConfig
    vocabulary: Vocabulary
    training: Mapping[str, Any]
    metrics: Mapping[str, Any]
    corpus: Mapping[str, Any]
    versions: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)  # name -> SHA-256, hexadecimal

    @cached_property
    def weights_digest(self) -> str:
        """32 hexadecimal digits of the weights' SHA-256: the same for every engine."""
        return self.files[WEIGHTS][:32]

    @classmethod
    def open(cls, path: Path) -> "Checkpoint":
        """The checkpoint in a folder, every file's hash verified.

        A folder that is being replaced meanwhile is read again. Raises CheckpointError.
        """
        for _ in range(3):
            folder = _present(path)
            text = _read_config(folder)
            try:
                checkpoint = cls._parse(folder, text)
                checkpoint._verify()
            except CheckpointDamaged:
                if _read_config(_present(path)) == text:
                    raise
            else:
                return checkpoint
        raise CheckpointDamaged(f"{path} is being replaced all the time: try again later")

    def read(self, name: str) -> bytes:
        """A file's bytes, verified as they are handed out. Raises CheckpointDamaged."""
        if name not in self.files:
            raise CheckpointDamaged(
                f"expected {name} in {self.path}, found none, as training was cut off before it was made: "
                "go on with the same command and --resume"
            )
        try:
            data = (self.path / name).read_bytes()
        except OSError as error:
            raise self._damaged(name, "cannot be read") from error
        if hashlib.sha256(data).hexdigest() != self.files.get(name):
            raise self._damaged(name, "is not what was saved")
        return data

    def to_json(self, files: Mapping[str, str]) -> dict[str, Any]:
        """What config.json holds, given the hashes of the other files."""
        return {
            "program": PROGRAM,
            "format": FORMAT,
            "network": self.network.to_json(),
            "vocabulary": list(self.vocabulary.characters),
            "training": dict(self.training),
            "metrics": dict(self.metrics),
            "corpus": dict(self.corpus),
            "versions": dict(self.versions),
            "files": dict(sorted(files.items())),
        }

    @classmethod
    def _parse(cls, folder: Path, text: bytes) -> "Checkpoint":
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise _damaged(folder, CONFIG, "is not JSON") from error
        if not isinstance(data, dict) or data.get("program") != PROGRAM:
            raise CheckpointForeign(
                f"expected a Cotorra checkpoint in {folder}, got a {CONFIG} of another program: "
                "name a folder that cotorra train wrote"
            )
        if not isinstance(data.get("format"), int):
            raise _damaged(folder, CONFIG, "says no format")
        if data["format"] > FORMAT:
            raise CheckpointTooNew(
                f"expected format {FORMAT} or older in {folder / CONFIG}, got {data['format']}: update Cotorra"
            )
        try:
            sections = {name: data[name] for name in ("training", "metrics", "corpus", "versions", "files")}
            if not all(isinstance(section, dict) for section in sections.values()):
                raise ConfigError("a section is no table")
            if not isinstance(data["vocabulary"], list):
                raise ConfigError("the vocabulary is no list")
            if WEIGHTS not in sections["files"] or not all(map(_is_file_entry, sections["files"].items())):
                raise ConfigError("a file's entry is not a plain name and a SHA-256")
            network = NetworkConfig.from_json(data["network"])
            return cls(folder, network, Vocabulary(data["vocabulary"]), **sections)
        except (KeyError, TypeError, ConfigError, VocabularyError) as error:
            raise _damaged(folder, CONFIG, f"is not as it was saved ({error})") from error

    def _verify(self) -> None:
        home = Path(os.path.realpath(self.path))
        for name, expected in self.files.items():
            is_inside = Path(os.path.realpath(self.path / name)) == home / name  # no link on the way
            if not is_inside or not (self.path / name).is_file():
                raise self._damaged(name, "is missing")
            try:
                if (self.path / name).stat().st_size > self._largest(name):
                    raise self._damaged(name, "is far too large")
                actual = file_digest(self.path / name)
            except OSError as error:
                raise self._damaged(name, "cannot be read") from error
            if actual != expected:
                raise self._damaged(name, "is not what was saved")

    def _largest(self, name: str) -> int:
        """How many bytes a file may have: nothing is read of one that cannot be what it says it is."""
        slack = _LARGEST_REST if name not in (WEIGHTS, GENERATOR) else _LARGEST_CONFIG
        copies = _RESUME_COPIES if name.startswith("resume/") else 1
        return slack + copies * _BYTES_PER_WEIGHT * self.network.weights(len(self.vocabulary.characters))

    def _damaged(self, name: str, what: str) -> CheckpointDamaged:
        return _damaged(self.path, name, what)


@contextmanager
def replace_checkpoint(path: Path) -> Iterator[Path]:
    """A new folder to fill, which takes the place of `path` whole when the block ends without an error.

    End the block with `seal`. A reader sees the old folder or the new one: between the two renames the old
    one is found under its temporary name. Raises CheckpointForeign rather than replace somebody's files,
    CheckpointError where the disk is full or refuses.
    """
    path = path.absolute()
    check_replaceable(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{path.name}.new-", dir=path.parent))
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        yield staging
        _synchronise(staging)
        staging.chmod(0o755)  # mkdtemp made it private
        _swap(staging, path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def seal(staging: Path, description: Checkpoint) -> None:
    """Write config.json over the files that lie in the staging folder: the last act of a save."""
    files = {
        item.relative_to(staging).as_posix(): file_digest(item)
        for item in sorted(staging.rglob("*"))
        if item.is_file() and item.name != CONFIG
    }
    text = json.dumps(description.to_json(files), ensure_ascii=True, indent=1)
    (staging / CONFIG).write_text(text + "\n", "utf-8")


def file_digest(path: Path) -> str:
    """A file's SHA-256, hexadecimal, read piece by piece."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _is_file_entry(entry: tuple[object, object]) -> bool:
    name, digest = entry
    is_digest = isinstance(digest, str) and re.fullmatch("[0-9a-f]{64}", digest) is not None
    return is_digest and isinstance(name, str) and _PLAIN_NAME.fullmatch(name) is not None


def _previous(path: Path) -> Path:
    return path.absolute().with_name(f".{path.absolute().name}.previous")


def _present(path: Path) -> Path:
    """The folder itself, or the one it replaced if a power cut fell between the two renames."""
    if path.is_dir():
        return path
    if path.exists():
        raise CheckpointForeign(f"expected a checkpoint folder, got the file {path}")
    if _previous(path).is_dir():
        return _previous(path)
    raise CheckpointMissing(f"expected a checkpoint folder at {path}, found none: make one with cotorra train")


def _read_config(folder: Path) -> bytes:
    try:
        if not (folder / CONFIG).is_file():  # a pipe would keep its reader waiting for ever
            raise FileNotFoundError
        with (folder / CONFIG).open("rb") as file:
            text = file.read(_LARGEST_CONFIG + 1)
    except FileNotFoundError:
        raise CheckpointForeign(
            f"expected a Cotorra checkpoint in {folder}, found no {CONFIG}: name a folder that cotorra train wrote"
        ) from None
    except OSError as error:
        raise _damaged(folder, CONFIG, "cannot be read") from error
    if len(text) > _LARGEST_CONFIG:
        raise _damaged(folder, CONFIG, "is far too large")
    return text


def check_replaceable(path: Path) -> None:
    """Raises CheckpointError where something lies that is no checkpoint: nobody's files are replaced."""
    if path.is_dir() and any(path.iterdir()):
        try:
            Checkpoint._parse(path, _read_config(path))
        except CheckpointDamaged:
            return  # ours, and replacing it is the remedy
    elif path.exists() and not path.is_dir():
        raise CheckpointForeign(f"expected a folder to write a checkpoint to, got the file {path}")


def _swap(staging: Path, path: Path) -> None:
    previous = _previous(path)
    if path.exists():
        shutil.rmtree(previous, ignore_errors=True)
        path.rename(previous)
    staging.rename(path)
    _sync_folder(path.parent)
    shutil.rmtree(previous, ignore_errors=True)


def _synchronise(folder: Path) -> None:
    for item in folder.rglob("*"):
        if item.is_file():
            with item.open("rb") as file:
                os.fsync(file.fileno())
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    with suppress(PermissionError):  # some file systems let a folder be written, but not opened
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _damaged(folder: Path, name: str, what: str) -> CheckpointDamaged:
    return CheckpointDamaged(f"{folder / name} {what}: copy the checkpoint again, or train it again")


def _unwritable(path: Path, error: OSError) -> CheckpointError:
    reason = error.strerror or type(error).__name__
    return CheckpointError(f"cannot write a checkpoint to {path} ({reason}): free some room or choose another folder")
