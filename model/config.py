"""NetworkConfig and SamplingConfig: frozen, checked, a reason beside each default."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from model.errors import ConfigError

LOWEST_TEMPERATURE = 0.05  # below it the most likely character wins always, and loops never end
HIGHEST_TEMPERATURE = 2.0  # above it the text is noise
STRONGEST_BRAKE = 1.0  # above it the first repeated dozen is cut off like a crime
LONGEST_REPLY = 4_000  # characters; with the seed still a Telegram message or two


@dataclass(frozen=True)
class NetworkConfig:
    """The shape of the network: embedding -> `layers` LSTM layers of `units` -> logits over the vocabulary.

    Raises ConfigError for a size outside its range.
    """

    embedding: int = 256  # the notebook's; characters need far less, but it costs nothing once folded
    units: int = 1024  # the notebook's, and Karpathy's larger char-rnn
    layers: int = 2  # one spells, two keep hold of quotes and lines

    def __post_init__(self) -> None:
        check_integer("embedding", self.embedding, 1, 4_096)
        check_integer("units", self.units, 1, 16_384)
        check_integer("layers", self.layers, 1, 16)

    def weights(self, characters: int) -> int:
        """How many numbers a network of this shape learns, for a vocabulary of so many characters."""
        widths = [self.embedding, *[self.units] * (self.layers - 1)]
        cells = sum(4 * self.units * (width + self.units + 1) for width in widths)
        return characters * self.embedding + cells + (self.units + 1) * characters

    def to_json(self) -> dict[str, int]:
        """The fields by name, as they stand in config.json."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: object) -> "NetworkConfig":
        """The reverse of to_json; raises ConfigError for what it could not have written."""
        return cls(**_exact_fields(cls, data))


@dataclass(frozen=True)
class SamplingConfig:
    """How the next character is drawn from the logits.

    temperature: divides the logits; low is tame and repeats itself, high is wild and misspells.
    top_p: only the likeliest characters that together have this probability can come: fewer slips, less surprise.
    repetition_brake: nats (of the logits) that a character loses for each character, beyond a dozen, of a repetition
        that it would continue (see model.repetition): breaks `aaaa`, rows of dashes and the same line for ever.

    Raises ConfigError for a value outside its range.
    """

    temperature: float = 0.5  # the notebook's: tame enough to spell, wild enough to surprise
    top_p: float = 1.0  # off: the whole distribution, as in the notebook
    repetition_brake: float = 0.05  # ends a row of one character after some 30, a line within its third repetition

    def __post_init__(self) -> None:
        check_number("a repetition brake", self.repetition_brake, 0, STRONGEST_BRAKE)
        check_number("a temperature", self.temperature, LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE)
        if isinstance(self.top_p, bool) or not isinstance(self.top_p, int | float) or not 0 < self.top_p <= 1:
            raise ConfigError(f"expected a top-p above 0 and up to 1, got {self.top_p}")


def parse_temperature(text: str) -> float:
    """The temperature that a person typed; a decimal comma is understood.

    Raises ConfigError, in a sentence for that person.
    """
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        shown = text.strip()[:20]
        raise ConfigError(
            f"expected a temperature from {LOWEST_TEMPERATURE:g} to {HIGHEST_TEMPERATURE:g}, such as 0.7, "
            + (f"got “{shown}”" if shown else "got nothing")
        ) from None
    return SamplingConfig(temperature=value).temperature


def check_length(value: int) -> int:
    """A reply's length in characters, from 1 to LONGEST_REPLY; raises ConfigError."""
    check_integer("length", value, 1, LONGEST_REPLY)
    return value


def check_integer(name: str, value: object, low: int, high: int) -> None:
    """Raises ConfigError unless the value is a whole number in the range."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ConfigError(f"expected {name} from {low} to {high}, got {value!r}")


def check_number(name: str, value: object, low: float, high: float) -> None:
    """Raises ConfigError unless the value is a finite number in the range."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not low <= value <= high:  # type: ignore[arg-type,operator]
        shown = f"{value:g}" if is_number else repr(value)
        raise ConfigError(f"expected {name} from {low:g} to {high:g}, got {shown}")


def _exact_fields(cls: type, data: object) -> dict[str, Any]:
    names = {field.name for field in fields(cls)}
    if not isinstance(data, Mapping) or set(data) != names:
        raise ConfigError(f"expected {', '.join(sorted(names))} in {cls.__name__}, got {str(data)[:80]}")
    return dict(data)
