"""From characters to lines of cells: what belongs together, where a line ends, which way it runs.

Knows no pixels but the widths it is given, and no colours.
"""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

_MOST_SHOWN = 10  # characters drawn as one: the longest family of emoji; piles of marks end here
JOINER = "\N{ZERO WIDTH JOINER}"
_SELECTORS = "\N{VARIATION SELECTOR-15}\N{VARIATION SELECTOR-16}\N{ZERO WIDTH NON-JOINER}"
_ENDS_A_JOINED_RUN = "اأإآٱدذرزژوؤةىء"  # Arabic letters that never join the next one
_MIRRORED = dict(zip("()[]{}<>«»", ")(][}{><»«", strict=True))
_RIGHT_TO_LEFT = ("R", "AL")
_LEFT_TO_RIGHT = ("L", "EN", "AN")


@dataclass(frozen=True)
class Cell:
    """What one sees as one character, and how surprising it was in all.

    shown: what to draw for it, with joiners where its neighbours give it another form.
    """

    text: str
    nats: float
    shown: str


def cells_of(scored: Iterable[tuple[str, float]]) -> list[Cell]:
    """Characters with their surprise as cells: marks, selectors and joined emoji go with what they stand on."""
    groups: list[tuple[str, float]] = []
    for character, nats in scored:
        if groups and _continues(groups[-1][0], character):
            text, before = groups[-1]
            groups[-1] = (text + character, before + nats)
        else:
            groups.append((character, nats))
    texts = ["", *(text for text, _ in groups), ""]
    return [
        Cell(text, nats, _in_context(texts[place], text[:_MOST_SHOWN], texts[place + 2]))
        for place, (text, nats) in enumerate(groups)
    ]


def paragraphs_of(cells: Iterable[Cell]) -> list[list[Cell]]:
    """The cells up to each line break, the break included."""
    paragraphs: list[list[Cell]] = [[]]
    for cell in cells:
        paragraphs[-1].append(cell)
        if cell.text == "\n":
            paragraphs.append([])
    return [paragraph for paragraph in paragraphs if paragraph]


def wrap(paragraph: Iterable[Cell], width: float, measure: Callable[[Cell], float]) -> list[list[Cell]]:
    """Lines no wider than this: broken after the last space that fits, or where it is full."""
    lines: list[list[Cell]] = []
    line: list[Cell] = []
    filled = 0.0
    for cell in paragraph:
        if line and filled + measure(cell) > width:
            cut = _last_space(line)
            lines.append(line[:cut])
            line = line[cut:]
            filled = sum(map(measure, line))
        line.append(cell)
        filled += measure(cell)
    return [*lines, line] if line else lines


def runs_from_right(cells: Iterable[Cell]) -> bool:
    """Whether a paragraph runs from right to left: it does as its first letter does."""
    kinds = (unicodedata.bidirectional(cell.text[0]) for cell in cells)
    return next((kind in _RIGHT_TO_LEFT for kind in kinds if kind in (*_RIGHT_TO_LEFT, "L")), False)


def in_sight_order(line: Sequence[Cell], from_right: bool) -> list[Cell]:
    """The cells of a line from left to right.

    The Unicode bidirectional algorithm in small: stretches of the other direction run their own way inside a line.
    """
    directions = [_direction(cell) for cell in line]
    base = -1 if from_right else 1
    runs: list[tuple[int, list[Cell]]] = []
    for place, cell in enumerate(line):
        direction = directions[place] or _between(directions, place, base)
        if runs and runs[-1][0] == direction:
            runs[-1][1].append(cell)
        else:
            runs.append((direction, [cell]))
    ordered = [cells if direction > 0 else [_mirrored(cell) for cell in cells[::-1]] for direction, cells in runs]
    return [cell for cells in ordered[::base] for cell in cells]


def _continues(before: str, character: str) -> bool:
    if before[-1].isspace():
        return False
    if unicodedata.category(character) in ("Mn", "Mc", "Me") or character in _SELECTORS or character == JOINER:
        return True
    if "\U0001f3fb" <= character <= "\U0001f3ff" or before[-1] == JOINER:  # skin tones, and families
        return True
    return len(before) == 1 and _is_flag(before) and _is_flag(character)


def _is_flag(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _in_context(before: str, text: str, after: str) -> str:
    """An Arabic letter drawn by itself, in the form that its neighbours give it."""
    if not _is_arabic(text):
        return text
    joined = JOINER if _is_arabic(before) and before[0] not in _ENDS_A_JOINED_RUN else ""
    return joined + text + (JOINER if _is_arabic(after) and text[0] not in _ENDS_A_JOINED_RUN else "")


def _is_arabic(text: str) -> bool:
    return bool(text) and unicodedata.bidirectional(text[0]) == "AL" and unicodedata.category(text[0]) == "Lo"


def _direction(cell: Cell) -> int:
    kind = unicodedata.bidirectional(cell.text[0])
    return -1 if kind in _RIGHT_TO_LEFT else 1 if kind in _LEFT_TO_RIGHT else 0


def _mirrored(cell: Cell) -> Cell:
    return replace(cell, shown=_MIRRORED.get(cell.text, cell.shown))


def _between(directions: Sequence[int], place: int, base: int) -> int:
    """The direction of a character that has none of its own: of both its neighbours, or of the line."""
    before = next((direction for direction in directions[place::-1] if direction), base)
    after = next((direction for direction in directions[place:] if direction), base)
    return before if before == after else base


def _last_space(line: Sequence[Cell]) -> int:
    """How many cells stay in a full line; all of them where it has no space."""
    for place in range(len(line), 0, -1):
        if line[place - 1].text.isspace():
            return place
    return len(line)
