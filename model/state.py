"""State: everything a network remembers of a text, as a value; to bytes and back."""

import struct
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from model.errors import StateError
from model.sampling import Floats

_MAGIC = b"COTS"
_VERSION = 1
_HEADER = struct.Struct("<4sB16siHI")  # magic, version, weights, pending id, layers, units
_NOTHING_READ = -1


@dataclass(frozen=True, eq=False)
class State:
    """What a network with the given weights remembers of the text so far.

    weights: the digest of the weights it belongs to, 32 hexadecimal digits (16 bytes).
    hidden: 3D tensor, with shape (layers, 2, units): h and c of each layer; never written to.
    pending: the id of the last character, read but not yet put through the network; None for no text yet.
    """

    weights: str
    hidden: Floats
    pending: int | None

    def __post_init__(self) -> None:
        self.hidden.setflags(write=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, State) and self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        return hash(self.to_bytes())

    @cached_property
    def _bytes(self) -> bytes:
        layers, _, units = self.hidden.shape
        pending = _NOTHING_READ if self.pending is None else self.pending
        header = _HEADER.pack(_MAGIC, _VERSION, bytes.fromhex(self.weights), pending, layers, units)
        return header + self.hidden.astype("<f4").tobytes()

    def to_bytes(self) -> bytes:
        """A versioned header, then h and c in fp32: 16 KB and 31 bytes for two layers of 1024."""
        return self._bytes

    @classmethod
    def from_bytes(cls, data: bytes, initial: "State") -> "State":
        """The state that to_bytes wrote, for the network whose initial state is given.

        Raises StateError for damaged bytes, another version, or other weights.
        """
        if len(data) < _HEADER.size or data[:4] != _MAGIC:
            raise StateError("expected the bytes of a recurrent state; start again from a seed")
        _, version, weights, pending, layers, units = _HEADER.unpack_from(data)
        if version != _VERSION:
            raise StateError(f"expected a recurrent state of version {_VERSION}, got {version}")
        if weights.hex() != initial.weights or (layers, 2, units) != initial.hidden.shape:
            raise StateError("expected a state of these weights, got one of others; start again from a seed")
        if len(data) != _HEADER.size + initial.hidden.nbytes:
            raise StateError("expected a whole recurrent state, got a cut one; start again from a seed")
        hidden = np.frombuffer(data, "<f4", offset=_HEADER.size).reshape(initial.hidden.shape)
        if not np.isfinite(hidden).all() or pending < _NOTHING_READ:
            raise StateError("expected finite numbers in a recurrent state; start again from a seed")
        return cls(weights.hex(), hidden.astype(np.float32), None if pending == _NOTHING_READ else pending)
