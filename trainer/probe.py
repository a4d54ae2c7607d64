"""The probe: how fast this machine trains, measured in a few seconds on two small networks."""

import statistics
import time

import numpy as np

from model.config import NetworkConfig
from trainer.dataset import Dataset
from trainer.plan import Plan, Speed, TrainingConfig, millions
from trainer.training import Training

_NETWORKS = (NetworkConfig(64, 128, 1), NetworkConfig(64, 448, 1))
_CHARACTERS = "".join(map(chr, range(32, 97)))
_STEPS_AT_LEAST = 5
_SECONDS = 1.0  # for each network, its compilation not counted


def measure_speed() -> Speed:
    """What a character costs here, from the time of whole training steps; the line through two networks."""
    ids = np.random.default_rng(0).integers(0, len(_CHARACTERS), 20_000)
    dataset = Dataset.build(["".join(_CHARACTERS[i] for i in ids)])
    small, large = (_seconds_per_character(network, dataset) for network in _NETWORKS)
    return Speed.through([(millions(_NETWORKS[0]), small), (millions(_NETWORKS[1]), large)])


def _seconds_per_character(network: NetworkConfig, dataset: Dataset) -> float:
    config = TrainingConfig()
    training = Training(Plan("probe", network, config, None, 1, ""), dataset)
    training.step()  # compiles
    seconds: list[float] = []
    while len(seconds) < _STEPS_AT_LEAST or sum(seconds) < _SECONDS:
        began = time.perf_counter()
        training.step()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds) / (config.batch_size * config.sequence_length)
