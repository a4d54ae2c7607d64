"""Calibration: a trained network is made as sure of itself as it is right, by one number for all its logits.

A network that has seen its text several times is surer of every guess than it should be. Dividing its logits by one
temperature mends that without changing which guess is the likeliest (temperature scaling, Guo et al. 2017,
https://arxiv.org/abs/1706.04599), and makes the temperature that people set mean the same for every voice. The number
goes into the output layer's weights, so nobody who uses them has to know of it.
"""

from collections.abc import Callable
from math import exp, log, sqrt

import keras

LOWEST, HIGHEST = 0.5, 2.0  # where it is looked for; a network that needs more has other troubles
_STEPS = 12  # each narrows the range to 0.618 of it: to less than half a percent in the end
_GOLDEN = (sqrt(5) - 1) / 2


def calibrate(network: keras.Sequential, loss: Callable[[], float]) -> float:
    """Divide the output layer by the temperature at which the loss is least, and return that temperature.

    loss: nats per character of text that the network was not trained on, with its weights as they are at the call.
    It is convex in the scale of the logits, so a golden-section search (Kiefer 1953) finds its least. The weights
    stay as they are where no temperature betters them.
    """
    layer = network.get_layer("logits")
    weights = layer.get_weights()

    def at(height: float) -> float:
        layer.set_weights([array / exp(height) for array in weights])
        return loss()

    low, high = log(LOWEST), log(HIGHEST)
    as_it_is = at(0.0)
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    loss_left, loss_right = at(left), at(right)
    for _ in range(_STEPS):
        if loss_left < loss_right:
            high, right, loss_right = right, left, loss_left
            left = high - _GOLDEN * (high - low)
            loss_left = at(left)
        else:
            low, left, loss_left = left, right, loss_right
            right = low + _GOLDEN * (high - low)
            loss_right = at(right)
    best = left if loss_left < loss_right else right
    if min(loss_left, loss_right) >= as_it_is:
        best = 0.0
    at_best = exp(best)
    layer.set_weights([array / at_best for array in weights])
    return at_best
