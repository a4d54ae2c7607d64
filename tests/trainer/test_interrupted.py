"""Runs that end before their end: killed, stopped, out of disk; each in a process of its own."""

import json
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from model.checkpoint import WEIGHTS, Checkpoint
from model.network import build_network
from trainer.corpus import open_corpus
from trainer.dataset import Dataset
from trainer.plan import make_plan
from trainer.preparation import prepare
from trainer.saving import RESUME, clear_leftovers
from trainer.training import Training

pytestmark = pytest.mark.xdist_group("tensorflow")

# The notebook's preset saves after each epoch, so a few seconds hold many saves.
WIDTH = ("--embedding", "8", "--units", "12")


@contextmanager
def training(corpus: Path, out: Path, *more: str, epochs: int = 6) -> Iterator[subprocess.Popen[str]]:
    command = ["train", corpus, "--out", out, "--preset", "notebook", "--epochs", epochs, *WIDTH, *more]
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


def uninterrupted(corpus: Path, epochs: int = 6) -> list[np.ndarray]:
    """The weights at the end of the same run, in this process and never saved."""
    dataset = Dataset.build(open_corpus([str(corpus)]).pieces)
    plan = make_plan("notebook", len(dataset.training), epochs=epochs)
    network = type(plan.network)(8, 12, plan.network.layers)
    run = Training(type(plan)(plan.preset, network, plan.training, None, epochs, ""), dataset)
    for _ in run.run(lambda *_: None, lambda: False, lambda line: None):
        pass
    return run.network.get_weights()


def weights_of(path: Path) -> list[np.ndarray]:
    checkpoint = Checkpoint.open(path)
    network = build_network(checkpoint.network, len(checkpoint.vocabulary))
    network.load_weights(path / WEIGHTS)
    return network.get_weights()


def test_a_killed_run_resumes_and_ends_like_one_that_was_never_killed(verse: Path, tmp_path: Path) -> None:
    out = tmp_path / "voice"
    with training(verse, out) as process:
        until_saved(process, 2)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    saved = Checkpoint.open(out)
    assert [path.name for path in (out / "resume").iterdir()] == ["state.npz"]
    (tmp_path / ".voice.new-killed").mkdir()  # what a kill in the middle of a save leaves
    with training(verse, out, "--resume") as process:
        stdout, stderr = process.communicate()
    assert (process.returncode, stdout) == (0, f"{out}\n"), stderr
    assert saved.training["steps"] < Checkpoint.open(out).training["steps"]
    assert all(map(np.array_equal, weights_of(out), uninterrupted(verse)))
    assert not (out / "resume").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["voice", "voice-epochs"]
    assert len(list((tmp_path / "voice-epochs").iterdir())) == 6


def test_sigterm_keeps_the_best_and_resumes(verse: Path, tmp_path: Path) -> None:
    out = tmp_path / "voice"
    with training(verse, out, epochs=100_000) as process:
        until_saved(process)
        process.terminate()
        stdout, stderr = process.communicate()
    assert (process.returncode, stdout) == (1, "")
    assert stderr.splitlines()[-1].startswith("cotorra: interrupted at step")
    assert {RESUME, "generator.tflite"} <= set(Checkpoint.open(out).files)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux can limit another process")
@pytest.mark.parametrize("largest", [4_000, 60_000], ids=["no room for weights", "no room for the state"])
def test_a_full_disk_is_one_sentence_and_the_last_good_checkpoint_stays(
    verse: Path, tmp_path: Path, largest: int
) -> None:
    out = tmp_path / "voice"
    with training(verse, out, epochs=100_000) as process:
        until_saved(process)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (largest, largest))
        stdout, stderr = process.communicate()
    assert (process.returncode, stdout) == (1, "")
    assert "Traceback" not in stderr
    assert stderr.splitlines()[-1].startswith("cotorra: cannot ")
    assert "(File too large): free some room" in stderr.splitlines()[-1]
    assert weights_of(out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["voice", "voice-epochs"]


def test_weights_that_find_no_room_leave_nothing(tmp_path: Path) -> None:
    """In a process of its own, which would not survive HDF5's way with a full disk."""
    code = (
        "import resource, sys; from pathlib import Path; from model.config import NetworkConfig\n"
        "from model.network import build_network; from trainer.saving import save_weights\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))\n"
        "try: save_weights(build_network(NetworkConfig(8, 16, 1), 50), Path(sys.argv[1]))\n"
        "except OSError as error: print(error.strerror)\n"
    )
    path = tmp_path / "a.weights.h5"
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "File too large\n"), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_only_what_saves_left_is_cleared(tmp_path: Path) -> None:
    for name in (".a[1].new-x", ".a[1].previous", ".a1.new-y", "a[1]", ".b.new-z"):
        (tmp_path / name).mkdir()
    clear_leftovers(tmp_path / "a[1]")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".a1.new-y", ".a[1].previous", ".b.new-z", "a[1]"]


def test_a_run_cut_off_between_the_two_renames_of_a_save_is_found(verse: Path, tmp_path: Path) -> None:
    with training(verse, tmp_path / "voice") as process:
        until_saved(process)
    config = json.loads((tmp_path / "voice" / "config.json").read_text())
    (tmp_path / "voice").rename(tmp_path / ".voice.previous")
    assignment = prepare(
        open_corpus([str(verse)]), tmp_path / "voice", lambda n: make_plan("notebook", n), "", resume=True
    )
    assert assignment.earlier is not None
    assert assignment.earlier.path == tmp_path / "voice"
    assert (tmp_path / "voice" / WEIGHTS).is_file()
    assert assignment.plan.network.units == config["network"]["units"] == 12
