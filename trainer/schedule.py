"""Schedule: the learning rate over a run."""

from trainer.plan import TrainingConfig


def learning_rate(config: TrainingConfig, progress: float) -> float:
    """The rate at a progress from 0 to 1: a linear warm-up, then a straight line down to nothing.

    `constant` stays at the peak throughout. A line to nothing ended lower than a half cosine to 2 % of the
    peak and let the peak be twice as high (trainer/LOG.md; so did Defazio et al. 2023, "When, Why and How
    Much? Adaptive Learning Rate Scheduling by Refinement").
    """
    if config.schedule == "constant":
        return config.learning_rate
    if progress < config.warm_up:
        return config.learning_rate * max(progress / config.warm_up, 0.01)
    return config.learning_rate * max(0.0, 1 - (progress - config.warm_up) / (1 - config.warm_up))
