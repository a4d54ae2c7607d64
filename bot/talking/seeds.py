"""Seeds: what people write, as something that can be continued; or a sentence that says why it cannot."""

from bot.errors import SeedRefused
from bot.languages import N_
from bot.sending.manners import plain
from bot.text import MESSAGE_UNITS, clean, utf16_units

USAGE = N_("Give me the beginning and I will go on: /seed Once upon a time")
TOO_LONG = N_("That is too long for me: I can continue at most {limit:,} characters, and this has {length:,}.")


def seed_of(text: str) -> str:
    """The text as it is fed, stored and shown; what was copied from the bot's own words is as it wrote it.

    Raises SeedRefused for a blank and for too long a one.
    """
    seed = plain(clean(text))
    if not seed.strip():
        raise SeedRefused(USAGE)
    if (length := utf16_units(seed)) > MESSAGE_UNITS:
        raise SeedRefused(TOO_LONG, limit=MESSAGE_UNITS, length=length)
    return seed
