"""The readers' options as a person types them; a corpus that cannot be read is refused before TensorFlow loads."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.trainer.corpus.test_telegram_json import GROUP
from trainer.cli import reading_options, train
from trainer.corpus import ReadingOptions


def options(*arguments: str) -> ReadingOptions:
    return reading_options(train.make_context("train", ["x", "--out", "y", *arguments]).params)


def test_what_is_not_said_is_the_default() -> None:
    assert options() == ReadingOptions()


def test_each_option_is_heard() -> None:
    assert options("--column", "body", "--author", "Ana", "--author", "Luis", "--speakers") == ReadingOptions(
        column="body", authors=("Ana", "Luis"), speakers=True
    )
    assert options("--keep-personal-data", "--keep-forwards", "--plain") == ReadingOptions(
        mask=False, forwards=True, plain=True
    )


@pytest.mark.parametrize(
    ("name", "content", "arguments", "sentence"),
    [
        (
            "result.json",
            GROUP,
            ["--author", "Marta"],
            "expected messages by 'Marta' in result.json, got those of 'Luis'",
        ),
        ("result.json", GROUP[:900], [], "but it ends at line"),
        ("rows.csv", "id,body\n1,x\n", [], "got 'id', 'body': name one with --column"),
        ("book.zip", "PK\x03\x04", [], "expected a .zip, but"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_is_written(
    tmp_path: Path, name: str, content: str, arguments: list[str], sentence: str
) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    command = [sys.executable, "-m", "cotorra", "train", tmp_path / name, "--out", tmp_path / "out", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert sentence in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_reading_loads_no_tensorflow() -> None:
    code = "import trainer.corpus, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"tensorflow", "keras", "h5py", "ai_edge_litert"} & set(done.stdout.split())
