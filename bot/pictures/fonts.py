"""The fonts that ship with the bot, those that the machine may have besides, and which of them has a character."""

import unicodedata
from functools import cache
from pathlib import Path

from PIL import ImageFont

FOLDER = Path(__file__).parent / "fonts"
BOLD = "JetBrainsMono-Bold.ttf"
# In this order: even columns for Latin, Greek and Cyrillic; emoji; then whatever else has the character.
TEXT = ("JetBrainsMono-Regular.ttf", "NotoEmoji-Regular.ttf", "DejaVuSans.ttf")
# Of the machine, where it has one: a font of Chinese, Japanese and Korean is larger than all the rest of the bot.
OF_THE_MACHINE = (
    "NotoSansCJK-Regular.ttc",  # Debian and Ubuntu, package fonts-noto-cjk
    "NotoSansCJKsc-Regular.otf",
    "wqy-zenhei.ttc",
    "PingFang.ttc",  # macOS
    "msyh.ttc",  # Windows
)
_NOBODYS = "\U0010ffff"  # a character that no font has: drawn as the font's sign for what it lacks
_SAMPLE = 24  # pixels; large enough to tell two glyphs from each other


@cache
def font(name: str, size: int) -> ImageFont.FreeTypeFont:
    """One of the fonts, so many pixels tall. Raises OSError for one of the machine's that it does not have."""
    ours = FOLDER / name
    return ImageFont.truetype(ours if ours.exists() else name, size)


def font_for(character: str, size: int) -> ImageFont.FreeTypeFont | None:
    """The first of the fonts that has this character; None if none has it."""
    name = _name_for(character)
    return None if name is None else font(name, size)


@cache
def _name_for(character: str) -> str | None:
    return next((name for name in (*TEXT, *_of_the_machine()) if _has(name, character)), None)


@cache
def _of_the_machine() -> tuple[str, ...]:
    found = []
    for name in OF_THE_MACHINE:
        try:
            font(name, _SAMPLE)
        except OSError:
            continue
        found.append(name)
    return tuple(found)


def _has(name: str, character: str) -> bool:
    if unicodedata.category(character).startswith("C"):  # controls, of which some would turn the text around
        return False
    lacking, drawn = (font(name, _SAMPLE).getmask(text) for text in (_NOBODYS, character))
    return drawn.size != lacking.size or bytes(drawn) != bytes(lacking)
