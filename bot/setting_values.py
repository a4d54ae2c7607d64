"""What the operator writes in a variable, from text to value; ValueError says what was expected.

A default is a value already, and passes through unread.
"""

import datetime as dt
import ipaddress
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from bot.generating.voice_folders import parse_voices

LONGEST_RETENTION = 36_500  # days: a hundred years
LONGEST_LINE = 300  # characters; a sentence in a chat


def api_base_url(value: str) -> str:
    """The address without `/bot` and the last slash; ValueError for what shows the token to others."""
    url = value.strip().rstrip("/").removesuffix("/bot").rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an address such as https://api.telegram.org")
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        raise ValueError("https, or plain http to this machine alone, since the token is part of every request")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def ids(example: str) -> Callable[[object], object]:
    """Numbers, separated by commas or spaces."""

    def parse(value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            return frozenset(int(part) for part in value.replace(",", " ").split())
        except ValueError:  # names are no ids: anybody may take one
            raise ValueError(f"ids such as {example}, separated by commas") from None

    return parse


def webhook_url(value: object) -> object:
    """An address that Telegram can bring updates to; nothing for none."""
    if not isinstance(value, str) or not value.strip():
        return value or None
    url = value.strip()
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or parts.query or parts.fragment:
        raise ValueError("an address such as https://bot.example.org/telegram")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ValueError("https, or plain http to this machine alone, since the secret is part of every request")
    return url


def webhook_secret(value: object) -> object:
    """What Telegram allows as a secret; nothing for none."""
    if not isinstance(value, str):
        return value
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", value.strip()):
        raise ValueError("1 to 256 of the characters A-Z, a-z, 0-9, _ and -")
    return value.strip() or None


def nothing(value: object) -> object:
    """None for an empty variable."""
    return None if isinstance(value, str) and not value.strip() else value


def lower(value: object) -> object:
    """In small letters."""
    return value.lower() if isinstance(value, str) else value


def upper(value: object) -> object:
    """In capital letters."""
    return value.upper() if isinstance(value, str) else value


def minutes(value: object) -> object:
    """A stretch of time, in minutes."""
    if not isinstance(value, str):
        return value
    try:
        number = float(value)
        if not 0 < number <= 24 * 60:
            raise ValueError
    except ValueError:
        raise ValueError("minutes, more than 0 and at most 1440, since Telegram keeps nothing longer") from None
    return dt.timedelta(minutes=number)


def database_url(value: object) -> object:
    """Anything with a scheme; the database itself says more. Nothing for none."""
    if isinstance(value, str) and value and "://" not in value:
        raise ValueError("an address such as sqlite:////srv/cotorra.sqlite or postgresql://user@host/cotorra")
    return value or None


def days(value: object) -> object:
    """A number of days, digits alone."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > LONGEST_RETENTION:
        raise ValueError(f"a whole number of days from 0 (within the hour) to {LONGEST_RETENTION:,}")
    return int(text)


def line(value: object) -> object:
    """A sentence, or a part of one, on one line."""
    if not isinstance(value, str):
        return value
    if len(value) > LONGEST_LINE:
        raise ValueError(f"{LONGEST_LINE} characters or fewer")
    return " ".join(value.split())


def token(value: object) -> object:
    """What can stand in the path of an address without changing it; nothing for none."""
    if not isinstance(value, str):
        return value
    if not re.fullmatch(r"[A-Za-z0-9:_-]*", value.strip()):
        raise ValueError("a token as @BotFather gives it, such as 123456789:AAH…")
    return value.strip() or None


def requests(value: object) -> object:
    """A number of requests, digits alone."""
    if not isinstance(value, str):
        return value
    if not re.fullmatch(r"[0-9]{1,5}", value.strip()):
        raise ValueError("a whole number of requests a minute, or 0 for any number")
    return int(value)


def voices(value: object) -> object:
    """Pairs of a name and a folder; folders of checkpoints have no name."""
    return parse_voices(value) if isinstance(value, str) else value
