"""Dataset: ids on disk -> contiguous streams of (x, y)."""

import hashlib
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.vocabulary import UNKNOWN_ID, Ids, Vocabulary
from trainer.errors import CorpusError

HELD_OUT = 0.1  # the last tenth is validation, never trained on
SHORTEST = 20  # characters, so that both parts hold something to predict

_CODE_POINTS = 0x110000
_MOST_DISTINCT = 0xFFFF  # two bytes a character on disk; what first appears after so many others is `<unk>`


@dataclass(frozen=True)
class EncodedText:
    """A stretch of the corpus as ids, looked up as they are read.

    What lies on disk is characters numbered in order of first appearance, so that one pass over a corpus of
    any size is enough. raw: 1D, memory-mapped. table: from that number to the id. points: to the code point.
    """

    raw: NDArray[np.uint16]
    table: Ids
    points: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.raw)

    def __getitem__(self, place: slice) -> Ids:
        return self.table[self.raw[place]]

    def part(self, start: int, stop: int) -> "EncodedText":
        """The ids from start to stop, still on disk."""
        return EncodedText(self.raw[start:stop], self.table, self.points)

    def text(self) -> str:
        """The characters themselves, those outside the vocabulary too; not for gigabytes at once."""
        return self.points[self.raw].tobytes().decode("utf-32-le", "surrogatepass")


@dataclass(frozen=True)
class Dataset:
    """A corpus as ids: its first nine tenths to train on, its last tenth held out."""

    vocabulary: Vocabulary
    whole: EncodedText
    digest: str  # SHA-256 of the text in UTF-8

    @property
    def characters(self) -> int:
        """In both parts."""
        return len(self.whole)

    @property
    def training(self) -> EncodedText:
        """The first nine tenths."""
        return self.whole.part(0, self._cut)

    @property
    def validation(self) -> EncodedText:
        """The last tenth."""
        return self.whole.part(self._cut, len(self.whole))

    @property
    def _cut(self) -> int:
        return int(len(self.whole) * (1 - HELD_OUT))

    @classmethod
    def build(
        cls,
        pieces: Iterable[str],
        minimum_count: int = 1,
        vocabulary: Vocabulary | None = None,
        grow: bool = False,
    ) -> "Dataset":
        """Ids in a temporary memory-mapped file; characters rarer than minimum_count become `<unk>`.

        A given vocabulary is kept as it is, or, to grow, gets what characters it lacks appended.
        Raises CorpusError for a corpus too short or of a single character.
        """
        seen = np.full(_CODE_POINTS, -1, np.int32)  # code point -> order of first appearance
        points: list[int] = []
        counts = np.zeros(_CODE_POINTS, np.int64)
        digest = hashlib.sha256()
        with tempfile.TemporaryFile(prefix="cotorra-ids-") as spool:
            for piece in pieces:
                digest.update(piece.encode("utf-8", "surrogatepass"))
                codes = np.frombuffer(piece.encode("utf-32-le", "surrogatepass"), np.uint32)
                found, times = np.unique(codes, return_counts=True)
                counts[found] += times
                for point in found[seen[found] < 0]:
                    seen[point] = len(points)
                    points.append(int(point))
                spool.write(np.minimum(seen[codes], _MOST_DISTINCT).astype(np.uint16).tobytes())
            spool.flush()
            length = spool.tell() // 2
            raw = np.memmap(spool, np.uint16, "r") if length else np.empty(0, np.uint16)  # outlives the open file
        if length < SHORTEST or len(points) < 2:
            raise CorpusError(
                f"expected a corpus of at least {SHORTEST} characters and 2 different ones, "
                f"got {length:,} and {len(points)}: name a longer text"
            )
        if vocabulary is None or grow:
            written = Vocabulary.from_counts({chr(p): int(counts[p]) for p in points}, minimum_count)
            vocabulary = written if vocabulary is None else _grown(vocabulary, written)
        table = np.full(_MOST_DISTINCT + 1, UNKNOWN_ID, np.int32)
        table[: len(points[:_MOST_DISTINCT])] = [_single_id(vocabulary, chr(p)) for p in points[:_MOST_DISTINCT]]
        letters = np.full(_MOST_DISTINCT + 1, ord("\N{REPLACEMENT CHARACTER}"), np.uint32)
        letters[: len(points[:_MOST_DISTINCT])] = points[:_MOST_DISTINCT]
        text = EncodedText(raw, table, letters)
        return cls(vocabulary, text, digest.hexdigest())


def _grown(known: Vocabulary, written: Vocabulary) -> Vocabulary:
    """What was known keeps its ids; the others follow."""
    return Vocabulary([*known.characters, *(c for c in written.characters if c not in known)])


def _single_id(vocabulary: Vocabulary, character: str) -> int:
    """One id for one character: a normal form of several keeps the first, so that offsets stay true."""
    return int(vocabulary.encode(character)[0])


class Streams:
    """B contiguous streams of a text, read T characters at a time; a chunk is a function of its number alone.

    Stream r runs on into stream r + 1 at the end of each epoch, so state may be carried all through. x and y
    are 2D tensors, with shape (B, T); y is x one character on: `Hola` in steps of 3 gives `Hol` and `ola`.
    A text too short for the wanted size gets fewer and then shorter streams.
    """

    def __init__(self, text: EncodedText, batch_size: int, sequence_length: int) -> None:
        self._text = text
        self.sequence_length = min(sequence_length, len(text) - 1)
        self.batch_size = max(1, min(batch_size, (len(text) - 1) // self.sequence_length))
        self._stride = (len(text) - 1) // self.batch_size
        self.chunks_per_epoch = self._stride // self.sequence_length

    def chunk(self, number: int) -> tuple[Ids, Ids]:
        """The x and y of a chunk, counted from the start of training."""
        epoch, place = divmod(number, self.chunks_per_epoch)
        rows = [(row + epoch) % self.batch_size * self._stride for row in range(self.batch_size)]
        starts = [row + place * self.sequence_length for row in rows]
        ids = np.stack([self._text[start : start + self.sequence_length + 1] for start in starts])
        return ids[:, :-1], ids[:, 1:]
