"""A self-describing folder: save, load, verify."""

import itertools
import json
import os
from pathlib import Path

import pytest

from model.checkpoint import CONFIG, GENERATOR, WEIGHTS, Checkpoint, replace_checkpoint, seal
from model.config import NetworkConfig
from model.errors import (
    CheckpointDamaged,
    CheckpointError,
    CheckpointForeign,
    CheckpointMissing,
    CheckpointTooNew,
)
from model.vocabulary import Vocabulary

DESCRIPTION = Checkpoint(
    Path(), NetworkConfig(4, 8, 1), Vocabulary("ab\ud800"), {"preset": "tiny"}, {"nats": 1.5}, {"name": "a book"}
)


def save(path: Path, weights: bytes = b"weights") -> Path:
    with replace_checkpoint(path) as staging:
        (staging / WEIGHTS).write_bytes(weights)
        (staging / GENERATOR).write_bytes(b"graph")
        (staging / "resume").mkdir()
        (staging / "resume" / "state.npz").write_bytes(b"state")
        seal(staging, DESCRIPTION)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return save(tmp_path / "checkpoint")


def rewrite_config(folder: Path, **changes: object) -> None:
    data = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(data | changes))


def test_what_was_saved_is_what_is_read(folder: Path) -> None:
    checkpoint = Checkpoint.open(folder)
    assert checkpoint.network == DESCRIPTION.network
    assert checkpoint.vocabulary == DESCRIPTION.vocabulary
    assert checkpoint.corpus == {"name": "a book"}
    assert set(checkpoint.files) == {WEIGHTS, GENERATOR, "resume/state.npz"}
    assert checkpoint.read(GENERATOR) == b"graph"


def test_a_run_that_was_cut_off_is_to_be_resumed_before_it_writes(tmp_path: Path) -> None:
    with replace_checkpoint(tmp_path / "cut") as staging:
        (staging / WEIGHTS).write_bytes(b"weights")
        seal(staging, DESCRIPTION)
    with pytest.raises(CheckpointDamaged, match=f"expected {GENERATOR} in .*cut, found none, .* --resume"):
        Checkpoint.open(tmp_path / "cut").read(GENERATOR)


def test_nothing_but_the_folder_is_left_behind(folder: Path) -> None:
    save(folder, b"other weights")
    assert [item.name for item in folder.parent.iterdir()] == ["checkpoint"]


@pytest.mark.parametrize("name", [WEIGHTS, GENERATOR, "resume/state.npz"])
def test_an_altered_file_is_named(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"x")
    with pytest.raises(CheckpointDamaged, match=f"{name} is not what was saved"):
        Checkpoint.open(folder)


def test_a_large_file_altered_in_its_last_byte_is_named(tmp_path: Path) -> None:
    with replace_checkpoint(tmp_path / "voice") as staging:
        for name in (WEIGHTS, GENERATOR):
            (staging / name).write_bytes(b"x")
        (staging / "samples.txt").write_bytes(b"x" * 3 * 2**20)
        seal(staging, DESCRIPTION)
    Checkpoint.open(tmp_path / "voice")
    with (tmp_path / "voice" / "samples.txt").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"y")
    with pytest.raises(CheckpointDamaged, match=r"samples.txt is not what was saved"):
        Checkpoint.open(tmp_path / "voice")


def test_a_file_altered_after_opening_is_not_handed_out(folder: Path) -> None:
    checkpoint = Checkpoint.open(folder)
    (folder / GENERATOR).write_bytes(b"x")
    with pytest.raises(CheckpointDamaged, match=GENERATOR):
        checkpoint.read(GENERATOR)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    with pytest.raises(CheckpointDamaged, match="is missing"):
        Checkpoint.open(folder)


def test_a_link_out_of_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / WEIGHTS).rename(tmp_path / "elsewhere")
    (folder / WEIGHTS).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CheckpointDamaged, match="is missing"):
        Checkpoint.open(folder)


def test_a_folder_that_is_a_link_out_of_the_checkpoint_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "resume").rename(tmp_path / "elsewhere")
    (folder / "resume").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CheckpointDamaged, match="is missing"):
        Checkpoint.open(folder)


def test_a_checkpoint_that_is_itself_reached_by_a_link_is_read(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "current").symlink_to(folder)
    assert Checkpoint.open(tmp_path / "current").files


@pytest.mark.parametrize("name", ["../elsewhere", "/etc/passwd", "a/../../b", ""])
def test_a_name_that_leads_out_of_the_folder_is_refused(folder: Path, name: str) -> None:
    files = json.loads((folder / CONFIG).read_text())["files"]
    rewrite_config(folder, files=files | {name: "0" * 64})
    with pytest.raises(CheckpointDamaged, match="plain name"):
        Checkpoint.open(folder)


@pytest.mark.parametrize(
    ("section", "value"),
    [
        *itertools.product(["network", "vocabulary", "files"], [None, 3, "x", {"a": 1}, [["a"]]]),
        *itertools.product(["training", "metrics", "corpus", "versions"], [None, 3, "x", [["a"]]]),
    ],
)
def test_a_section_of_another_shape_is_refused(folder: Path, section: str, value: object) -> None:
    rewrite_config(folder, **{section: value})
    with pytest.raises(CheckpointDamaged, match=CONFIG):
        Checkpoint.open(folder)


@pytest.mark.parametrize("text", ["", "{", "\0", "[" * 100_000, "3"])
def test_a_config_that_is_no_json_object_is_refused(folder: Path, text: str) -> None:
    (folder / CONFIG).write_text(text)
    with pytest.raises(CheckpointError, match=CONFIG):
        Checkpoint.open(folder)


@pytest.mark.parametrize("name", [WEIGHTS, GENERATOR, "resume/state.npz"])
def test_a_file_far_larger_than_its_network_is_refused_before_it_is_read(folder: Path, name: str) -> None:
    """A terabyte of nothing, which takes no room on the disk and would take an hour to read."""
    with (folder / name).open("r+b") as file:
        file.truncate(1 << 40)
    with pytest.raises(CheckpointDamaged, match=f"{name}.*far too large"):
        Checkpoint.open(folder)


def test_a_newer_format_is_refused_with_the_remedy(folder: Path) -> None:
    rewrite_config(folder, format=2)
    with pytest.raises(CheckpointTooNew, match=r"format 1 or older.*got 2: update Cotorra"):
        Checkpoint.open(folder)


def test_another_programs_folder_is_refused(folder: Path) -> None:
    rewrite_config(folder, program="other")
    with pytest.raises(CheckpointForeign, match="another program"):
        Checkpoint.open(folder)


def test_a_folder_without_config_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointForeign, match=r"found no config\.json"):
        Checkpoint.open(tmp_path)


def test_a_pipe_in_the_place_of_config_is_not_waited_for(folder: Path) -> None:
    (folder / CONFIG).unlink()
    os.mkfifo(folder / CONFIG)
    with pytest.raises(CheckpointForeign, match="found no config"):
        Checkpoint.open(folder)


def test_no_folder_at_all_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(CheckpointMissing, match="cotorra train"):
        Checkpoint.open(tmp_path / "nowhere")


def test_a_save_that_fails_leaves_the_old_checkpoint(folder: Path) -> None:
    def save_onto_a_full_disk() -> None:
        with replace_checkpoint(folder) as staging:
            (staging / WEIGHTS).write_bytes(b"half")
            raise OSError(28, os.strerror(28))

    with pytest.raises(CheckpointError, match="No space left"):
        save_onto_a_full_disk()
    assert Checkpoint.open(folder).read(WEIGHTS) == b"weights"
    assert [item.name for item in folder.parent.iterdir()] == ["checkpoint"]


def test_a_power_cut_between_the_two_renames_leaves_the_old_checkpoint(folder: Path) -> None:
    folder.rename(folder.with_name(".checkpoint.previous"))
    assert Checkpoint.open(folder).read(WEIGHTS) == b"weights"
    save(folder, b"new")
    assert Checkpoint.open(folder).read(WEIGHTS) == b"new"


def test_somebody_elses_folder_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(CheckpointForeign, match="found no config"):
        save(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointForeign, match="got the file"):
        save(tmp_path / "file")


def test_a_damaged_checkpoint_may_be_replaced(folder: Path) -> None:
    (folder / CONFIG).write_text("{")
    assert Checkpoint.open(save(folder, b"new")).read(WEIGHTS) == b"new"


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    assert Checkpoint.open(save(tmp_path / "a" / "b")).read(WEIGHTS) == b"weights"
    (tmp_path / "empty").mkdir()
    assert Checkpoint.open(save(tmp_path / "empty")).read(WEIGHTS) == b"weights"
