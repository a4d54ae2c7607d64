"""Calibration: one temperature for all logits, found on held-out text, kept in the output layer."""

from dataclasses import replace
from math import log

import keras
import numpy as np
import pytest

from model.config import NetworkConfig
from trainer.calibration import HIGHEST, calibrate
from trainer.dataset import Dataset
from trainer.plan import Plan, TrainingConfig, make_plan
from trainer.training import Training

TEXT = "".join(f"{n} green parrots sat on the wall, talking of the weather.\n" for n in range(60))


def one_layer(kernel: float) -> keras.Sequential:
    network = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, name="logits")])
    network.get_layer("logits").set_weights([np.array([[kernel]], np.float32), np.array([1.0], np.float32)])
    return network


@pytest.mark.parametrize(("kernel", "temperature"), [(3.0, 1.5), (1.4, 0.7), (2.0, 1.0)])
def test_the_temperature_of_the_least_loss_goes_into_kernel_and_bias(kernel: float, temperature: float) -> None:
    network = one_layer(kernel)
    layer = network.get_layer("logits")

    def loss() -> float:  # least where the kernel is 2
        return log(float(layer.get_weights()[0][0, 0]) / 2) ** 2

    assert calibrate(network, loss) == pytest.approx(temperature, rel=0.006)
    found_kernel, found_bias = layer.get_weights()
    assert found_kernel[0, 0] == pytest.approx(2, rel=0.006)
    assert found_bias[0] == pytest.approx(1 / temperature, rel=0.006)


def test_weights_that_no_temperature_betters_stay_to_the_bit() -> None:
    network = one_layer(2.0)
    layer = network.get_layer("logits")
    before = [array.copy() for array in layer.get_weights()]
    assert calibrate(network, lambda: abs(log(float(layer.get_weights()[0][0, 0]) / 2))) == 1.0
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_network_made_too_sure_of_itself_predicts_held_out_text_better_afterwards() -> None:
    config = TrainingConfig(batch_size=4, sequence_length=20, learning_rate=1e-2)
    training = Training(Plan("test", NetworkConfig(8, 16, 1), config, None, 6, ""), Dataset.build([TEXT]))
    for _ in training.run(lambda *_: None, lambda: False, lambda line: None):
        pass
    layer = training.network.get_layer("logits")
    layer.set_weights([4 * array for array in layer.get_weights()])
    before = training.held_out_loss()
    temperature = calibrate(training.network, training.held_out_loss)
    assert 1.5 < temperature < HIGHEST * 1.01
    assert training.held_out_loss() < before


def test_the_notebook_keeps_the_weights_it_ends_with() -> None:
    assert not make_plan("notebook", 10_000).training.calibrate
    assert make_plan("auto", 10_000, minutes=1).training.calibrate
    assert replace(TrainingConfig(), calibrate=False).to_json()["calibrate"] is False
