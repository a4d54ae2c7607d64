"""What a person sees of a run: a live panel on a terminal, plain lines elsewhere, files for TensorBoard."""

import io
from pathlib import Path

import pytest
import tensorflow as tf
from rich.console import Console
from tensorflow.core.util import event_pb2

from trainer.curve import Curve
from trainer.display import Display
from trainer.errors import TrainerError
from trainer.tensorboard import TensorBoard
from trainer.training import Report

REPORT = Report(
    step=1_234,
    epoch=5.5,
    share=0.25,
    loss=1.3863,
    characters_per_second=29_000.4,
    learning_rate=0.0042,
    seconds_left=3_725,
)
EVERYTHING = ["1,234", "5.50", "29,000", "1:02:05 left", "1.3863 nats", "2.0000 bits", "rate 0.0042"]


def screen(width: int, terminal: bool) -> tuple[Display, io.StringIO]:
    paper = io.StringIO()
    return Display(Console(file=paper, force_terminal=terminal, width=width, highlight=False)), paper


@pytest.mark.parametrize("width", [72, 80, 200])
def test_a_terminal_shows_everything_in_one_panel_without_a_broken_line(width: int) -> None:
    display, paper = screen(width, terminal=True)
    with display:
        display.validated(0.6931, True, "to be\x1b[2J or not")
        display.show(REPORT)
    shown = paper.getvalue()
    for word in [*EVERYTHING, " 25%", "0.6931 nats", "best so far", "to be [2J or not"]:
        assert word in shown
    assert "\x1b[2J" not in shown


def test_a_terminal_is_not_drawn_at_every_step() -> None:
    display, paper = screen(80, terminal=True)
    with display:
        for _ in range(1_000):
            display.show(REPORT)
    assert paper.getvalue().count("cotorra train") <= 5


def test_elsewhere_it_is_plain_lines() -> None:
    display, paper = screen(80, terminal=False)
    with display:
        display.show(REPORT)
        display.show(REPORT)
        display.validated(0.6931, False, "to be\nor not")
    first, validation, sample = paper.getvalue().splitlines()
    assert all(word in first for word in EVERYTHING)
    assert validation == "validation 0.6931 nats, 0.9999 bits, no better"
    assert sample == "  to be or not"
    assert "\x1b" not in paper.getvalue()


def test_tensorboard_gets_every_figure_under_its_step(tmp_path: Path) -> None:
    board = TensorBoard(tmp_path / "runs" / "first")
    board.show(REPORT)
    board.validated(0.6931, True, "to be or not")
    found = {}
    for file in (tmp_path / "runs" / "first").iterdir():
        for record in tf.data.TFRecordDataset(str(file), buffer_size=1 << 16):
            event = event_pb2.Event.FromString(record.numpy())
            for value in event.summary.value:
                number = tf.make_ndarray(value.tensor).tolist()
                found[value.tag] = (event.step, value.metadata.plugin_data.plugin_name, number)
    assert found["loss/training"] == (1_234, "scalars", pytest.approx(1.3863))
    assert found["loss/validation"] == (1_234, "scalars", pytest.approx(0.6931))
    assert found["learning rate"] == (1_234, "scalars", pytest.approx(0.0042))
    assert found["characters per second"] == (1_234, "scalars", pytest.approx(29_000.4))
    assert found["sample"] == (1_234, "text", [b"to be or not"])


def test_a_folder_that_cannot_be_made_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainerError, match=r"cannot write to .*file.*: name another folder after --tensorboard"):
        TensorBoard(tmp_path / "file" / "runs")


def test_the_curve_is_a_picture_and_not_drawn_at_every_asking() -> None:
    curve = Curve()
    history = [{"minutes": 0.5, "training": 2.0, "validation": 2.1}]
    picture = curve.of(history)
    assert picture.startswith(b"\x89PNG")
    assert curve.of([*history, {"minutes": 1.0, "training": 1.5, "validation": 1.7}]) is picture
