"""Redaction: secrets out of any text, in every spelling in which a program may write them down."""

import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus, unquote, urlsplit

HIDDEN = "[hidden]"
_SHORTEST = 6  # characters; hiding less would hide half of every word
# A Bot API token: the bot's id, a colon (also as a URL writes it, also twice over), 30 characters or more.
_TOKEN = re.compile(r"\d{5,}(?::|%(?:25)*3[Aa])[A-Za-z0-9_-]{30,}")
_PASSWORD = re.compile(r"(://[^\s/?#@:]*:)(?!\*\*\*@)[^\s/@]+(?=@)")  # in an address; SQLAlchemy writes *** itself


class Redaction:
    """Hides the given secrets, and whatever looks like a token or stands as the password in an address.

    Of a token its second half is a secret too; of an address, its password.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        spellings = {spelling for secret in secrets for part in _parts(secret) for spelling in _spellings(part)}
        longest_first = sorted(spellings, key=len, reverse=True)
        self._secrets = re.compile("|".join(re.escape(one) for one in longest_first)) if longest_first else None

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        if self._secrets is not None:
            text = self._secrets.sub(HIDDEN, text)
        return _PASSWORD.sub(rf"\1{HIDDEN}", _TOKEN.sub(HIDDEN, text))


def _parts(secret: str) -> Iterable[str]:
    yield secret
    if re.fullmatch(r"\d+:[A-Za-z0-9_-]+", secret):
        yield secret.partition(":")[2]
    if "://" in secret:
        try:
            password = urlsplit(secret).password
        except ValueError:  # no address after all; the whole of it is hidden anyway
            return
        if password:
            yield from (password, unquote(password))


def _spellings(secret: str) -> Iterable[str]:
    """As it is, and as addresses, JSON and Python's repr spell it."""
    if len(secret) < _SHORTEST:
        return
    encoded = quote(secret, safe="")
    yield from (secret, encoded, quote(encoded, safe=""), quote(secret), quote_plus(secret))
    yield re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), encoded)
    yield from (json.dumps(secret)[1:-1], repr(secret)[1:-1], repr(secret.encode())[2:-1])
