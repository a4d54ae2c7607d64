"""The probe: how fast this machine trains, measured in a few seconds on two small networks.

What else the machine does makes some measurements longer and none shorter, so the shortest counts. They are taken in
turns, for a busy moment to meet both networks, and go on for a while where a step had too little of the processor.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from model.config import NetworkConfig
from trainer.chains import chains
from trainer.dataset import Dataset
from trainer.device import has_gpu
from trainer.plan import Plan, Speed, TrainingConfig, millions
from trainer.training import Training

_NETWORKS = (NetworkConfig(64, 128, 1), NetworkConfig(64, 448, 1))
_CHARACTERS = "".join(map(chr, range(32, 97)))
_STEPS = 4  # timed together: a tenth of a second or so
_ROUNDS = 4  # at the least
_SHARE = 0.1  # of the run's time, at the most, begun rounds and the compilation not counted; before that time begins
_AT_LEAST, _AT_MOST = 6.0, 60.0  # seconds, whatever the share is
_ALIKE = 1.05  # how far the second shortest may be from the shortest for that to be no luck
_UNDISTURBED = 0.75  # share of the cores it can use that a step has on a machine with nothing else to do


@dataclass(frozen=True)
class Timing:
    """A measurement of some steps."""

    seconds: float  # for a character
    cores: float  # processor time by wall time


def measure_speed(minutes: float, say: Callable[[str], None]) -> Speed:
    """What a character costs here, from the time of whole training steps; the line through two networks.

    minutes: of the run: the longer it is, the longer a quiet moment is waited for.
    Says so where the machine is busy with something else all the while: it is then taken for a slower one.
    """
    ids = np.random.default_rng(0).integers(0, len(_CHARACTERS), 20_000)
    dataset = Dataset.build(["".join(_CHARACTERS[i] for i in ids)])
    # Of a GPU's time the processor's tells nothing.
    cores = 0 if has_gpu() else chains(TrainingConfig().batch_size)
    timings = shortest([_stopwatch(network, dataset) for network in _NETWORKS], cores, time.monotonic, minutes)
    had = min(timing.cores for timing in timings)
    if had < _UNDISTURBED * cores:
        say(
            f"something else keeps this machine busy: training had {had:.1f} of {cores} cores while it was measured, "
            "and the network is chosen for that; begin again when the machine is quiet, or name --units"
        )
    return Speed.through(
        [(millions(network), timing.seconds) for network, timing in zip(_NETWORKS, timings, strict=True)]
    )


def shortest(
    measure: Sequence[Callable[[], Timing]], cores: int, clock: Callable[[], float], minutes: float
) -> list[Timing]:
    """The shortest of several measurements by each, once each was met about twice on an undisturbed machine.

    cores: how many a step can use. Where the machine does not get quiet, what there is after a tenth of the run's
    minutes: a busy moment of some seconds would otherwise choose a network for all of them.
    """
    timings: list[list[Timing]] = [[] for _ in measure]
    deadline = clock() + min(_AT_MOST, max(_AT_LEAST, _SHARE * 60 * minutes))
    while True:
        for own, again in zip(timings, measure, strict=True):
            own.append(again())
        if all(_is_sure(own, cores) for own in timings) or clock() >= deadline:
            return [min(own, key=lambda timing: timing.seconds) for own in timings]


def _is_sure(timings: Sequence[Timing], cores: int) -> bool:
    if len(timings) < _ROUNDS:
        return False
    first, second, *_ = sorted(timings, key=lambda timing: timing.seconds)
    return second.seconds <= _ALIKE * first.seconds and first.cores >= _UNDISTURBED * cores


def _stopwatch(network: NetworkConfig, dataset: Dataset) -> Callable[[], Timing]:
    """What times some more steps of a network's training at each call; it is compiled by now."""
    config = TrainingConfig()
    training = Training(Plan("probe", network, config, None, 1, ""), dataset)
    training.step()

    def measure() -> Timing:
        wall, processor = time.perf_counter(), time.process_time()
        for _ in range(_STEPS):
            training.step()
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        return Timing(wall / (_STEPS * config.batch_size * config.sequence_length), processor / wall)

    return measure
