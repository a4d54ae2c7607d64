"""The device: a GPU or this processor, and the number format its products run fastest in."""

import os
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from model.engines.quiet import quiet_start

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
CHAINS_AT_MOST = 4  # parts of a batch that are worked on side by side (trainer.chains); 64 rows cannot fill more

with quiet_start():
    import tensorflow as tf

    for _gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(_gpu, True)
    if not tf.config.list_physical_devices("GPU"):
        # A chain of operations to a core (trainer.chains): no core waits for another inside an operation.
        with suppress(RuntimeError):  # TensorFlow runs already, as in a program that used it before: right, but slower
            tf.config.threading.set_inter_op_parallelism_threads(CORES)
            tf.config.threading.set_intra_op_parallelism_threads(-(-CORES // CHAINS_AT_MOST))
    tf.zeros(1)  # looks for devices now, while nobody listens


@cache
def has_gpu() -> bool:
    """Whether TensorFlow sees a GPU."""
    return bool(tf.config.list_physical_devices("GPU"))


def compute_dtype(name: str = "auto") -> Any:
    """The products' dtype: bfloat16 where the processor multiplies it natively, else float32.

    On a GPU it is float32 too, whose products cuDNN runs in TF32 on the tensor cores.
    """
    if name != "auto":
        return tf.as_dtype(name)
    return tf.bfloat16 if not has_gpu() and _cpu_multiplies_bfloat16() else tf.float32


def _cpu_multiplies_bfloat16() -> bool:
    try:
        flags = Path("/proc/cpuinfo").read_text("ascii", "replace")
    except OSError:  # no Linux: float32 is right everywhere
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
