"""Runs that end before their end: killed, stopped, out of disk; each in a process of its own."""

import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from model.checkpoint import CONFIG, WEIGHTS, Checkpoint
from model.network import build_network
from tests.trainer.never_saved import EMBEDDING, UNITS
from trainer.interruption import polite_signals
from trainer.saving import clear_leftovers

# The notebook's preset saves after each epoch, the others 20 times in a run: a few seconds hold many saves.
WIDTH = ("--embedding", str(EMBEDDING), "--units", str(UNITS))
EPOCHS = 6


@contextmanager
def training(
    corpus: Path, out: Path, *more: str, epochs: int = EPOCHS, preset: str = "notebook"
) -> Iterator[subprocess.Popen[str]]:
    command = ["train", corpus, "--out", out, "--preset", preset, "--epochs", epochs, *WIDTH, *more]
    with subprocess.Popen(
        [sys.executable, "-m", "cotorra", *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until_saved(process: subprocess.Popen[str], times: int = 1) -> None:
    """Wait until the run has said so often that it validated; before that, it saved."""
    assert process.stderr is not None
    for line in process.stderr:
        times -= line.startswith("validation")
        if not times:
            return
    raise AssertionError("the run ended before it saved anything")


def uninterrupted(corpus: Path, out: Path) -> list[np.ndarray]:
    """The notebook's weights at the end of the same run, never saved."""
    command = [sys.executable, "-m", "tests.trainer.never_saved", corpus, str(EPOCHS), out]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with np.load(out) as arrays:
        return list(arrays.values())


def weights_of(path: Path) -> list[np.ndarray]:
    checkpoint = Checkpoint.open(path)
    network = build_network(checkpoint.network, len(checkpoint.vocabulary))
    network.load_weights(path / WEIGHTS)
    return network.get_weights()


def same(first: list[np.ndarray], second: list[np.ndarray]) -> bool:
    """Whether they are the same to the bit."""
    return len(first) == len(second) > 0 and all(map(np.array_equal, first, second))


def test_a_killed_run_resumes_and_ends_like_one_that_was_never_killed(verse: Path, tmp_path: Path) -> None:
    out = tmp_path / "voice"
    with training(verse, out) as process:
        until_saved(process, 2)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    saved = Checkpoint.open(out)
    assert [path.name for path in (out / "resume").iterdir()] == ["state.npz"]
    (tmp_path / ".voice.new-killed").mkdir()  # what a kill in the middle of a save leaves
    out.rename(tmp_path / ".voice.previous")  # as between the two renames that end a save
    with training(verse, out, "--resume") as process:
        stdout, stderr = process.communicate()
    assert (process.returncode, stdout) == (0, f"{out}\n"), stderr
    assert saved.training["steps"] < Checkpoint.open(out).training["steps"]
    assert not (out / "resume").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["voice", "voice-epochs"]
    assert len(list((tmp_path / "voice-epochs").iterdir())) == EPOCHS
    assert same(weights_of(out), uninterrupted(verse, tmp_path / "never_saved.npz"))


def until_saving(out: Path, process: subprocess.Popen[str]) -> None:
    """Wait until the next save is half done: files lie in its folder, but no config.json yet."""
    while process.poll() is None:
        for folder in out.parent.glob(f".{out.name}.new-*"):
            if (folder / "resume").exists() and not (folder / CONFIG).exists():
                return
        time.sleep(0.001)  # nobody tells of a file half written
    raise AssertionError("the run ended before it saved again")


@pytest.mark.timeout(1_200)  # four runs one after another, which a machine that does much else is long at
def test_killed_while_saving_and_then_stopped_a_run_ends_like_one_that_went_through(
    verse: Path, tmp_path: Path
) -> None:
    """Two layers, both dropouts, resets, unknown characters, a falling rate, the best weights of all, calibrated."""
    through, broken = tmp_path / "through" / "voice", tmp_path / "broken" / "voice"
    more = ("--layers", "2", "--recurrent-dropout", "0.1", "--dropout", "0.2", "--unknown-rate", "0.02")
    with training(verse, through, *more, epochs=60, preset="tiny") as process:
        stdout, stderr = process.communicate()
        assert process.returncode == 0, stderr
    steps = []
    for number, returncode in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGTERM, 1)):
        with training(verse, broken, *more, *(["--resume"] if steps else []), epochs=60, preset="tiny") as process:
            until_saved(process, 3)
            if number == signal.SIGKILL:
                until_saving(broken, process)
            process.send_signal(number)
            stdout, stderr = process.communicate()
            assert process.returncode == returncode, stderr
        steps.append(Checkpoint.open(broken).training["steps"])
        assert [path.name for path in (broken / "resume").iterdir()] == ["state.npz"]
    with training(verse, broken, "--resume", epochs=60, preset="tiny") as process:
        stdout, stderr = process.communicate()
        assert (process.returncode, stdout) == (0, f"{broken}\n"), stderr
    whole, resumed = Checkpoint.open(through), Checkpoint.open(broken)
    assert 0 < steps[0] < steps[1] < resumed.training["steps"] == whole.training["steps"]
    assert whole.metrics == resumed.metrics
    assert same(weights_of(through), weights_of(broken))
    assert not (broken / "resume").exists()
    assert [path.name for path in broken.parent.iterdir()] == ["voice"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_noted_once_and_then_is_what_it_was(number: signal.Signals) -> None:
    before = [signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)]
    with polite_signals() as stopped:
        assert not stopped()
        signal.raise_signal(number)
        assert stopped()
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL, "a second one ends the program"
    assert [signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux can limit another process")
def test_a_full_disk_is_one_sentence_and_the_last_good_checkpoint_stays(verse: Path, tmp_path: Path) -> None:
    """As RLIMIT_FSIZE makes it; HDF5 would bring the process down."""
    out = tmp_path / "voice"
    with training(verse, out, epochs=100_000) as process:
        until_saved(process)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4_000, 4_000))
        stdout, stderr = process.communicate()
    assert (process.returncode, stdout) == (1, "")
    assert "Traceback" not in stderr
    assert stderr.splitlines()[-1].startswith("cotorra: cannot ")
    assert "(File too large): free some room" in stderr.splitlines()[-1]
    assert weights_of(out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["voice", "voice-epochs"]


def test_only_what_saves_left_is_cleared(tmp_path: Path) -> None:
    for name in (".a[1].new-x", ".a[1].previous", ".a1.new-y", "a[1]", ".b.new-z"):
        (tmp_path / name).mkdir()
    clear_leftovers(tmp_path / "a[1]")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".a1.new-y", ".a[1].previous", ".b.new-z", "a[1]"]
