"""Which part of which text is measured, and what a checkpoint folder holds while it is trained."""

from pathlib import Path

import pytest

from model.checkpoint import GENERATOR, WEIGHTS, Checkpoint, replace_checkpoint, seal
from model.config import NetworkConfig
from model.network import build_network
from trainer.corpus import ReadingOptions, open_corpus
from trainer.dataset import Dataset
from trainer.errors import CorpusError
from trainer.evaluation import Evaluator
from trainer.export import export_step
from trainer.measuring import compare, most_measured
from trainer.plan import Plan, TrainingConfig
from trainer.saving import Saver
from trainer.training import Training

TINY = NetworkConfig(8, 16, 1)
CHAT = "".join(f"[{day:02d}/01/24, 10:{minute:02d}:00] {'Ana' if minute % 2 else 'Eva'}: hola {day} {minute}\n"
               for day in range(1, 28) for minute in range(40))  # fmt: skip


def checkpoint_of(dataset: Dataset, name: str, path: Path) -> Path:
    """Untrained, but whole."""
    network = build_network(TINY, len(dataset.vocabulary))
    with replace_checkpoint(path) as staging:
        network.save_weights(staging / WEIGHTS)
        (staging / GENERATOR).write_bytes(export_step(network))
        about = {"name": name, "sha256": dataset.digest}
        seal(staging, Checkpoint(path, TINY, dataset.vocabulary, {}, {}, about))
    return path


def test_a_chat_is_recognised_when_it_is_read_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "chat.txt").write_text(CHAT, "utf-8")
    sources, options = [str(tmp_path / "chat.txt")], ReadingOptions(authors=("Ana",))
    dataset = Dataset.build(open_corpus(sources, options=options).pieces)
    checkpoint = checkpoint_of(dataset, "chat.txt", tmp_path / "voice")
    same = compare(checkpoint, sources, options=options)
    assert (same.text, same.characters) == ("chat.txt, held out", len(dataset.validation))
    assert same.originality
    other = compare(checkpoint, sources)
    assert (other.text, other.originality) == ("chat.txt", {})
    assert other.characters > dataset.characters


def test_a_text_too_short_to_be_measured_is_named(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("hola", "utf-8")
    checkpoint = checkpoint_of(Dataset.build(["hola, que tal, hola"] * 9), "chat.txt", tmp_path / "voice")
    with pytest.raises(CorpusError, match=r"got 4 and 4 in note\.txt"):
        compare(checkpoint, [str(tmp_path / "note.txt")])


def test_a_named_corpus_that_was_revised_since_is_said_to_be_another_edition(tmp_path: Path) -> None:
    dataset = Dataset.build(["not what python-docs says today"])
    found = compare(checkpoint_of(dataset, "python-docs", tmp_path / "voice"))
    assert found.text == "python-docs, another edition, last tenth"
    assert not found.originality


def test_the_curve_lies_in_the_folder_while_it_is_trained_under_its_hash(tmp_path: Path) -> None:
    plan = Plan("tiny", TINY, TrainingConfig(batch_size=2, sequence_length=10), None, 1, "")
    training = Training(plan, Dataset.build(["a short text, really short, but long enough"]))
    saver = Saver(tmp_path / "run", plan, {"name": "short"})
    for picture in (b"first", b"second"):
        saver.save(training, best=picture == b"first", files={"curve.png": picture})
        assert Checkpoint.open(tmp_path / "run").read("curve.png") == picture


def test_how_much_is_measured_depends_on_the_network_alone() -> None:
    """All of a megabyte's held-out tenth even with 2 x 1024; less with thousands of characters, but some."""
    sizes = [(NetworkConfig(64, 128, 1), 90), (NetworkConfig(128, 1024, 2), 66), (NetworkConfig(64, 256, 1), 4_800)]
    small, large, wide = (most_measured(build_network(*size)) for size in sizes)
    assert small == 2_000_000
    assert large > 111_540
    assert 200_000 < wide < 1_000_000


def test_with_a_thousand_characters_fewer_windows_fit_side_by_side_and_all_are_counted() -> None:
    """78 windows of 256 x 1,001 logits are read as 65 and 13."""
    text = Dataset.build(["".join(map(chr, range(0x4E00, 0x4E00 + 1_000))) * 20]).whole
    evaluator = Evaluator(build_network(TINY, 1_001))
    first, second = (
        evaluator.zero_state_loss(text.part(*part)) for part in ((0, 65 * 256 + 1), (65 * 256, 78 * 256 + 1))
    )
    assert evaluator.zero_state_loss(text) == pytest.approx((65 * first + 13 * second) / 78, rel=1e-6)
