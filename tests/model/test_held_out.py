from pathlib import Path

from model.checkpoint import WEIGHTS, Checkpoint, replace_checkpoint, seal
from model.config import NetworkConfig
from model.held_out import LINES, LONGEST, MOST, pick_lines, read_lines, shortened, written
from model.vocabulary import Vocabulary

SENTENCE = "Number {} is a sentence that somebody could have written."


def test_sentences_are_picked_and_tables_and_masked_words_are_not() -> None:
    text = "\n".join(
        ["Too short.", "| 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 |", "Please write to [email] for all the rest of it."]
    )
    assert pick_lines(f"{text}\n  A sentence   with odd spaces in it.  \n") == ["A sentence with odd spaces in it."]


def test_they_are_spread_over_the_whole_text_and_each_is_there_once() -> None:
    lines = pick_lines("\n".join(SENTENCE.format(n) for n in [*range(5 * MOST), *range(5 * MOST)]))
    assert len(lines) == len(set(lines)) == MOST
    assert (lines[0], lines[-1]) == (SENTENCE.format(0), SENTENCE.format(5 * MOST - 5))


def test_a_long_line_is_cut_after_a_word() -> None:
    (line,) = pick_lines("a long word and another " * 50)
    assert len(line) <= LONGEST
    assert line.endswith(("word…", "and…", "long…", "a…", "another…"))
    assert shortened("x" * 300, 10) == "x" * 9 + "…"
    assert shortened("short", 10) == "short"


def test_a_checkpoint_without_lines_has_none_and_one_with_lines_gives_them_back(tmp_path: Path) -> None:
    lines = [SENTENCE.format(n) for n in range(3)]
    for name, content in (("without", None), ("with", written(lines))):
        with replace_checkpoint(tmp_path / name) as staging:
            (staging / WEIGHTS).write_bytes(b"weights")
            if content is not None:
                (staging / LINES).write_bytes(content)
            seal(staging, Checkpoint(Path(), NetworkConfig(4, 8, 1), Vocabulary("ab"), {}, {}, {}))
    assert read_lines(Checkpoint.open(tmp_path / "without")) == ()
    assert read_lines(Checkpoint.open(tmp_path / "with")) == tuple(lines)


def test_the_starter_has_lines() -> None:
    assert len(read_lines(Checkpoint.open(Path(__file__).parents[2] / "model" / "starter"))) > 50
