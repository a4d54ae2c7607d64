"""The model card and the tables: what a reader must find, and what must not break them."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from model.checkpoint import Checkpoint
from model.config import NetworkConfig
from model.vocabulary import Vocabulary
from trainer.comparison import Comparison
from trainer.originality import Originality
from trainer.report import model_card

FIGURES = Comparison(
    "book.txt, held out",
    1_000,
    1_000,
    0.0,
    {"Keras fp32, zero state": 0.6931471805599453},
    {"gzip -9": 3.0},
    {"temperature 0.5": Originality(24, 0.125, (0.5, 0.75, 1.0), 0.875)},
)
DESCRIPTION = Checkpoint(
    path=Path("unused"),
    network=NetworkConfig(64, 512, 1),
    vocabulary=Vocabulary("ab"),
    training={"preset": "medium", "minutes": 10, "epochs": None, "steps": 12_345},
    metrics={},
    corpus={"name": "book.txt", "characters": 10_000, "vocabulary": 2, "held_out": 1_000, "sha256": "5ha"},
)
COMMAND = "cotorra train book.txt --out voice --minutes 10"


def test_the_card_has_what_a_reader_asks_for() -> None:
    card = model_card(DESCRIPTION, COMMAND, FIGURES, "--- 'a', temperature 0.5\nabba")
    for expected in (
        "# book.txt, medium",
        "book.txt: 10,000 characters, 2 different",
        "`5ha`",
        "10 minutes, 12,345 steps",
        f"```sh\n{COMMAND}\n```",
        "| Keras fp32, zero state | 0.6931 | 1.0000 |",
        "| gzip -9 | 2.0794 | 3.0000 |",
        "| temperature 0.5 | 24 | 12.5% | 0.50 | 0.75 | 1.00 | 87.5% |",
        "![loss over time](curve.png)",
        "abba",
    ):
        assert expected in card
    assert "must not" not in card
    assert "started from" not in card


def test_what_the_operator_forbids_comes_first_and_every_line_of_it() -> None:
    corpus = {**DESCRIPTION.corpus, "restrictions": "Not for advertising.\nNot to pose as Ana."}
    card = model_card(replace(DESCRIPTION, corpus=corpus), COMMAND, FIGURES, "abba")
    assert (
        "## What it must not be used for\n\n> Not for advertising.\n>\n> Not to pose as Ana.\n\n## What it is" in card
    )


def test_the_checkpoint_it_came_from_is_named() -> None:
    origin = {"weights": "f00d", "corpus": "older.txt", "added_characters": 1}
    card = model_card(replace(DESCRIPTION, training={**DESCRIPTION.training, "from": origin}), COMMAND, FIGURES, "abba")
    assert "12,345 steps |\n| started from | older.txt, weights `f00d`; 1 new character |\n" in card


@pytest.mark.parametrize("sample", ["```python\nprint()\n```", "````", "`a`"])
def test_what_was_written_does_not_end_its_block(sample: str) -> None:
    card = model_card(DESCRIPTION, COMMAND, FIGURES, sample)
    fence = re.search(r"## A sample\n\n(`+)text\n", card)
    assert fence is not None
    assert card.count(f"\n{fence[1]}\n") + card.count(f"\n{fence[1]}text\n") >= 2
    assert fence[1] not in sample


def test_a_name_with_a_bar_ends_no_cell() -> None:
    card = model_card(replace(DESCRIPTION, corpus={**DESCRIPTION.corpus, "name": "a|b"}), COMMAND, FIGURES, "abba")
    assert "| corpus | a\\|b: 10,000" in card


def test_no_line_of_the_tables_is_wider_than_a_hundred_columns() -> None:
    wide = replace(FIGURES, nats={"Keras fp32, carried state, first 131,072 characters": 1.0})
    text = wide.to_text()
    assert max(map(len, text.splitlines())) <= 100
    assert "Keras fp32, carried state, first 131,072 characters" in text
    assert "temperature 0.5" in text


def test_a_stretch_is_called_a_stretch() -> None:
    part = replace(FIGURES, of=200_000_000, learned=4_000_000, trained_on=1_800_000_000)
    for rendering in (part.to_text(), part.to_markdown()):
        assert "the first 1,000 of 200,000,000 characters" in rendering
        assert "the last 4,000,000 of the 1,800,000,000 characters trained on" in rendering
    assert part.to_json().items() >= {"characters": 1_000, "of": 200_000_000, "trained_on": 1_800_000_000}.items()
    assert "of 1,000 characters" not in FIGURES.to_text()


def test_what_became_unknown_is_on_the_card() -> None:
    left_out = {"minimum_count": 400, "different": 1_204, "characters": 20_131}
    card = model_card(
        replace(DESCRIPTION, corpus={**DESCRIPTION.corpus, "left_out": left_out}), COMMAND, FIGURES, "abba"
    )
    assert "| read as `<unk>` | 1,204 more characters, seen fewer than 400 times each; 20,131 places in all |" in card
    assert "<unk>" not in model_card(DESCRIPTION, COMMAND, FIGURES, "abba")
