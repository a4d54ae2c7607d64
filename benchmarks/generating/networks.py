"""The network that is measured: the notebook's size, random weights, both engines and the plain Keras network."""

from functools import cached_property

import keras
import numpy as np

from model.config import NetworkConfig
from model.engine import Engine
from model.engines.litert import LiteRTEngine
from model.engines.xla import TensorFlowEngine
from model.generator import RecurrentGenerator
from model.network import build_network
from model.state import State
from model.vocabulary import Vocabulary
from trainer.export import export_step

NETWORK = NetworkConfig()  # two layers of 1024, embedding 256
VOCABULARY = Vocabulary(["\n", *map(chr, range(32, 122))])  # 91 characters
WIDTH = len(VOCABULARY)
SEED = "Domingo"


def bytes_per_character() -> int:
    """The int8 weights that one character needs: every product's, and a row of the first layer's input table."""
    units, above = NETWORK.units, NETWORK.layers - 1
    return 4 * units * units + above * 8 * units * units + units * WIDTH + 4 * units


class Networks:
    """One set of weights, each way to run it."""

    @cached_property
    def keras(self) -> keras.Sequential:
        return build_network(NETWORK, WIDTH)

    @cached_property
    def graph(self) -> bytes:
        return export_step(self.keras)

    def litert(self) -> RecurrentGenerator:
        return generator_of(LiteRTEngine(self.graph))

    @cached_property
    def tensorflow(self) -> RecurrentGenerator:
        engine = TensorFlowEngine(self.keras)
        engine.warm_up()  # as the bot does
        return generator_of(engine)


def generator_of(engine: Engine) -> RecurrentGenerator:
    """The public Generator over an engine."""
    zeros = np.zeros((NETWORK.layers, 2, NETWORK.units), np.float32)
    return RecurrentGenerator(engine, VOCABULARY, State("0" * 32, zeros))
