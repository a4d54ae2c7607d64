"""The loop: it learns, it forgets between texts, it repeats itself exactly."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.checkpoint import WEIGHTS, Checkpoint
from model.config import NetworkConfig, SamplingConfig
from model.engines.xla import TensorFlowEngine
from model.generator import RecurrentGenerator
from model.network import build_network
from model.sampling import Rng
from model.state import State
from trainer.dataset import Dataset
from trainer.errors import CorpusError, Diverged
from trainer.evaluation import Evaluator
from trainer.plan import Plan, TrainingConfig, make_plan
from trainer.saving import Saver, restore_state
from trainer.training import Training

TEXT = "".join(f"{n} green parrots sat on the wall, talking of the weather.\n" for n in range(60))
TINY = NetworkConfig(8, 16, 1)  # compiling it is what a test here takes its time for
DEEP = NetworkConfig(8, 16, 2)
CONFIG = TrainingConfig(batch_size=4, sequence_length=20, learning_rate=1e-2)


def plan(epochs: int = 2, network: NetworkConfig = TINY, training: TrainingConfig = CONFIG) -> Plan:
    return Plan("test", network, training, None, epochs, "")


def run(training: Training, save: Callable[[Training, bool], None] = lambda *_: None, stop_at: int = 10**9) -> None:
    for _ in training.run(save, lambda: training.progress.step >= stop_at, lambda line: None):
        pass


def test_trained_on_hola_the_network_continues_h_with_ola() -> None:
    """The notebook's own example: the alphabet is a, h, l, o."""
    dataset = Dataset.build(["hola" * 30])
    assert dataset.vocabulary.characters == ("a", "h", "l", "o")
    config = replace(CONFIG, sequence_length=3, reset_probability=0.2, dropout=0.0)
    training = Training(plan(15, NetworkConfig(8, 16, 1), config), dataset)
    run(training)
    network = build_network(training.plan.network, len(dataset.vocabulary))
    network.set_weights(training.network.get_weights())
    initial = State("0" * 32, np.zeros((1, 2, 16), np.float32))
    generator = RecurrentGenerator(TensorFlowEngine(network), dataset.vocabulary, initial)
    after_h = generator.feed(initial, "h")
    assert generator.generate(after_h, 3, SamplingConfig(0.05), Rng(1)).text == "ola"


def test_the_loss_falls_and_is_reported() -> None:
    training = Training(plan(6), Dataset.build([TEXT]))
    reports = list(training.run(lambda *_: None, lambda: False, lambda line: None))
    assert reports[-1].loss < 0.7 * reports[0].loss
    assert reports[-1].share == 1
    assert reports[-1].epoch == pytest.approx(6)
    assert training.progress.history[-1]["validation"] == pytest.approx(
        Evaluator(training.network).zero_state_loss(training.dataset.validation), abs=0.02
    )


def test_a_first_step_starts_from_the_initial_weights() -> None:
    """Compiling runs a step; it must leave no trace."""
    training = Training(plan(), Dataset.build([TEXT]))
    before = [w.numpy() for w in training.network.trainable_variables]
    slots = [v.numpy() for v in training.optimizer.variables]
    training._compile()
    assert all(map(np.array_equal, before, [w.numpy() for w in training.network.trainable_variables]))
    assert all(map(np.array_equal, slots, [v.numpy() for v in training.optimizer.variables]))


def test_two_runs_with_one_seed_are_the_same_bit_for_bit() -> None:
    first, second = (Training(plan(network=DEEP), Dataset.build([TEXT])) for _ in range(2))
    run(first)
    run(second)
    assert all(map(np.array_equal, first.network.get_weights(), second.network.get_weights()))


def test_another_seed_is_another_run() -> None:
    first = Training(plan(1), Dataset.build([TEXT]))
    second = Training(plan(1, training=replace(CONFIG, seed=1)), Dataset.build([TEXT]))
    assert not np.array_equal(first.network.get_weights()[0], second.network.get_weights()[0])


def test_a_resumed_run_ends_like_one_that_was_never_interrupted(tmp_path: Path) -> None:
    whole = Training(plan(3, DEEP), Dataset.build([TEXT]))
    run(whole)
    interrupted = Training(plan(3, DEEP), Dataset.build([TEXT]))
    saver = Saver(tmp_path / "run", interrupted.plan, {"name": "test"})
    run(interrupted, saver.save, stop_at=whole.progress.step // 2)
    assert 0 < interrupted.progress.step < whole.progress.step
    resumed = Training(plan(3, DEEP), Dataset.build([TEXT]))
    restore_state(resumed, Checkpoint.open(tmp_path / "run"))
    run(resumed)
    assert resumed.progress.step == whole.progress.step
    assert all(map(np.array_equal, whole.network.get_weights(), resumed.network.get_weights()))


def test_a_run_of_minutes_goes_on_with_the_time_that_is_left(tmp_path: Path) -> None:
    timed = replace(plan(), epochs=None, minutes=0.02)
    first, second = (Training(timed, Dataset.build([TEXT])) for _ in range(2))
    saver = Saver(tmp_path / "run", timed, {"name": "test"})
    for _ in first.run(saver.save, lambda: first.share > 0.5, lambda line: None, saver.save_state):
        pass
    restore_state(second, Checkpoint.open(saver.out))
    assert second.progress.elapsed > 0.5 * 60 * 0.02
    shares = [report.share for report in second.run(saver.save, lambda: False, lambda line: None)]
    assert shares[0] > 0.5
    assert shares[-1] == 1


def test_a_run_that_was_stopped_anywhere_keeps_the_same_weights_in_the_end(tmp_path: Path) -> None:
    """What is looked at when it stops leaves no trace, even where it would have been the best of all."""
    whole, kept = Training(plan(3), Dataset.build([TEXT])), {}
    run(whole, lambda training, best: kept.update(weights=training.network.get_weights()) if best else None)
    saver = Saver(tmp_path / "run", whole.plan, {"name": "test"})
    for stop_at in (1, whole.progress.step // 2, 10**9):
        part = Training(plan(3), Dataset.build([TEXT]))
        if saver.out.exists():
            restore_state(part, Checkpoint.open(saver.out))
        stopped = lambda part=part, stop_at=stop_at: part.progress.step >= stop_at  # noqa: E731
        for _ in part.run(saver.save, stopped, lambda line: None, saver.save_state):
            pass
        assert Checkpoint.open(saver.out).training["steps"] == part.progress.step
    network = build_network(part.plan.network, len(part.dataset.vocabulary))
    network.load_weights(saver.out / WEIGHTS)
    assert all(map(np.array_equal, kept["weights"], network.get_weights()))
    assert [row["step"] for row in part.progress.history] == [row["step"] for row in whole.progress.history]


def test_the_best_weights_are_kept_when_later_ones_are_worse(tmp_path: Path) -> None:
    training = Training(plan(1), Dataset.build([TEXT]))
    saver = Saver(tmp_path / "run", training.plan, {"name": "test"})
    run(training)
    saver.save(training, best=True)
    best = Checkpoint.open(tmp_path / "run").read(WEIGHTS)
    training.network.set_weights([w * 0 for w in training.network.get_weights()])
    saver.save(training, best=False)
    assert Checkpoint.open(tmp_path / "run").read(WEIGHTS) == best
    saver.save(training, best=True)
    assert Checkpoint.open(tmp_path / "run").read(WEIGHTS) != best


def test_with_a_reset_probability_of_one_no_state_is_carried() -> None:
    """A step that forgets everything gives the loss of a zero state whatever was carried."""
    losses = []
    for carried in (0.0, 1.0):
        training = Training(plan(training=replace(CONFIG, reset_probability=1.0)), Dataset.build([TEXT]))
        training.state = [(h + carried, c + carried) for h, c in training.state]
        losses.append(training.step())
    assert losses[0] == losses[1]


def test_without_resets_the_state_is_carried() -> None:
    losses = []
    for carried in (0.0, 1.0):
        training = Training(plan(training=replace(CONFIG, reset_probability=0.0)), Dataset.build([TEXT]))
        training.state = [(h + carried, c + carried) for h, c in training.state]
        losses.append(training.step())
    assert losses[0] != losses[1]


def test_a_loss_that_is_no_number_ends_the_run() -> None:
    training = Training(plan(), Dataset.build([TEXT]))
    training.network.set_weights([w * np.nan for w in training.network.get_weights()])
    with pytest.raises(Diverged, match=r"no number 4 times, at last nan at step 1: try a lower --learning-rate"):
        run(training)


def test_a_loss_that_is_no_number_once_costs_half_the_rate_and_nothing_else() -> None:
    training = Training(plan(3), Dataset.build([TEXT]))
    said: list[str] = []
    damage = iter([True])
    for report in training.run(lambda *_: None, lambda: False, said.append):
        if report.step == 25 and next(damage, False):
            training.network.set_weights([w * np.nan for w in training.network.get_weights()])
    assert len(said) == 1
    assert "back to step" in said[0]
    assert training.share == 1
    assert training.progress.setbacks == 1
    assert all(np.isfinite(w).all() for w in training.network.get_weights())
    assert training.progress.history[-1]["validation"] < 3


class Unlucky(Training):
    """At some steps the loss is no number, and the weights are none any more; once for each setback."""

    faults = ((28, 0), (29, 1))  # step and setbacks before it; the validations around are at 24 and 30

    def step(self) -> float:
        loss = super().step()
        if (self.progress.step, self.progress.setbacks) not in self.faults:
            return loss
        self.network.set_weights([w * np.nan for w in self.network.get_weights()])
        return float("nan")


def test_a_run_stopped_around_setbacks_goes_back_to_where_it_would_have_gone_back(tmp_path: Path) -> None:
    said: list[str] = []
    whole = Unlucky(plan(3), Dataset.build([TEXT]))
    for _ in whole.run(lambda *_: None, lambda: False, said.append):
        pass
    assert [line.partition(":")[2] for line in said] == [" back to step 24 with half the rate"] * 2
    saver = Saver(tmp_path / "run", whole.plan, {"name": "test"})
    for at in ((26, 0), (27, 0), (26, 1), (28, 1), (26, 2), (10**9, 2)):
        part = Unlucky(plan(3), Dataset.build([TEXT]))
        if saver.out.exists():
            restore_state(part, Checkpoint.open(saver.out))
        stopped = lambda part=part, at=at: (part.progress.step, part.progress.setbacks) == at  # noqa: E731
        for _ in part.run(saver.save, stopped, said.append, saver.save_state):
            pass
    assert len(said) == 4
    assert said[2:] == said[:2]
    assert all(map(np.array_equal, whole.network.get_weights(), part.network.get_weights()))
    assert [row["validation"] for row in part.progress.history] == [row["validation"] for row in whole.progress.history]


def test_weights_that_are_no_numbers_are_not_what_a_run_goes_back_to(tmp_path: Path) -> None:
    """The step before a validation may spoil them; what was kept before stays, even where the last ones are wanted."""

    class Spoilt(Training):
        def step(self) -> float:
            loss = super().step()
            if self.progress.step == 24 and not self.progress.setbacks:
                self.network.set_weights([w * np.nan for w in self.network.get_weights()])
            return loss

    said: list[str] = []
    training = Spoilt(plan(3, training=replace(CONFIG, keep="last")), Dataset.build([TEXT]))
    kept: list[bool] = []
    keep = lambda training, best: kept.append(all(np.isfinite(w).all() for w in training.network.get_weights()))  # noqa: E731
    for _ in training.run(keep, lambda: False, said.append):
        pass
    assert said == ["the loss is nan at step 24: back to step 18 with half the rate"]
    assert all(kept)
    assert training.share == 1


def test_the_first_state_of_a_run_comes_with_its_own_weights(tmp_path: Path) -> None:
    """Also where a finished run lies in the folder."""
    old, new = Training(plan(1), Dataset.build([TEXT])), Training(plan(2), Dataset.build([TEXT]))
    saver = Saver(tmp_path / "run", old.plan, {"name": "test"})
    run(old, saver.save)
    before = Checkpoint.open(saver.out).weights_digest
    for _ in new.run(saver.save, lambda: new.progress.step == 2, lambda line: None, saver.save_state):
        pass
    network = build_network(new.plan.network, len(new.dataset.vocabulary))
    network.load_weights(saver.out / WEIGHTS)
    assert Checkpoint.open(saver.out).weights_digest != before
    assert all(map(np.array_equal, new.network.get_weights(), network.get_weights()))


@pytest.mark.parametrize("by_epochs", [True, False])
def test_a_time_budget_ends_the_run_and_its_end_is_looked_at(by_epochs: bool) -> None:
    config = replace(CONFIG, validate_every_epoch=by_epochs, batch_size=1)
    training = Training(replace(plan(training=config), epochs=None, minutes=0.01), Dataset.build([TEXT * 20]))
    run(training)
    assert training.share == 1
    assert training.progress.history[-1]["step"] == training.progress.step


def test_a_corpus_too_short_for_the_wanted_streams_gets_fewer() -> None:
    training = Training(make_plan("tiny", 30, epochs=1), Dataset.build(["a short text, really short"]))
    run(training)
    assert training.progress.step >= 1


def test_a_corpus_of_nothing_is_refused() -> None:
    with pytest.raises(CorpusError):
        Dataset.build([])
