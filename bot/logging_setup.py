"""Where log lines go, and what must never stand in one: the token and the database's password."""

import logging
import re
import sys
import traceback
from collections.abc import Iterable

# A Bot API token: the bot's id, a colon (also as a URL writes it), 30 characters or more.
_TOKEN = re.compile(r"\d{5,}(?::|%3[Aa])[A-Za-z0-9_-]{30,}")
_HIDDEN = "[hidden]"


class RedactingFormatter(logging.Formatter):
    """Formats a whole record, its traceback too, and then hides the secrets.

    A filter would see the message alone; httpx and python-telegram-bot put the token in arguments, in
    exceptions and in addresses.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__("{asctime} {levelname:<7} {name}: {message}", style="{")
        self._secrets = [secret for secret in secrets if secret]

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        for secret in self._secrets:
            line = line.replace(secret, _HIDDEN)
        return _TOKEN.sub(_HIDDEN, line)


def set_up_logging(level: str, secrets: Iterable[str] = ()) -> None:
    """Send this process's log to stderr, from `level` up, without the secrets."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(RedactingFormatter(secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # Everything they say at INFO and DEBUG is a request's address or body: the prompts of people.
    for talkative in ("httpx", "httpcore", "telegram", "aiosqlite", "asyncio", "alembic"):
        logging.getLogger(talkative).setLevel(max(logging.getLevelName(level), logging.WARNING))
    # Each failed poll comes with a traceback of 60 lines, and our own error callback says it in one.
    logging.getLogger("telegram.ext.Updater").setLevel(logging.CRITICAL)


def outline(error: BaseException) -> str:
    """An error by its kinds and places, without its words: those may quote what people wrote.

    From the outermost to the first cause.
    """
    lines = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:  # a chain may bite its tail
        seen.add(id(current))
        frames = traceback.extract_tb(current.__traceback__)[-3:]
        places = " > ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames)
        lines.append(f"{type(current).__module__}.{type(current).__name__} at {places or 'no place'}")
        current = current.__cause__ or current.__context__
    return "; from ".join(lines)
