"""Text <-> ids; what happens to a character never seen.

Knows no network: importing it needs numpy alone.
"""

import unicodedata
from collections.abc import Iterable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from model.errors import VocabularyError

UNKNOWN = "<unk>"
UNKNOWN_ID = 0  # first, so that a sampler can leave it out by masking one end

Ids = NDArray[np.int32]


class Vocabulary:
    """The characters a network knows; `<unk>` has id 0, the characters follow in the order given.

    A character outside the vocabulary is normalised: the text to NFC, then the character to NFKD without
    its marks (`ó` reads as `o`). Only when nothing known is left does it become `<unk>`.

    Raises VocabularyError unless the characters are single, distinct and at least one.
    """

    def __init__(self, characters: Iterable[str]) -> None:
        self.characters = tuple(characters)
        if not self.characters:
            raise VocabularyError("expected at least one character in a vocabulary, got none")
        if any(not isinstance(c, str) or len(c) != 1 for c in self.characters):
            raise VocabularyError("expected single characters in a vocabulary")
        if len(set(self.characters)) != len(self.characters):
            raise VocabularyError("expected distinct characters in a vocabulary, got one twice")

    def __len__(self) -> int:
        """The number of ids, `<unk>` included: the width of the logits."""
        return len(self.characters) + 1

    def __contains__(self, character: object) -> bool:
        return character in self._ids

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self.characters == other.characters

    def __hash__(self) -> int:
        return hash(self.characters)

    def __repr__(self) -> str:
        return f"Vocabulary({''.join(self.characters)!r})"

    def encode(self, text: str) -> Ids:
        """The ids of a text: 1D tensor, with shape (characters after normalisation,)."""
        ids = self._look_up(text)
        if ids.all():  # everything is known: the common case, and the fast one
            return ids
        return self._look_up("".join(map(self._known_form, unicodedata.normalize("NFC", text))))

    def align(self, text: str) -> list[tuple[str, int]]:
        """The characters of a text as people see it, and how many of the ids that `encode` gives are each one's.

        The text itself, unless something in it is unknown: then its NFC, which looks the same.
        """
        if self._look_up(text).all():
            return [(character, 1) for character in text]
        return [(character, len(self._known_form(character))) for character in unicodedata.normalize("NFC", text)]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids; `<unk>` is left out. Raises VocabularyError for an id that is none."""
        ids, texts = list(ids), self._texts
        if ids and not 0 <= min(ids) <= max(ids) < len(texts):
            raise VocabularyError(f"expected ids from 0 to {len(texts) - 1}, got {min(ids)} to {max(ids)}")
        return "".join([texts[i] for i in ids])

    def _known_form(self, character: str) -> str:
        """The character itself, else what is known of its plain form, else the character again."""
        if character in self._ids:
            return character
        plain = (c for c in unicodedata.normalize("NFKD", character) if c in self._ids)
        return "".join(c for c in plain if not unicodedata.combining(c)) or character

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        """By id, what stands for it in a text."""
        return ("", *self.characters)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {c: i for i, c in enumerate(self.characters, start=1)}

    @cached_property
    def _table(self) -> tuple[NDArray[np.uint32], Ids]:
        """Code points in ascending order, and the id of each."""
        points = np.array([ord(c) for c in self.characters], np.uint32)
        order = np.argsort(points)
        return points[order], (order + 1).astype(np.int32)

    def _look_up(self, text: str) -> Ids:
        """Ids without normalisation, `<unk>` where there is none; a binary search for all at once."""
        points, ids = self._table
        wanted = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        place = np.minimum(np.searchsorted(points, wanted), len(points) - 1)
        found = ids[place]
        found[points[place] != wanted] = UNKNOWN_ID
        return found
