"""Starting from another checkpoint's weights, on a corpus with other characters."""

import math
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from model.checkpoint import CONFIG, Checkpoint
from model.config import NetworkConfig
from model.errors import ConfigError
from model.network import build_network
from trainer.corpus import Corpus
from trainer.dataset import Dataset
from trainer.errors import TrainerError
from trainer.evaluation import Evaluator
from trainer.finetuning import grown_embedding, grown_output, start_from
from trainer.plan import Plan, TrainingConfig
from trainer.preparation import prepare, sized_as
from trainer.saving import Saver
from trainer.training import Training

OLD = "".join(f"{n} green parrots sat on the wall, talking of the weather.\n" for n in range(60))
NEW = "".join(f"¡{n} loros verdes en el jardín, añorando ÑANDÚES!\n" for n in range(60))
TINY = NetworkConfig(8, 16, 2)
CONFIG_TINY = TrainingConfig(batch_size=4, sequence_length=20, learning_rate=1e-2)
PLAN = Plan("tiny", TINY, CONFIG_TINY, None, 4, "")
NOTHING_ASKED = {"preset": "auto", "embedding": None, "units": None, "layers": None}


def run(training: Training) -> None:
    for _ in training.run(lambda *_: None, lambda: False, lambda line: None):
        pass


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    training = Training(PLAN, Dataset.build([OLD]))
    run(training)
    out = tmp_path_factory.mktemp("origin") / "parrots"
    about = {"name": "parrots.txt", "sha256": training.dataset.digest, "restrictions": "Not for advertising."}
    Saver(out, PLAN, about).save(training, best=True)
    return Checkpoint.open(out)


def old_network(origin: Checkpoint) -> keras.Sequential:
    network = build_network(origin.network, len(origin.vocabulary))
    network.load_weights(origin.path / "weights.weights.h5")
    return network


def test_known_characters_keep_their_ids_and_the_others_follow(origin: Checkpoint) -> None:
    grown = Dataset.build([NEW], vocabulary=origin.vocabulary, grow=True)
    known = len(origin.vocabulary.characters)
    assert grown.vocabulary.characters[:known] == origin.vocabulary.characters
    assert set(grown.vocabulary.characters[known:]) == set(NEW) - set(OLD)
    assert grown.vocabulary.decode(grown.whole[:].tolist()) == NEW


def test_known_characters_keep_their_rows_to_the_bit(origin: Checkpoint) -> None:
    dataset = Dataset.build([NEW], vocabulary=origin.vocabulary, grow=True)
    network = build_network(TINY, len(dataset.vocabulary))
    start_from(network, origin)
    embedding, *recurrent, kernel, bias = network.get_weights()
    old_embedding, *old_recurrent, old_kernel, old_bias = old_network(origin).get_weights()
    known = len(origin.vocabulary)
    assert np.array_equal(embedding[:known], old_embedding)
    assert all(map(np.array_equal, recurrent, old_recurrent))
    assert np.array_equal(kernel[:, :known], old_kernel)
    assert np.array_equal(bias[:known], old_bias)
    added = embedding[known:]
    assert len(added) == len(dataset.vocabulary) - known > 5
    assert len({row.tobytes() for row in added}) == len(added)
    assert np.abs(added - old_embedding.mean(0)).max() < old_embedding.std()


def test_before_the_first_step_the_old_text_is_predicted_as_before(origin: Checkpoint) -> None:
    dataset = Dataset.build([NEW], vocabulary=origin.vocabulary, grow=True)
    network = build_network(TINY, len(dataset.vocabulary))
    start_from(network, origin)
    before = Evaluator(old_network(origin)).carried_loss(Dataset.build([OLD], vocabulary=origin.vocabulary).whole)
    after = Evaluator(network).carried_loss(Dataset.build([OLD], vocabulary=dataset.vocabulary).whole)
    assert after == pytest.approx(before, abs=1e-3)


@pytest.mark.parametrize("added", [1, 10, 5_000])
def test_however_many_they_are_new_characters_start_unlikely_in_any_context(added: int) -> None:
    rng = np.random.default_rng(0)
    kernel, bias = rng.normal(size=(16, 12)).astype(np.float32), rng.normal(size=12).astype(np.float32)
    new_kernel, new_bias = grown_output(kernel, bias, 12 + added)
    for hidden in (np.zeros(16), rng.uniform(-1, 1, 16), np.ones(16)):
        logits = hidden @ new_kernel + new_bias
        probabilities = np.exp(logits - np.logaddexp.reduce(logits))
        assert 0 < probabilities[12:].sum() < 1 / 2_000


def test_nothing_new_changes_nothing() -> None:
    embedding = np.ones((5, 3), np.float32)
    assert np.array_equal(grown_embedding(embedding, 5), embedding)


def test_learning_goes_on_from_there(origin: Checkpoint, tmp_path: Path) -> None:
    """Two passes over mostly known text bring it below where a network from its beginnings arrives."""
    mixed = OLD.replace("wall", "jardín")
    begun, fresh = (prepared(tmp_path, mixed, start, replace(PLAN, epochs=2)) for start in (origin, None))
    losses = []
    for assignment in (begun, fresh):
        training = Training(assignment.plan, assignment.dataset)
        if assignment.origin:
            start_from(training.network, assignment.origin)
        run(training)
        losses.append(training.progress.history[-1]["validation"])
    assert losses[0] < losses[1] - 0.1
    assert losses[0] < math.log(len(begun.dataset.vocabulary))


def prepared(tmp_path: Path, text: str, origin: Checkpoint | None, plan: Plan = PLAN, **more: object):  # type: ignore[no-untyped-def]
    return prepare(Corpus("new.txt", iter([text])), tmp_path / "out", lambda _: plan, "", origin=origin, **more)  # type: ignore[arg-type]


def test_the_origin_and_what_it_forbids_are_noted(origin: Checkpoint, tmp_path: Path) -> None:
    assignment = prepared(tmp_path, NEW, origin, restrictions="Not for minors.\nNot for advertising.")
    assert assignment.notes["from"] == {
        "weights": origin.weights_digest,
        "corpus": "parrots.txt",
        "added_characters": len(set(NEW) - set(OLD)),
    }
    assert assignment.corpus["restrictions"] == "Not for advertising.\nNot for minors."
    training = Training(PLAN, assignment.dataset)
    said = Saver(tmp_path / "out", PLAN, assignment.corpus, assignment.notes).describe(training, {}).to_json({})
    assert said["training"]["from"] == assignment.notes["from"]


def test_an_interrupted_fine_tuning_is_resumed_with_its_own_vocabulary(origin: Checkpoint, tmp_path: Path) -> None:
    assignment = prepared(tmp_path, NEW, origin)
    training = Training(PLAN, assignment.dataset)
    Saver(tmp_path / "out", PLAN, assignment.corpus, assignment.notes).save(training, best=True)
    for start in (None, origin):
        resumed = prepared(tmp_path, NEW, start, resume=True)
        assert resumed.dataset.vocabulary == assignment.dataset.vocabulary
        assert resumed.notes == assignment.notes
        assert resumed.corpus == assignment.corpus
        assert resumed.earlier is not None
        assert resumed.origin is None
    stranger = Checkpoint.open(tmp_path / "out")
    with pytest.raises(TrainerError, match="did not start from these weights: leave out --from"):
        prepared(tmp_path, NEW, stranger, resume=True)


def test_the_origin_is_not_written_over(origin: Checkpoint) -> None:
    with pytest.raises(TrainerError, match="expected another folder to write to"):
        prepare(Corpus("new.txt", iter([NEW])), origin.path, lambda _: PLAN, "", origin=origin)
    assert (origin.path / CONFIG).is_file()


def test_the_size_is_the_origins(origin: Checkpoint) -> None:
    other = replace(PLAN, network=NetworkConfig(64, 512, 1))
    plan = sized_as(origin, other, NOTHING_ASKED)
    assert plan.network == TINY
    assert plan.training == CONFIG_TINY
    assert sized_as(origin, PLAN, NOTHING_ASKED | {"preset": "tiny", "units": 16}).network == TINY


@pytest.mark.parametrize("asked", [{"units": 32}, {"layers": 1}, {"embedding": 9}, {"preset": "medium"}])
def test_another_size_is_refused_in_a_sentence(origin: Checkpoint, asked: dict[str, int | str]) -> None:
    other = replace(PLAN, network=NetworkConfig(64, 512, 1)) if "preset" in asked else PLAN
    with pytest.raises(ConfigError, match=r"expected the size of .*, 2 x 16 with embedding 8, .*got .*: leave out"):
        sized_as(origin, other, NOTHING_ASKED | asked)
