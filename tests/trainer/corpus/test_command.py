"""The readers' options as a person types them; a corpus that cannot be read is refused before TensorFlow loads."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import cotorra
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
        ("book.txt", "", [], "expected a corpus of at least 20 characters"),
        ("deep.jsonl", '{"text": "x"}\n' + "[" * 200_000, [], "got what cannot be read at line 2"),
        ("package.json", '{\n "name": "left-pad"\n}\n', [], "expected Telegram's result.json or JSON Lines in"),
        ("rows.csv", "text\n" + "x" * (17 << 20), [], "rows.csv, got a longer one at line 2"),
        ("book.txt", "a voice of one sentence, and no more", ["--minimum-count", "99"], "a lower --minimum-count"),
        (
            "book.txt",
            "a voice of one sentence, and no more",
            ["--minimum-count", "0"],
            "expected a minimum count from 1",
        ),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_is_written(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, content: str, arguments: list[str], sentence: str
) -> None:
    (tmp_path / name).write_text(content, "utf-8")
    with pytest.raises(SystemExit) as ended:
        cotorra.main(["train", str(tmp_path / name), "--out", str(tmp_path / "out"), *arguments])
    stdout, stderr = capfd.readouterr()
    assert (ended.value.code, stdout) == (1, "")
    assert len(stderr.splitlines()) == 1
    assert sentence in stderr
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_reading_loads_no_tensorflow() -> None:
    code = "import trainer.corpus, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"tensorflow", "keras", "h5py", "ai_edge_litert"} & set(done.stdout.split())


def test_a_bomb_is_one_sentence_and_nothing_is_written(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../evil.txt", b"x" * (80 << 20))
    command = [sys.executable, "-m", "cotorra", "train", tmp_path / "bomb.zip", "--out", tmp_path / "out"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert "expected at most 64 MiB unpacked from" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["bomb.zip"]


def test_temporary_files_lie_beside_the_checkpoint_or_where_somebody_said(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    code = "import sys; from pathlib import Path; from trainer.scratch import scratch_folder\n"
    code += "print(scratch_folder(Path(sys.argv[1])))"
    for said, expected in ((None, tmp_path), (str(request.config.rootpath), request.config.rootpath)):
        environment = {name: value for name, value in os.environ.items() if name != "TMPDIR"}
        environment |= {"TMPDIR": said} if said else {}
        done = subprocess.run(
            [sys.executable, "-c", code, tmp_path / "not" / "there"], capture_output=True, text=True, env=environment
        )
        assert done.stdout == f"{expected}\n", done.stderr
