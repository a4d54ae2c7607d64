"""From surprise to colour: even steps to the eye, from paper through amber and red to plum.

A path through OKLCH (Björn Ottosson, "A perceptual color space for image processing", 2020): lightness falls
steadily, so the order is seen in shades of grey too, and by eyes that tell no red from green.
"""

import math

Colour = tuple[int, int, int]  # sRGB, 0 to 255

FULL = 8.0  # bits from which on nothing gets darker: a character that had 1 chance in 256
PAPER: Colour = (253, 252, 249)
INK: Colour = (33, 30, 36)
_WHITE: Colour = (255, 255, 255)
_BEGIN = (0.985, 0.010, 95.0)  # lightness, chroma, hue in degrees: paper
_MIDDLE = (0.80, 0.150, 70.0)  # amber
_END = (0.36, 0.150, -15.0)  # plum


def colour_of(bits: float) -> Colour:
    """The colour behind a character that surprised by so many bits."""
    share = min(max(bits, 0.0), FULL) / FULL
    first, second, place = (_BEGIN, _MIDDLE, share / 0.4) if share < 0.4 else (_MIDDLE, _END, (share - 0.4) / 0.6)
    lightness, chroma, hue = (a + (b - a) * place for a, b in zip(first, second, strict=True))
    return _to_srgb(lightness, chroma, math.radians(hue))


def ink_on(background: Colour) -> Colour:
    """Dark or white, whichever reads better."""
    return max(INK, _WHITE, key=lambda ink: contrast(ink, background))


def contrast(one: Colour, other: Colour) -> float:
    """From 1 to 21, as in WCAG 2: ordinary text wants 4.5, large text 3."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = (_linear(channel / 255) for channel in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _to_srgb(lightness: float, chroma: float, hue: float) -> Colour:
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    return _byte(red), _byte(green), _byte(blue)


def _byte(channel: float) -> int:
    channel = min(max(channel, 0.0), 1.0)
    return round(255 * (12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055))
