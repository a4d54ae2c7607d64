"""The memory of a process that has written with every number of chats: python -m benchmarks.generating.memory GRAPH."""

import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROWS = (1, 2, 4, 8, 32, 128, 256)


def measure(graph: bytes) -> float:
    """MB, of a process of its own, which imports no TensorFlow."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "generator.tflite"
        path.write_bytes(graph)
        command = [sys.executable, "-m", "benchmarks.generating.memory", str(path)]
        return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _main(path: Path) -> None:
    import numpy as np

    from model.config import SamplingConfig
    from model.engines.litert import LiteRTEngine
    from model.sampling import Rng, Sampler

    engine = LiteRTEngine(path.read_bytes())
    for rows in ROWS:
        sampler = Sampler([SamplingConfig()] * rows, [""] * rows)
        noise = Rng(1).gumbel_noise(20 * rows, engine.width).reshape(20, rows, engine.width)
        engine.write(np.zeros((rows, 2, 2, 1024), np.float32), np.ones(rows, np.int32), sampler, noise)
    print(most_memory() / 1e6)


def most_memory() -> int:
    """Bytes. Linux's getrusage would count what the process was before it became this program."""
    status = Path("/proc/self/status")
    if status.is_file() and (found := re.search(r"VmHWM:\s*(\d+) kB", status.read_text("utf-8"))):
        return int(found[1]) * 1_024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
