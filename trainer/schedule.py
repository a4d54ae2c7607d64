"""Schedule: the learning rate over a run."""

import math

from trainer.plan import TrainingConfig

_FLOOR = 0.02  # of the peak, at the very end


def learning_rate(config: TrainingConfig, progress: float) -> float:
    """The rate at a progress from 0 to 1: a linear warm-up, then a half cosine down to 2 % of the peak.

    Loshchilov and Hutter 2017, "SGDR", without restarts. `constant` stays at the peak throughout.
    """
    if config.schedule == "constant":
        return config.learning_rate
    if progress < config.warm_up:
        return config.learning_rate * max(progress / config.warm_up, 0.01)
    rest = min(1.0, (progress - config.warm_up) / (1 - config.warm_up))
    return config.learning_rate * (_FLOOR + (1 - _FLOOR) * 0.5 * (1 + math.cos(math.pi * rest)))
