"""Figures as a picture, drawn with Pillow."""

from typing import BinaryIO

from PIL import Image, ImageDraw, ImageFont

from bot.log.bars import blocks
from bot.log.stats import Counts, Stats

WIDTH = 1_200  # pixels
_EDGE, _HEAD, _CHART, _BELOW, _BETWEEN = 48, 120, 170, 34, 56
_INK, _SOFT, _BAR, _PAPER = "#1f2933", "#7b8794", "#2a9d8f", "#ffffff"
_WIDEST = 160  # pixels of a bar and what is between two
_LABEL = 92  # pixels that a label under a bar needs


def draw_stats(figures: Stats, stream: BinaryIO) -> None:
    """A PNG with a chart of each block of figures."""
    charts = [(title, counts) for title, counts in blocks(figures) if counts]
    height = _HEAD + _EDGE + len(charts) * (_CHART + _BELOW + _BETWEEN)
    image = Image.new("RGB", (WIDTH, height), _PAPER)
    draw = ImageDraw.Draw(image)
    title, text = ImageFont.load_default(size=34), ImageFont.load_default(size=20)
    draw.text((_EDGE, 30), f"{figures.prompts:,} prompts", _INK, title)
    latency = ", ".join(f"{percent} % within {value:,} ms" for percent, value in figures.latency_ms.items())
    below = f"people: {figures.people:,}; chats: {figures.chats:,}" + (f"; replies: {latency}" if latency else "")
    draw.text((_EDGE, 76), below, _SOFT, text)
    top = _HEAD
    for name, counts in charts:
        draw.text((_EDGE, top + 8), name, _INK, text)
        _chart(draw, counts, top + _BETWEEN)
        top += _CHART + _BELOW + _BETWEEN
    image.save(stream, "PNG")


def _chart(draw: ImageDraw.ImageDraw, counts: Counts, top: int) -> None:
    """Bars side by side over a line, the highest as high as the chart; labels where there is room for them."""
    font = ImageFont.load_default(size=14)
    floor, highest = top + _CHART, max(max(counts.values()), 1)
    step = min((WIDTH - 2 * _EDGE) / len(counts), _WIDEST)
    every = max(1, round(_LABEL / step + 0.5))
    first_highest = list(counts.values()).index(max(counts.values()))
    for place, (name, count) in enumerate(counts.items()):
        left = _EDGE + place * step
        bar_height = max(round(count / highest * (_CHART - 24)), 1 if count else 0)
        right = left + max(step - 3 if step < _WIDEST else _WIDEST - 40, 1)
        if bar_height:
            draw.rectangle((left, floor - bar_height, right, floor), _BAR)
        if place % every == 0:
            draw.text((left, floor + 8), name, _SOFT, font)
        if every == 1 or place == first_highest:
            draw.text((left, floor - bar_height - 20), f"{count:,}", _INK, font)
    draw.line((_EDGE, floor, WIDTH - _EDGE, floor), _SOFT)
