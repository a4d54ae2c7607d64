"""State: everything a network remembers of a text, as a value; to bytes and back."""

import struct
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from model.errors import StateError
from model.repetition import HISTORY
from model.sampling import Floats

_MAGIC = b"COTS"
_VERSION = 2  # 1 knew the pending id alone, not the history
_HEADER = struct.Struct("<4sB16sHHI")  # magic, version, weights, ids of the history, layers, units
_LARGEST_ID = 0x10FFFF


@dataclass(frozen=True, eq=False)
class State:
    """What a network with the given weights remembers of the text so far.

    weights: the digest of the weights it belongs to, 32 hexadecimal digits (16 bytes).
    hidden: 3D tensor, with shape (layers, 2, units): h and c of each layer; never written to.
    recent: the ids of the last characters, oldest first, as chr(id): what the repetition brake looks at. The very
        last one was read but not yet put through the network. Empty for no text yet.
    """

    weights: str
    hidden: Floats
    recent: str = ""

    def __post_init__(self) -> None:
        self.hidden.setflags(write=False)

    @property
    def pending(self) -> int | None:
        """The id of the last character; None for no text yet."""
        return ord(self.recent[-1]) if self.recent else None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, State) and self.to_bytes() == other.to_bytes()

    def __hash__(self) -> int:
        return hash(self.to_bytes())

    @cached_property
    def _bytes(self) -> bytes:
        layers, _, units = self.hidden.shape
        header = _HEADER.pack(_MAGIC, _VERSION, bytes.fromhex(self.weights), len(self.recent), layers, units)
        return header + self.recent.encode("utf-32-le", "surrogatepass") + self.hidden.astype("<f4").tobytes()

    def to_bytes(self) -> bytes:
        """A versioned header, then 4 bytes an id, then h and c in fp32: 18 KB for two layers of 1024."""
        return self._bytes

    @classmethod
    def from_bytes(cls, data: bytes, initial: "State") -> "State":
        """The state that to_bytes wrote, for the network whose initial state is given.

        Raises StateError for damaged bytes, another version, or other weights.
        """
        if len(data) < _HEADER.size or data[:4] != _MAGIC:
            raise StateError("expected the bytes of a recurrent state; start again from a seed")
        _, version, weights, count, layers, units = _HEADER.unpack_from(data)
        if version != _VERSION:
            raise StateError(
                f"expected a recurrent state of version {_VERSION}, got {version}; start again from a seed"
            )
        if weights.hex() != initial.weights or (layers, 2, units) != initial.hidden.shape:
            raise StateError("expected a state of these weights, got one of others; start again from a seed")
        start = _HEADER.size + 4 * count
        if len(data) != start + initial.hidden.nbytes:
            raise StateError("expected a whole recurrent state, got a cut one; start again from a seed")
        hidden = np.frombuffer(data, "<f4", offset=start).reshape(initial.hidden.shape)
        ids = np.frombuffer(data, "<u4", count, _HEADER.size)
        if not np.isfinite(hidden).all() or count > HISTORY or (ids > _LARGEST_ID).any():
            raise StateError("expected finite numbers in a recurrent state; start again from a seed")
        return cls(weights.hex(), hidden.astype(np.float32), "".join(map(chr, ids.tolist())))
