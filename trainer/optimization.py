"""Initial weights and the optimizer, as the configuration says."""

import keras

from model.network import lstm_layers
from trainer.plan import TrainingConfig


def initialise(network: keras.Sequential, config: TrainingConfig) -> None:
    """Weights beyond Keras' own choice: the recurrent kernels as the configuration says."""
    if config.recurrent_initializer == "glorot_uniform":
        return  # as build_network made them
    for index, layer in enumerate(lstm_layers(network)):
        for gate in range(4):
            block = keras.initializers.Orthogonal(seed=config.seed % 2**31 + 10 * index + gate)
            units = layer.units
            values = layer.cell.recurrent_kernel.numpy()
            values[:, gate * units : (gate + 1) * units] = block((units, units))
            layer.cell.recurrent_kernel.assign(values)


def make_optimizer(config: TrainingConfig, network: keras.Sequential) -> keras.optimizers.Optimizer:
    """Adam with Keras' defaults, or AdamW (Loshchilov and Hutter 2019) with decay on matrices only."""
    if config.optimizer == "adam":
        optimizer = keras.optimizers.Adam()
    else:
        optimizer = keras.optimizers.AdamW(
            config.learning_rate,
            beta_2=config.beta_2,
            epsilon=1e-8,
            weight_decay=config.weight_decay,
            global_clipnorm=config.clip_norm or None,
        )
        optimizer.exclude_from_weight_decay(var_names=["bias"])
    optimizer.build(network.trainable_variables)
    return optimizer
