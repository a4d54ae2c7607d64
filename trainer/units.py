"""Units: losses are in nats inside; people compare bits."""

import math
from typing import Any


def bits(value: Any) -> Any:
    """Nats to bits, a number or an array of them."""
    return value / math.log(2)


def nats(value: Any) -> Any:
    """Bits to nats, a number or an array of them."""
    return value * math.log(2)
