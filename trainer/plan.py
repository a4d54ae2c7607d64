"""Plan: the sizes and rates of a run, by preset or by the time there is; a reason beside each default."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from model.config import NetworkConfig, check_integer, check_number
from model.errors import ConfigError

_EPOCHS_WORTHWHILE = 5.5  # with fewer, a smaller network ends better
_CHARACTERS_PER_WEIGHT = 5  # seen, with which a network is worth its size even if the text is too long for many passes
_POWER_OF_TWO = 1.3  # how much slower than the line 512 units were, in two runs; the cause was not looked into
_WEIGHTS_PER_CHARACTER = 1.5  # with more, a network learns the text by heart

SCHEDULES = ("linear", "constant")
OPTIMIZERS = ("adamw", "adam")


@dataclass(frozen=True)
class TrainingConfig:
    """How a network is trained; saved with the weights.

    Raises ConfigError for a value outside its range.
    """

    batch_size: int = 32  # streams: more would be faster a character, and learn less a minute
    sequence_length: int = 50  # timesteps of back-propagation; the state is carried further
    learning_rate: float = 1.6e-2  # AdamW's peak, after warm-up
    schedule: str = "linear"  # down to nothing at the end; `constant` for the notebook
    warm_up: float = 0.05  # share of the run
    optimizer: str = "adamw"  # `adam` with Keras' defaults for the notebook
    beta_2: float = 0.99  # shorter memory than 0.999: runs are short
    weight_decay: float = 0.05  # on matrices only
    clip_norm: float = 1.0  # global norm of the gradient; 0 is off
    dropout: float = 0.2  # after each LSTM layer
    recurrent_dropout: float = 0.0  # of the candidates that enter the cell
    reset_probability: float = 0.05  # a stream's state to zero, per chunk: a fresh /seed starts from zeros
    unknown_rate: float = 0.001  # share of inputs replaced by `<unk>`, so that it is trained
    recurrent_initializer: str = "orthogonal"  # `glorot_uniform` for the notebook
    validate_every_epoch: bool = False  # else some 20 times over the run
    keep: str = "best"  # by validation from a zero state; `last` for the notebook
    calibrate: bool = True  # at the end, on held-out text: passes over a text make a network too sure of itself
    seed: int = 0

    def __post_init__(self) -> None:
        check_integer("batch_size", self.batch_size, 1, 4096)
        check_integer("sequence_length", self.sequence_length, 1, 4096)
        check_number("a learning rate", self.learning_rate, 1e-7, 1.0)
        check_number("a dropout", self.dropout, 0, 0.9)
        check_number("a recurrent dropout", self.recurrent_dropout, 0, 0.9)
        check_number("a reset probability", self.reset_probability, 0, 1)
        check_number("an unknown rate", self.unknown_rate, 0, 0.5)
        check_number("a warm-up", self.warm_up, 0, 0.9)
        check_number("a beta-2", self.beta_2, 0, 0.999999)
        check_number("a weight decay", self.weight_decay, 0, 10)
        check_number("a clip norm", self.clip_norm, 0, 1e6)
        for name, known in (("schedule", SCHEDULES), ("optimizer", OPTIMIZERS)):
            if getattr(self, name) not in known:
                raise ConfigError(f"expected {name} out of {', '.join(known)}, got {getattr(self, name)!r}")
        check_integer("seed", self.seed, 0, 2**63 - 1)

    def to_json(self) -> dict[str, Any]:
        """The fields by name, as they stand in config.json."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "TrainingConfig":
        """The reverse of to_json; other keys are left aside. Raises ConfigError."""
        names = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in data.items() if name in names})


@dataclass(frozen=True)
class Speed:
    """Seconds that training takes for a character: what every network pays, and more for each million weights."""

    at_least: float
    per_million: float

    def seconds(self, network: NetworkConfig) -> float:
        """For one character."""
        is_steep = network.units >= 512 and network.units & (network.units - 1) == 0
        return (self.at_least + self.per_million * millions(network)) * (_POWER_OF_TWO if is_steep else 1)

    @classmethod
    def through(cls, points: Sequence[tuple[float, float]]) -> "Speed":
        """The line through two measurements: millions of weights, the fewer first, and seconds a character."""
        (fewer, fast), (more, slow) = points
        per_million = max(slow - fast, slow / 100) / (more - fewer)  # noise may turn the two around
        return cls(max(slow - per_million * more, 0.0), per_million)


TWO_CORES = Speed(1 / 60_000, 1 / 65_000)  # measured with AVX-512 BF16, for those who do not measure


@dataclass(frozen=True)
class Plan:
    """What will be trained, how, and for how long: minutes or epochs, never both."""

    preset: str
    network: NetworkConfig
    training: TrainingConfig
    minutes: float | None
    epochs: int | None
    reason: str


_NOTEBOOK_TRAINING = TrainingConfig(
    batch_size=64,
    sequence_length=100,
    learning_rate=1e-3,
    schedule="constant",
    warm_up=0.0,
    optimizer="adam",
    beta_2=0.999,
    weight_decay=0.0,
    clip_norm=0.0,
    dropout=0.0,
    reset_probability=0.0,
    unknown_rate=0.0,
    recurrent_initializer="glorot_uniform",
    validate_every_epoch=True,
    keep="last",
    calibrate=False,
)
_NOTEBOOK_EPOCHS = 50

_SIZES: dict[str, tuple[NetworkConfig, TrainingConfig]] = {
    "tiny": (NetworkConfig(32, 128, 1), TrainingConfig()),
    "small": (NetworkConfig(64, 256, 1), TrainingConfig()),
    "medium": (NetworkConfig(64, 512, 1), TrainingConfig()),
    "large": (NetworkConfig(128, 1024, 2), TrainingConfig(batch_size=64, learning_rate=2e-3)),
    "notebook": (NetworkConfig(256, 1024, 2), _NOTEBOOK_TRAINING),
}
PRESETS = ("auto", *_SIZES)
# What `auto` chooses from, the largest first.
_LADDER = [
    _SIZES["large"],
    *((NetworkConfig(64, units, 1), TrainingConfig()) for units in (768, 640, 512, 448, 384, 320, 256, 192)),
]
_DEFAULT_MINUTES = 10.0
_WORTH_MEASURING = 1.0  # minutes; what is shorter would be over before the machine is known


def make_plan(
    preset: str,
    characters: int,
    minutes: float | None = None,
    epochs: int | None = None,
    measure_speed: Callable[[float], Speed] = lambda minutes: TWO_CORES,
) -> Plan:
    """The plan for a corpus of so many training characters.

    Without minutes or epochs, the notebook takes its 50 epochs and the others 10 minutes. The machine's speed
    is measured only where the plan depends on it; what measures it is told the minutes.
    Raises ConfigError for a preset that does not exist, both limits at once, or one out of its range.
    """
    if preset not in PRESETS:
        raise ConfigError(f"expected a preset out of {', '.join(PRESETS)}, got {preset!r}")
    if minutes is not None and epochs is not None:
        raise ConfigError("expected --minutes or --epochs, got both: name one")
    if minutes is not None:
        check_number("minutes", minutes, 0.01, 100_000)
    if epochs is not None:
        check_integer("epochs", epochs, 1, 1_000_000)
    if minutes is None and epochs is None:
        minutes, epochs = (None, _NOTEBOOK_EPOCHS) if preset == "notebook" else (_DEFAULT_MINUTES, None)
    if preset == "notebook":
        return Plan(preset, *_SIZES[preset], minutes, epochs, "as asked")
    speed = measure_speed(minutes) if minutes is not None and minutes >= _WORTH_MEASURING else TWO_CORES
    network, training, reason = (
        (*_SIZES[preset], "as asked") if preset != "auto" else _choose(characters, minutes, speed)
    )
    passes = epochs if minutes is None else _epochs(network, characters, minutes, speed)
    return Plan(preset, network, _regularised(training, passes or 0), minutes, epochs, reason)


def _choose(characters: int, minutes: float | None, speed: Speed) -> tuple[NetworkConfig, TrainingConfig, str]:
    """The largest network that the text can fill and that sees it often enough in the time there is."""
    if minutes is None:
        return *_SIZES["medium"], "the size for everyday corpora"
    for network, training in _LADDER:
        epochs, weights = _epochs(network, characters, minutes, speed), millions(network) * 1e6
        often_enough = min(_EPOCHS_WORTHWHILE, _CHARACTERS_PER_WEIGHT * weights / characters)
        if epochs >= often_enough and weights <= _WEIGHTS_PER_CHARACTER * characters:
            passes = f"{epochs:,.0f}" if epochs > 2 else f"{epochs:.2g}"
            reason = (
                f"about {passes} passes over {characters:,} characters in {minutes:g} minutes, "
                f"at {1 / speed.seconds(network):,.0f} characters a second on this machine"
            )
            return network, training, reason
    return *_SIZES["tiny"], f"little time or text: {characters:,} characters, {minutes:g} minutes"


def millions(network: NetworkConfig) -> float:
    """Millions of weights in the LSTM layers."""
    return 4e-6 * network.units * (network.embedding + network.units * (2 * network.layers - 1))


def _epochs(network: NetworkConfig, characters: int, minutes: float, speed: Speed) -> float:
    return 60 * minutes / speed.seconds(network) / characters


def _regularised(training: TrainingConfig, passes: float) -> TrainingConfig:
    """More passes over the same text need more dropout, 0.12 at 6 and 0.35 at 15, and noise in what is read.

    Of the noise, a network that sees its text but a few times would only lose time: 2 % of the characters from 15
    passes on, hardly any at 5 (trainer/LOG.md).
    """
    dropout = round(min(0.5, max(0.05, 0.12 + 0.025 * (passes - 6))), 2)
    noise = round(min(0.02, max(training.unknown_rate, 0.02 * (passes - 5) / 10)), 4)
    return replace(training, dropout=dropout, unknown_rate=noise)
