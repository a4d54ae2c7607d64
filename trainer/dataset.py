"""Dataset: ids on disk -> contiguous streams of (x, y)."""

import hashlib
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.vocabulary import UNKNOWN_ID, Ids, Vocabulary
from trainer.counting import MOST_DISTINCT, LeftOut, Numbering, usual_minimum
from trainer.errors import CorpusError
from trainer.scratch import Mapped, Spool

HELD_OUT = 0.1  # the last tenth is validation, never trained on
SHORTEST = 20  # characters, so that both parts hold something to predict

_CHUNKS_HELD = 2048  # read before their pages are given back: some ten megabytes


@dataclass(frozen=True)
class EncodedText:
    """A stretch of the corpus as ids, looked up as they are read.

    What lies on disk is characters numbered in order of first appearance, so that one pass over a corpus of
    any size is enough. raw: 1D, memory-mapped. table: from that number to the id. points: to the code point.
    """

    raw: NDArray[np.uint16]
    table: Ids
    points: NDArray[np.uint32]
    file: Mapped = field(repr=False)

    def __len__(self) -> int:
        return len(self.raw)

    def __getitem__(self, place: slice) -> Ids:
        return self.table[self.raw[place]]

    def part(self, start: int, stop: int) -> "EncodedText":
        """The ids from start to stop, still on disk."""
        return EncodedText(self.raw[start:stop], self.table, self.points, self.file)

    def text(self) -> str:
        """The characters themselves, those outside the vocabulary too; not for gigabytes at once."""
        return self.points[self.raw].tobytes().decode("utf-32-le", "surrogatepass")


@dataclass(frozen=True)
class Dataset:
    """A corpus as ids: its first nine tenths to train on, its last tenth held out."""

    vocabulary: Vocabulary
    whole: EncodedText
    digest: str  # SHA-256 of the text in UTF-8
    left_out: LeftOut

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
        minimum_count: int | None = None,
        vocabulary: Vocabulary | None = None,
        grow: bool = False,
        scratch: Path | None = None,
        name: str = "it",
    ) -> "Dataset":
        """Ids in a temporary memory-mapped file; characters rarer than minimum_count become `<unk>`.

        Without a minimum_count it grows with the corpus. A given vocabulary is kept as it is, or, to grow, gets
        what characters it lacks appended. scratch: the folder for the file. name: what people call the corpus.
        Raises CorpusError for a corpus too short or of a single character, and where the disk is full.
        """
        numbering, digest = Numbering(), hashlib.sha256()
        with closing(Spool("ids", scratch)) as spool:
            for piece in pieces:
                digest.update(piece.encode("utf-8", "surrogatepass"))
                spool.append(numbering.number(piece))
            file = spool.mapped()
        length = len(file.numbers)
        if length < SHORTEST or numbering.different < 2:
            raise CorpusError(
                f"expected a corpus of at least {SHORTEST} characters and 2 different ones, "
                f"got {length:,} and {numbering.different} in {name}: name a longer text"
            )
        minimum = usual_minimum(length) if minimum_count is None else minimum_count
        if vocabulary is None or grow:
            vocabulary = _vocabulary(numbering, minimum, vocabulary)
        text = _encoded(file, numbering, vocabulary)
        return cls(vocabulary, text, digest.hexdigest(), _left_out(numbering, vocabulary, minimum))


def _vocabulary(numbering: Numbering, minimum: int, known: Vocabulary | None) -> Vocabulary:
    """What was seen often enough; what was known before keeps its ids, and the others follow."""
    counts = {chr(point): int(count) for point, count in zip(numbering.points, numbering.counts, strict=False)}
    if known is None and max(counts.values()) < minimum:
        raise CorpusError(
            f"expected characters seen {minimum:,} times, got none seen more than {max(counts.values()):,} times: "
            "name a lower --minimum-count"
        )
    often = [character for character, count in counts.items() if count >= minimum]
    return Vocabulary([*(known.characters if known else ()), *sorted(c for c in often if not known or c not in known)])


def _encoded(file: Mapped, numbering: Numbering, vocabulary: Vocabulary) -> EncodedText:
    points = numbering.points
    table = np.full(MOST_DISTINCT + 1, UNKNOWN_ID, np.int32)
    table[: len(points)] = [_single_id(vocabulary, chr(point)) for point in points]
    letters = np.full(MOST_DISTINCT + 1, ord("\N{REPLACEMENT CHARACTER}"), np.uint32)
    letters[: len(points)] = points
    return EncodedText(file.numbers, table, letters, file)


def _left_out(numbering: Numbering, vocabulary: Vocabulary, minimum: int) -> LeftOut:
    points = numbering.points
    known = np.array([chr(point) in vocabulary for point in points], bool)
    characters = int(numbering.counts.sum() - numbering.counts[: len(points)][known].sum())
    return LeftOut(minimum, numbering.different - int(known.sum()), characters)


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
        self._read = 0
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
        self._read += 1
        if self._read % _CHUNKS_HELD == 0:
            self._text.file.let_go()
        return ids[:, :-1], ids[:, 1:]
