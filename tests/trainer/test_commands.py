"""cotorra train, evaluate and sample as a person calls them, each in a process of its own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from cotorra import main
from model.checkpoint import CONFIG, WEIGHTS, Checkpoint
from model.generator import load_generator
from model.held_out import LINES
from trainer.errors import CorpusError
from trainer.measuring import compare

QUICK = ["--units", "16", "--embedding", "8", "--batch-size", "4", "--sequence-length", "20"]
STATES = ("zero", "carried")
NOTEBOOK_SEEDS = ["Domingo", "Jon snow", "Activación", "Redes", "Redes convolucionales"]


def cotorra(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "cotorra", *map(str, arguments)], capture_output=True, text=True)


@pytest.fixture(scope="module")
def trained(verse: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    out = tmp_path_factory.mktemp("trained") / "verse"
    return out, cotorra("train", verse, "--out", out, "--preset", "tiny", "--epochs", "4", *QUICK)


def test_training_ends_with_the_folder_on_stdout(trained: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    out, done = trained
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{out}\n"
    assert "characters/s" in done.stderr
    assert "nats" in done.stderr
    assert "bits" in done.stderr


def test_stderr_is_for_the_programs_own_words(trained: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    assert not [word for word in ("oneDNN", "absl", "cuda", "XNNPACK", "Warning") if word in trained[1].stderr]


def test_the_folder_holds_what_format_1_says(trained: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    out, _ = trained
    names = {path.name for path in out.iterdir()}
    # No lines for games: all of this text begin with a number, and none looks like a sentence.
    assert names == {CONFIG, WEIGHTS, "generator.tflite", "curve.png", "samples.txt", "README.md"}
    checkpoint = Checkpoint.open(out)
    assert checkpoint.corpus["name"] == "verse.txt"
    assert checkpoint.metrics["best_validation_nats"] > 0
    assert (out / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_the_card_says_the_command_and_the_bits(trained: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    card = (trained[0] / "README.md").read_text("utf-8")
    assert "cotorra train" in card
    assert "--preset tiny --epochs 4" in card
    assert "bits per character" in card


def test_a_plain_keras_network_loads_the_weights(trained: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    checkpoint = Checkpoint.open(trained[0])
    width = len(checkpoint.vocabulary)
    plain = keras.Sequential(
        [
            keras.layers.Embedding(width, 8),
            keras.layers.LSTM(16, return_sequences=True),
            keras.layers.Dense(width),
        ]
    )
    plain.build((None, None))
    plain.load_weights(checkpoint.path / WEIGHTS)
    ids = checkpoint.vocabulary.encode("green parrots")
    ours, _ = load_generator(checkpoint.path, "tensorflow")._engine.logits(np.zeros((1, 2, 16), np.float32), ids)
    np.testing.assert_allclose(plain(ids[None]).numpy()[0], ours, atol=1e-4)


def test_a_sample_starts_with_the_seed_and_repeats_itself(
    trained: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    first, second = (
        cotorra("sample", trained[0], "7 green", "--length", "60", "--temperature", "0,7", "--rng-seed", "3")
        for _ in range(2)
    )
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("7 green")
    assert len(first.stdout.rstrip("\n")) >= 60
    assert first.stdout == second.stdout


def test_evaluation_shows_every_engine_beside_baselines(
    trained: tuple[Path, subprocess.CompletedProcess[str]], verse: Path
) -> None:
    """The text is the very one trained on, so its held-out tenth is measured, and the rest serves the baselines."""
    done = cotorra("evaluate", trained[0], verse, "--json")
    assert done.returncode == 0, done.stderr
    table = json.loads(done.stdout)
    assert table["text"] == "verse.txt, held out"
    assert table["characters"] == Checkpoint.open(trained[0]).corpus["held_out"]
    engines = table["engines"]
    assert set(engines) == {f"{name}, {state} state" for name in ("Keras fp32", "LiteRT int8") for state in STATES}
    for row in engines.values():
        assert row["bits"] == pytest.approx(row["nats"] / np.log(2))
    for state in STATES:
        exact, quantised = (engines[f"{name}, {state} state"]["nats"] for name in ("Keras fp32", "LiteRT int8"))
        assert exact == pytest.approx(quantised, abs=0.02)
    assert set(table["baselines"]) > {"gzip -9", "xz -9e", "6-gram, Kneser-Ney"}
    assert table["originality"]["temperature 0.5"]["known_words"] > 0
    assert Checkpoint.open(trained[0]).metrics["engines"] == engines


def test_another_text_is_measured_whole(trained: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("7 green parrots, and one of them ñandú.\n" * 10, "utf-8")
    table = compare(trained[0], [str(tmp_path / "other.txt")])
    assert (table.text, table.characters) == ("other.txt", 400)
    assert set(table.baselines) == {"gzip -9", "xz -9e"}
    with pytest.raises(CorpusError, match=r"was trained on 'verse\.txt': name a text to evaluate it on"):
        compare(trained[0])


def test_a_second_run_starts_from_the_first_and_says_so(
    trained: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "loros.txt").write_text("¡7 loros verdes en el jardín!\n" * 60, "utf-8")
    out, origin = tmp_path / "loros", Checkpoint.open(trained[0])
    more = ["--restrictions", "Not for advertising.", "--tensorboard", tmp_path / "board"]
    done = cotorra("train", tmp_path / "loros.txt", "--out", out, "--from", trained[0], "--epochs", "2", *more)
    assert done.returncode == 0, done.stderr
    checkpoint, card = Checkpoint.open(out), (out / "README.md").read_text("utf-8")
    assert checkpoint.network == origin.network
    assert checkpoint.training["from"]["weights"] == origin.weights_digest
    assert checkpoint.corpus["restrictions"] == "Not for advertising."
    assert LINES not in checkpoint.files
    assert f"| started from | verse.txt, weights `{origin.weights_digest}`" in card
    assert "> Not for advertising." in card
    assert len(list((tmp_path / "board").iterdir())) == 1


def test_the_notebook_preset_shrunk_in_width(verse: Path, tmp_path: Path) -> None:
    out = tmp_path / "notebook"
    done = cotorra("train", verse, "--out", out, "--preset", "notebook", "--epochs", "2", "--units", "12", "--no-lines")
    assert done.returncode == 0, done.stderr
    training = Checkpoint.open(out).training
    assert LINES not in Checkpoint.open(out).files
    assert (training["batch_size"], training["sequence_length"], training["optimizer"]) == (64, 100, "adam")
    epochs = sorted(path.name for path in (tmp_path / "notebook-epochs").iterdir())
    assert epochs == ["epoch_01.weights.h5", "epoch_02.weights.h5"]
    samples = (out / "samples.txt").read_text("utf-8")
    for seed in NOTEBOOK_SEEDS:
        assert f"--- {seed!r}, temperature 0.5" in samples
        text = samples.partition(f"--- {seed!r}")[2].partition("\n")[2].partition("\n--- ")[0]
        assert text.startswith(seed)
        assert len(text.rstrip("\n")) >= 450


def test_ctrl_c_keeps_the_best_and_names_it(verse: Path, tmp_path: Path) -> None:
    out = tmp_path / "interrupted"
    command = ["train", str(verse), "--out", str(out), "--preset", "tiny", "--epochs", "100000", *QUICK]
    with subprocess.Popen(
        [sys.executable, "-m", "cotorra", *command], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("step"):
                break
        os.kill(process.pid, signal.SIGINT)
        stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 1
    assert stdout == ""
    assert stderr.splitlines()[-1].startswith("cotorra: interrupted at step")
    assert str(out) in stderr.splitlines()[-1]
    assert "Traceback" not in stderr
    assert len(cotorra("sample", out, "7 green", "--length", "20").stdout.rstrip("\n")) >= 20
    assert Checkpoint.open(out).files.keys() >= {"resume/state.npz", "generator.tflite"}


@pytest.mark.parametrize(
    ("content", "arguments", "sentence"),
    [
        (b"", [], "expected a corpus of at least 20 characters"),
        (b"a" * 1000, [], "2 different ones, got 1,000 and 1"),
        (bytes(range(256)), [], "got NUL bytes"),
        ("ñ".encode("latin-1") * 50, [], "got byte 0xF1 at byte 0"),
        (b"fine text, long enough", ["--minutes", "0"], "expected minutes from 0.01"),
        (b"fine text, long enough", ["--minutes", "1", "--epochs", "1"], "got both"),
        (b"fine text, long enough", ["--resume"], "leave out --resume"),
        (b"fine text, long enough", ["--units", "0"], "expected units from 1"),
        (b"abcdefgh " * 100 + b"XYZ" * 35, ["--minimum-count", "60"], "are learned in the last tenth of corpus.txt"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_is_written(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], content: bytes, arguments: list[str], sentence: str
) -> None:
    """Within this process, for the many starts; the tests below see the same from outside."""
    (tmp_path / "corpus.txt").write_bytes(content)
    with pytest.raises(SystemExit) as ended:
        main(["train", str(tmp_path / "corpus.txt"), "--out", str(tmp_path / "out"), *arguments])
    stdout, stderr = capfd.readouterr()
    assert (ended.value.code, stdout) == (1, "")
    assert len(stderr.splitlines()) == 1
    assert sentence in stderr
    assert [path.name for path in tmp_path.iterdir()] == ["corpus.txt"]


def test_a_text_of_less_than_a_sequence_and_of_letters_met_only_at_the_end_is_learned(tmp_path: Path) -> None:
    """Its held-out part holds nothing but characters that training never saw."""
    (tmp_path / "corpus.txt").write_text("abcabcabcabcabcabcabcabcabcжщжщ", "utf-8")
    done = cotorra("train", tmp_path / "corpus.txt", "--out", tmp_path / "out", "--minutes", "0.1")
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'out'}\n"), done.stderr
    assert np.isfinite(Checkpoint.open(tmp_path / "out").metrics["best_validation_nats"])


def test_a_run_is_not_resumed_with_another_corpus(
    trained: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "other.txt").write_text("quite another text than the verse\n" * 9, "utf-8")
    before = Checkpoint.open(trained[0]).files
    done = cotorra("train", tmp_path / "other.txt", "--out", trained[0], "--resume")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert "expected the corpus that" in done.stderr
    assert Checkpoint.open(trained[0]).files == before


def test_somebody_elses_folder_is_refused_before_training(verse: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    done = cotorra("train", verse, "--out", tmp_path, "--preset", "tiny", "--epochs", "1", *QUICK)
    assert done.returncode == 1
    assert "step" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
