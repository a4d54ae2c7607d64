"""A picture of a text: every character on the colour of how much it surprised the network."""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont, features

from bot.pictures.colours import FULL, INK, PAPER, Colour, colour_of, contrast, ink_on
from bot.pictures.fonts import BOLD, TEXT, font, font_for
from bot.pictures.lines import JOINER, Cell, cells_of, in_sight_order, paragraphs_of, runs_from_right, wrap

LONGEST = 1_000  # characters: on a phone more could not be read
MOST_BREAKS = 24  # line breaks, for the same reason
WIDTH = 1_080  # pixels: Telegram shrinks what is larger than 1280 on a side
_MARGIN = 60
_SIZES = ((40, 84), (120, 66), (300, 52), (600, 42))  # up to so many characters: the size of the letters in pixels
_SMALLEST = 35
_BREAK = 20  # characters whose room a line break takes
_LEADING = 1.5  # of a line, in letter sizes
QUIET: Colour = (122, 116, 124)
_RULE: Colour = (226, 221, 214)
_SHAPES = features.check("raqm")  # whether letters take the form that their neighbours give them
_MOST_LINES = 44  # whatever the text: a picture some 2,800 pixels tall, well within what Telegram takes
_READABLE = 3.0  # contrast that large text wants, as in WCAG 2
_MARKS = {"\n": "↵", "\t": "⇥"}  # what is not seen as itself


@dataclass(frozen=True)
class Words:
    """What the picture says, in the language of whoever asked."""

    figure: str  # such as "2.31"
    unit: str  # what the figure counts
    title: str
    low: str  # at the pale end of the legend
    high: str  # at its dark end
    foot: str


def shorten(text: str) -> str:
    """The beginning of a text, as much of it as a picture shows."""
    return "\n".join(text[:LONGEST].split("\n")[: MOST_BREAKS + 1])


def unseen(text: str) -> int:
    """How many characters of a text no font has: a box stands for each."""
    cells = cells_of((character, 0.0) for character in text)
    return sum(_font_of(cell.text, _SMALLEST) is None and not cell.text.isspace() for cell in cells)


def draw_surprise(scored: Sequence[tuple[str, float]], words: Words) -> bytes:
    """A PNG, 1080 pixels wide and as tall as it takes; scored: characters and their surprise in nats.

    Takes some tens of milliseconds: not for the event loop.
    """
    room = len(scored) + sum(_BREAK for character, _ in scored if character == "\n")
    size = next((size for most, size in _SIZES if room <= most), _SMALLEST)
    lines = [
        (in_sight_order(line, from_right), from_right)
        for paragraph in paragraphs_of(cells_of(scored))
        for from_right in [runs_from_right(paragraph)]
        for line in wrap(paragraph, WIDTH - 2 * _MARGIN, lambda cell: _width(cell.text, cell.shown, size))
    ][:_MOST_LINES]
    step = round(_LEADING * size)
    top = 300
    height = top + step * len(lines) + 310
    image = Image.new("RGB", (WIDTH, height), PAPER)
    draw = ImageDraw.Draw(image)
    _head(draw, words)
    for number, (cells, from_right) in enumerate(lines):
        _line(draw, cells, from_right, size, top + step * number, step)
    _legend(draw, words, top + step * len(lines) + 50)
    picture = io.BytesIO()
    image.save(picture, "PNG")
    return picture.getvalue()


def _head(draw: ImageDraw.ImageDraw, words: Words) -> None:
    figure = font(BOLD, 112)
    draw.text((_MARGIN - 6, 150), words.figure, INK, figure, anchor="ls")
    left = _MARGIN + figure.getlength(words.figure) + 22
    _fitted(draw, (left, 150), words.unit, BOLD, 48, WIDTH - _MARGIN - left, INK, "ls")
    _fitted(draw, (_MARGIN, 212), words.title, TEXT[0], 42, WIDTH - 2 * _MARGIN, QUIET, "ls")
    draw.line((_MARGIN, 250, WIDTH - _MARGIN, 250), _RULE, 2)


def _line(draw: ImageDraw.ImageDraw, cells: Sequence[Cell], from_right: bool, size: int, top: int, step: int) -> None:
    widths = [_width(cell.text, cell.shown, size) for cell in cells]
    left = WIDTH - _MARGIN - sum(widths) if from_right else _MARGIN
    foot = top + round(0.5 * step + 0.36 * size)
    for cell, width in zip(cells, widths, strict=True):
        behind = colour_of(cell.nats / math.log(2))
        box = (left + 1, top + 3, left + width - 2, top + step - 4)
        draw.rounded_rectangle(box, size // 9, behind)
        _glyph(draw, cell, size, (left + width / 2, foot), behind)
        left += width


def _glyph(draw: ImageDraw.ImageDraw, cell: Cell, size: int, foot: tuple[float, float], behind: Colour) -> None:
    """The character with its foot, the middle of its base line, here; a hollow box for one that no font has."""
    mark = _MARKS.get(cell.text)
    shown = mark or cell.shown
    if shown.isspace():
        return
    chosen = _font_of(cell.text, size)
    is_quiet = mark is not None and contrast(QUIET, behind) >= _READABLE
    ink = QUIET if is_quiet else ink_on(behind)
    if chosen is None:
        x, y = foot
        box = (x - 0.24 * size, y - 0.62 * size, x + 0.24 * size, y + 0.02 * size)
        draw.rounded_rectangle(box, size // 9, None, ink, max(2, size // 18))
        return
    draw.text(foot, _drawable(shown), ink, chosen, anchor="ms")


def _font_of(text: str, size: int) -> ImageFont.FreeTypeFont | None:
    return font_for(_MARKS.get(text, text)[0], size)


@lru_cache(maxsize=10_000)
def _width(text: str, shown: str, size: int) -> int:
    """Pixels; never less than half a column, so that a colour is seen."""
    mark = _MARKS.get(text)
    even = font(TEXT[0], size).getlength("0")
    chosen = None if text.isspace() and not mark else _font_of(text, size)
    if chosen is None:
        return round(even)
    return min(max(round(chosen.getlength(_drawable(mark or shown))), round(even / 2)), WIDTH - 2 * _MARGIN)


def _drawable(text: str) -> str:
    """Without what only a shaping engine understands, where there is none: then a family is its first member."""
    if _SHAPES:
        return text
    return text[0] if text[0] > "\uffff" else text.replace(JOINER, "")


def _legend(draw: ImageDraw.ImageDraw, words: Words, top: int) -> None:
    left, right, tall = _MARGIN, WIDTH - _MARGIN, 34
    for column in range(left, right):
        draw.line((column, top, column, top + tall), colour_of(FULL * (column - left) / (right - left)))
    small = font(TEXT[0], 36)
    for bits in range(0, int(FULL) + 1, 2):
        x = left + (right - left) * bits / FULL
        anchor = "ls" if bits == 0 else "rs" if bits == FULL else "ms"
        draw.text((x, top + tall + 42), f"{bits}" + "+" * (bits == FULL), INK, small, anchor=anchor)
    ends = font(TEXT[0], 40)
    both = ends.getlength(words.low) + ends.getlength(words.high)
    for text, x, anchor in ((words.low, left, "ls"), (words.high, right, "rs")):
        room = (right - left - 40) * ends.getlength(text) / both
        _fitted(draw, (x, top + tall + 98), text, TEXT[0], 40, room, QUIET, anchor)
    _fitted(draw, (WIDTH / 2, top + tall + 170), words.foot, TEXT[0], 36, right - left, QUIET, "ms")


def _fitted(
    draw: ImageDraw.ImageDraw,
    place: tuple[float, float],
    text: str,
    name: str,
    size: int,
    room: float,
    ink: Colour,
    anchor: str,
) -> None:
    """A text in one line, made smaller where it would not fit."""
    chosen: ImageFont.FreeTypeFont = font(name, size)
    if (length := chosen.getlength(text)) > room:
        chosen = font(name, max(12, int(size * room / length)))
    draw.text(place, text, ink, chosen, anchor=anchor)
