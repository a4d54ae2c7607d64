"""Settings buttons: what they carry, and what that changes. Knows no Telegram, and not what the pages look like.

A button carries `page` to turn to, or `page,value` to set: the value itself and no step, so that an old button means
what it says. Values are whole numbers, names, or digests of names, short enough for callback data.
"""

import hashlib
from typing import Any, get_args

from bot.languages import LANGUAGES
from bot.storage.settings import Ending, WhoMayChange, WhoMayPress
from model.config import HIGHEST_TEMPERATURE, LONGEST_REPLY, LOWEST_TEMPERATURE

DAY = 24 * 60  # minutes

# What the numbers on buttons are: the field, its unit, and between which whole numbers they lie.
NUMBERS: dict[str, tuple[str, float, int, int]] = {
    "temp": ("temperature", 0.01, round(100 * LOWEST_TEMPERATURE), round(100 * HIGHEST_TEMPERATURE)),
    "topp": ("top_p", 0.01, 1, 100),
    "len": ("length", 1, 1, LONGEST_REPLY),
    "chime": ("chime_in_percent", 1, 0, 100),
    "cool": ("chime_in_cooldown", 60, 0, DAY),
}
_NAMES: dict[str, tuple[str, tuple[str, ...]]] = {
    "end": ("ending", get_args(Ending)),
    "change": ("who_may_change", get_args(WhoMayChange)),
    "press": ("who_may_press", get_args(WhoMayPress)),
}


def change(argument: str, voices: tuple[str, ...]) -> tuple[str, dict[str, Any]] | None:
    """The page a button stands on and the fields of ChatSettings that it sets; None for what no button says."""
    name, comma, value = argument.partition(",")
    if not comma:
        return None
    if name == "voice":
        chosen = next((voice for voice in voices if key_of(voice) == value), None)
        return None if chosen is None else (name, {"voice": chosen})
    if name == "lang" and (value in LANGUAGES or value == "own"):
        return name, {"language": None if value == "own" else value}
    if name in _NAMES and value in _NAMES[name][1]:
        return name, {_NAMES[name][0]: value}
    if name == "quiet":
        return _quiet_change(value)
    if name in NUMBERS and value.isascii() and value.isdecimal() and len(value) < 6:
        field, unit, least, most = NUMBERS[name]
        if least <= int(value) <= most:
            return name, {field: int(value) * unit if unit >= 1 else round(int(value) * unit, 2)}
    return None


def key_of(voice: str) -> str:
    """A voice's name as a button carries it, whatever it is called."""
    return hashlib.sha256(voice.encode("utf-8")).hexdigest()[:16]


def _quiet_change(value: str) -> tuple[str, dict[str, Any]] | None:
    if value == "off":
        return "quiet", {"quiet_from": None, "quiet_until": None}
    start, _, end = value.partition(",")
    times = [int(time) for time in (start, end) if time.isascii() and time.isdecimal() and len(time) < 5]
    if len(times) < 2 or max(times) >= DAY:
        return None
    return "quiet", {"quiet_from": times[0], "quiet_until": times[1]}
