"""Finishing: from the best weights to a whole checkpoint: export, figures, samples, curve, card."""

from collections.abc import Callable, Sequence

import keras
import numpy as np

from model.checkpoint import GENERATOR, Checkpoint
from model.config import SamplingConfig
from model.engine import Engine
from model.engines.litert import LiteRTEngine
from model.engines.xla import TensorFlowEngine
from model.generator import RecurrentGenerator
from model.held_out import LINES, pick_lines, written
from model.network import build_network
from model.sampling import Rng
from model.state import State
from trainer.calibration import calibrate
from trainer.curve import CURVE, draw_curve
from trainer.dataset import Dataset
from trainer.export import export_step
from trainer.measuring import measure
from trainer.report import NOTEBOOK_SEEDS, card_of_lines, model_card, write_samples
from trainer.saving import Saver, load_best
from trainer.training import Training

_SHOWN = 160  # characters of the sample on the display
_SHOWN_ON_CARD = 700
_LOOKED_AT = 2_000_000  # characters of the held-out text, for lines


def finish(
    training: Training,
    saver: Saver,
    command: str,
    resumable: bool,
    say: Callable[[str], None],
    with_lines: bool = False,
) -> Checkpoint:
    """Make the folder whole from the best weights in it; resume/ stays only if the run may go on.

    with_lines: some lines of the held-out text may go with the checkpoint, for games.
    The weights of a run that is over are calibrated.
    Raises CheckpointError where the disk refuses.
    """
    load_best(training, saver.out)
    temperature = 1.0
    if training.plan.training.calibrate and not resumable:  # a run that goes on needs its weights as they are
        temperature = calibrate(training.network, training.held_out_loss)
    dataset, graph = training.dataset, export_step(training.network)
    engine = LiteRTEngine(graph)
    vocabulary, held_out = dataset.vocabulary, dataset.validation
    figures = measure("held out", training.network, engine, vocabulary, held_out, dataset.training, say)
    seeds = NOTEBOOK_SEEDS if training.plan.preset == "notebook" else _seeds_from(dataset)
    samples = write_samples(_wrap(engine, training), seeds)
    metrics = figures.to_json() | {"calibration": round(temperature, 4)}
    card = model_card(saver.describe(training, metrics), command, figures, samples[:_SHOWN_ON_CARD])
    files = {
        GENERATOR: graph,
        CURVE: draw_curve(training.progress.history),
        "samples.txt": samples.encode(errors="replace"),
        "README.md": card.encode(errors="replace"),
    }
    if with_lines and (lines := pick_lines(held_out.part(0, _LOOKED_AT).text())):
        files[LINES] = written(lines)
        files["README.md"] += card_of_lines().encode()
    return saver.finish(training, metrics, files, resumable)


class Sampler:
    """Writes a little with the weights as they are: a compiled batch-1 network beside the trained one."""

    def __init__(self, training: Training) -> None:
        self._training = training
        self._network = _batch_1(training)
        self._generator = _wrap(TensorFlowEngine(self._network), training)
        self.sample()  # compiles outside the clock

    def sample(self) -> str:
        self._network.set_weights(self._training.network.get_weights())
        opening = self._generator.initial_state()
        return self._generator.generate(opening, _SHOWN, SamplingConfig(), Rng(self._training.progress.step)).text


def _batch_1(training: Training) -> keras.Sequential:
    network = build_network(training.plan.network, len(training.dataset.vocabulary))
    network.set_weights(training.network.get_weights())
    return network


def _wrap(engine: Engine, training: Training) -> RecurrentGenerator:
    shape = training.plan.network
    zeros = np.zeros((shape.layers, 2, shape.units), np.float32)
    return RecurrentGenerator(engine, training.dataset.vocabulary, State("0" * 32, zeros))


def _seeds_from(dataset: Dataset) -> Sequence[str]:
    """The beginnings of three lines of the held-out text."""
    text = dataset.vocabulary.decode(dataset.validation[0:20_000].tolist())
    lines = [line.strip() for line in text.splitlines()[1:] if len(line.strip()) > 20]
    return [" ".join(line.split()[:3]) for line in lines[:: max(1, len(lines) // 3)][:3]] or [text[:10]]
