"""Originality: how much of a text is copied from a corpus, how varied it is, and whether its words exist.

Knows no network: it compares texts with a text.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

GRAM = 20  # characters: some four words, too many to meet by chance
_WORD = re.compile(r"[^\W\d_]+")  # a run of letters of any script


@dataclass(frozen=True)
class Originality:
    """Figures of some texts beside a corpus; shares from 0 to 1."""

    longest_copy: int  # characters: the longest stretch of one text that stands verbatim in the corpus
    copied: float  # share of the texts' stretches of 20 characters that stand in the corpus
    distinct_words: tuple[float, float, float]  # distinct-1, -2, -3
    known_words: float  # share of the words that the corpus has too

    def to_json(self) -> dict[str, object]:
        """The fields by name."""
        return asdict(self)


def originality(texts: Sequence[str], corpus: str) -> Originality:
    """Compare texts with a corpus. Exact: it scans the corpus, some dozen times at the most."""
    return Originality(
        longest_copy(texts, corpus),
        copied_share(texts, corpus),
        (distinct(texts, 1), distinct(texts, 2), distinct(texts, 3)),
        known_share(texts, corpus),
    )


def copied_share(texts: Sequence[str], corpus: str, length: int = GRAM) -> float:
    """The share of the stretches of `length` characters, at every place of every text, that stand in the corpus."""
    stretches = [gram for text in texts for gram in _grams(text, length)]
    found = set(stretches).intersection(_grams(corpus, length))
    return sum(gram in found for gram in stretches) / max(1, len(stretches))


def longest_copy(texts: Sequence[str], corpus: str) -> int:
    """Characters of the longest stretch of one text that stands verbatim in the corpus.

    Bisection: where a stretch stands in the corpus, so do all shorter ones within it.
    """
    low, high = 0, max(map(len, texts), default=0)  # low stands there; above high nothing does
    while low < high:
        middle = min((low + high + 1) // 2, max(GRAM, 2 * low))  # copies are short: begin there
        grams = {gram for text in texts for gram in _grams(text, middle)}
        if grams.isdisjoint(_grams(corpus, middle)):
            high = middle - 1
        else:
            low = middle
    return low


def distinct(texts: Sequence[str], length: int) -> float:
    """Different runs of `length` words as a share of all; of texts of one total length, as longer ones repeat more.

    Distinct-n of Li et al. 2016, "A Diversity-Promoting Objective Function for Neural Conversation Models".
    """
    runs = [run for text in texts for run in zip(*(words(text)[start:] for start in range(length)), strict=False)]
    return len(set(runs)) / max(1, len(runs))


def known_share(texts: Sequence[str], corpus: str) -> float:
    """The share of the words that the corpus has too, in whatever case; the last one of a text may be cut."""
    spoken = [word for text in texts for word in words(text)]
    known = {match.group() for match in _WORD.finditer(corpus.casefold())}  # no list of them all
    return sum(word in known for word in spoken) / max(1, len(spoken))


def words(text: str) -> list[str]:
    """The runs of letters in lower case, without one that the text's end may have cut."""
    found = _WORD.findall(text.casefold())
    return found[:-1] if text and text[-1].isalpha() else found


def _grams(text: str, length: int) -> Iterator[str]:
    return (text[start : start + length] for start in range(len(text) - length + 1))
