"""Saving a run: the best weights so far, and in resume/ all that it takes to go on as if nothing had happened."""

import glob
import os
import platform
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType
from typing import Any

import keras
import numpy as np

from model.checkpoint import WEIGHTS, Checkpoint, replace_checkpoint, seal
from model.errors import CheckpointDamaged, CheckpointError
from trainer.curve import CURVE
from trainer.plan import Plan
from trainer.training import Training

RESUME = "resume/state.npz"
_PIECE = 1 << 20  # bytes
_HDF5_EXTRA = 16 << 10  # bytes that a variable takes beside its values, generously
_LIBRARIES = ("cotorra", "tensorflow", "keras", "numpy", "ai-edge-litert")


class Saver:
    """Keeps one checkpoint folder up to date while a network is trained."""

    def __init__(
        self, out: Path, plan: Plan, corpus: Mapping[str, Any], notes: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        self.out = out
        self._plan = plan
        self._corpus = corpus
        self._notes = notes  # what else config.json says of the training

    def save(self, training: Training, best: bool, files: Mapping[str, bytes] = MappingProxyType({})) -> None:
        """The run as it stands, and files that go with it; the weights only if they are the best.

        Raises CheckpointError.
        """
        with replace_checkpoint(self.out) as staging:
            if best or not (self.out / WEIGHTS).is_file():
                save_weights(training.network, staging / WEIGHTS)
            else:
                os.link(self.out / WEIGHTS, staging / WEIGHTS)
            (staging / RESUME).parent.mkdir()
            with (staging / RESUME).open("wb") as file:
                np.savez(file, allow_pickle=False, **training.resumable())
            for name, data in files.items():
                (staging / name).write_bytes(data)
            seal(staging, self.describe(training, {}))

    def save_state(self, training: Training) -> None:
        """What it takes to go on from here, beside the best weights so far and all that went with them.

        Of a run that was never validated these are its weights now, whatever an earlier run left in the folder.
        """
        first = not training.progress.history
        files = {CURVE: (self.out / CURVE).read_bytes()} if (self.out / CURVE).is_file() and not first else {}
        self.save(training, first, files)

    def finish(
        self, training: Training, metrics: Mapping[str, Any], files: Mapping[str, bytes], resumable: bool
    ) -> Checkpoint:
        """The whole checkpoint: the weights as they are now and the files made from them.

        Of a run to go on, the best weights so far as they were saved, and resume/.
        """
        with replace_checkpoint(self.out) as staging:
            if resumable:
                shutil.copyfile(self.out / WEIGHTS, staging / WEIGHTS)
            else:
                save_weights(training.network, staging / WEIGHTS)
            for name, data in files.items():
                (staging / name).write_bytes(data)
            if resumable:
                (staging / RESUME).parent.mkdir()
                os.link(self.out / RESUME, staging / RESUME)
            seal(staging, self.describe(training, metrics))
        return Checkpoint.open(self.out)

    def describe(self, training: Training, metrics: Mapping[str, Any]) -> Checkpoint:
        """What config.json will say; the hashes are taken when it is written."""
        progress = training.progress
        how = asdict(self._plan.training) | {
            "preset": self._plan.preset,
            "minutes": self._plan.minutes,
            "epochs": self._plan.epochs,
            "steps": progress.step,
            "seconds": round(progress.elapsed, 1),
        }
        how |= self._notes
        reached = {"best_validation_nats": round(progress.best, 5)} if progress.history else {}
        return Checkpoint(
            self.out,
            self._plan.network,
            training.dataset.vocabulary,
            how,
            reached | dict(metrics),
            self._corpus,
            _versions(),
        )


def save_weights(network: keras.Sequential, path: Path) -> None:
    """The weights as Keras keeps them. Raises OSError where there is no room for them.

    HDF5 brings the whole process down when the disk fills up under an open file, so the room is tried first.
    """
    size = 4 * network.count_params() + _HDF5_EXTRA * len(network.weights)
    room = path.with_name(f".{path.name}.room")
    try:
        with room.open("wb") as file:
            for start in range(0, size, _PIECE):
                file.write(bytes(min(_PIECE, size - start)))
            file.flush()
            os.fsync(file.fileno())
    finally:
        room.unlink(missing_ok=True)
    network.save_weights(path)


def clear_leftovers(out: Path) -> None:
    """Remove what saves that a kill or a power cut ended in the middle have left beside the folder."""
    for folder in out.absolute().parent.glob(f".{glob.escape(out.absolute().name)}.new-*"):
        shutil.rmtree(folder, ignore_errors=True)


def restore_state(training: Training, checkpoint: Checkpoint) -> None:
    """Go on where the checkpoint's run was, with the same plan and corpus. Raises CheckpointError."""
    if RESUME not in checkpoint.files:
        raise CheckpointError(
            f"expected {RESUME} in {checkpoint.path}, found none: this run is finished; train anew without --resume"
        )
    try:
        with np.load(checkpoint.path / RESUME, allow_pickle=False) as arrays:
            training.resume(arrays)
    except (KeyError, ValueError, TypeError, OSError) as error:
        raise CheckpointDamaged(f"{checkpoint.path / RESUME} is of another run: train anew without --resume") from error


def load_best(training: Training, checkpoint_folder: Path) -> None:
    """Put the best weights so far into the network."""
    training.network.load_weights(checkpoint_folder / WEIGHTS)


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:  # run from a checkout that was never installed
            found[library] = "not installed"
    return found
