"""TensorBoard: a run's figures in the files that TensorBoard shows; it need not be installed to write them.

tf.summary.scalar and tf.summary.text live in the tensorboard package, which TensorFlow does without, so the
events are written one level below, with the metadata by which TensorBoard's panels know theirs.
"""

import time
from pathlib import Path
from typing import Any

import tensorflow as tf

from trainer.errors import TrainerError
from trainer.training import Report

_SECONDS_BETWEEN = 1.0  # a curve of thousands of points says no more


class TensorBoard:
    """Writes reports, validations and samples to a folder, under the step they came at. Losses are in nats."""

    def __init__(self, folder: Path) -> None:
        """Raises TrainerError where the folder cannot be written."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._writer = tf.summary.create_file_writer(str(folder))
        except (OSError, tf.errors.OpError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise TrainerError(
                f"cannot write to {folder} ({reason}): name another folder after --tensorboard"
            ) from error
        self._step = 0
        self._written = -float("inf")

    def show(self, report: Report) -> None:
        """A step."""
        self._step = report.step
        if time.monotonic() - self._written < _SECONDS_BETWEEN:
            return
        self._written = time.monotonic()
        self._scalar("loss/training", report.loss)
        self._scalar("learning rate", report.learning_rate)
        self._scalar("characters per second", report.characters_per_second)

    def validated(self, loss: float, best: bool, sample: str) -> None:
        """A validation, and what the network writes by now."""
        self._scalar("loss/validation", loss)
        self._write("sample", [sample], "text")
        self._writer.flush()

    def _scalar(self, name: str, value: float) -> None:
        self._write(name, float(value), "scalars")

    def _write(self, name: str, value: Any, panel: str) -> None:
        known = tf.compat.v1.SummaryMetadata.PluginData(plugin_name=panel)
        dtype = tf.string if panel == "text" else tf.float32
        with self._writer.as_default(step=self._step):
            tf.summary.write(name, tf.constant(value, dtype), metadata=tf.compat.v1.SummaryMetadata(plugin_data=known))
