"""Where log lines go and in which form, and what must never stand in one: a secret, or what people write.

A line is for people or, in JSON, for programs; either names the request that it belongs to. Errors are told by
their kinds and places alone, because their words may quote anybody, and other people's libraries speak in one
line, from WARNING up, and without the values that they fill in.
"""

import datetime as dt
import json
import logging
import sys
import threading
import traceback
from collections.abc import Iterable
from typing import Literal

from bot.observability.redaction import Redaction
from bot.observability.request import current_request

LogForm = Literal["human", "json"]
OURS = ("bot", "model", "cotorra")  # whose lines are written with nobody's words in them
_FRAMES = 12  # of a traceback, the innermost

_log = logging.getLogger("cotorra")


class RedactingFormatter(logging.Formatter):
    """Formats a whole record, its traceback too, and then hides the secrets.

    A filter would see the message alone; httpx and python-telegram-bot put the token in arguments, in
    exceptions and in addresses.

    Args:
        secrets: What must not be seen.
        form: For people, or an object of JSON a line.
        words: Whether errors' texts, and all that other libraries say, may be shown.
    """

    def __init__(self, secrets: Iterable[str] = (), form: LogForm = "human", words: bool = False) -> None:
        super().__init__()
        self._redact = Redaction(secrets)
        self._form = form
        self._words = words

    def format(self, record: logging.LogRecord) -> str:
        fields = self._fields(record)
        if self._form == "human":
            return _human(fields, record.levelname)
        return self._redact(json.dumps(fields, ensure_ascii=False))  # again: two parts may have made a secret

    def _fields(self, record: logging.LogRecord) -> dict[str, str]:
        message = record.getMessage() if self._words or is_ours(record) else _of_others(record)
        fields = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request": current_request(),
            "message": message,
        }
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            fields["error"] = self._error(error)
        return {name: self._redact(text) for name, text in fields.items() if text}

    def _error(self, error: BaseException) -> str:
        if self._words:
            return "".join(traceback.format_exception(error)).rstrip()
        return outline(error, _FRAMES)


def _of_others(record: logging.LogRecord) -> str:
    """What another library says, in one line and without what it fills in: that may be a server's whole answer."""
    # Warnings of Python and its libraries are filled into a bare "%s"; they are about code.
    text = record.getMessage() if record.name == "py.warnings" else str(record.msg)
    return text.partition("\n")[0]


def _human(fields: dict[str, str], level: str) -> str:
    request = f" [{fields['request']}]" if "request" in fields else ""
    line = f"{fields['time']} {level:<7} {fields['logger']}{request}: {fields.get('message', '')}"
    return f"{line}\n{fields['error']}" if "error" in fields else line


class QuietForeigners(logging.Filter):
    """Lets through our own lines, and of other libraries what is a warning at least.

    Everything they say below that is a request's address or body: the prompts of people.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        return is_ours(record) or record.levelno >= logging.WARNING


class _Handler(logging.StreamHandler):  # type: ignore[type-arg]  # generic for the type checker alone
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  its name in logging
        """A line that cannot be written: Python would print its arguments, secrets and all."""
        error = sys.exc_info()[1]
        if isinstance(error, OSError):  # nobody reads stderr any more
            return
        print(f"cotorra: a log line of {record.name} was lost: {type(error).__name__}", file=sys.stderr)


def set_up_logging(level: str, secrets: Iterable[str] = (), form: LogForm = "human", words: bool = False) -> None:
    """Send this process's log, warnings and uncaught errors to stderr, without the secrets.

    Args:
        level: Ours from this one up; other libraries' from WARNING up, always.
        secrets: What must not be seen.
        form: For people or for programs.
        words: Whether what people write may be seen.
    """
    handler = _Handler(sys.stderr)
    handler.setFormatter(RedactingFormatter(secrets, form, words))
    handler.addFilter(QuietForeigners())
    logging.basicConfig(level=max(logging.getLevelName(level), logging.WARNING), handlers=[handler], force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    # Each failed poll comes with a traceback of 60 lines, and our own error callback says it in one.
    logging.getLogger("telegram.ext.Updater").setLevel(logging.CRITICAL)
    logging.captureWarnings(True)
    sys.excepthook = lambda kind, error, trace: _log.critical("uncaught", exc_info=(kind, error, trace))
    threading.excepthook = lambda what: _uncaught("uncaught in a thread", what.exc_value)
    sys.unraisablehook = lambda what: _uncaught("an error nobody could catch", what.exc_value)


def is_ours(record: logging.LogRecord) -> bool:
    """Whether this project wrote the line."""
    return record.name.partition(".")[0] in OURS


def outline(error: BaseException, frames: int = 3) -> str:
    """An error by its kinds and places, without its words: those may quote what people wrote.

    From the outermost to the first cause, each with its innermost frames.
    """
    lines = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:  # a chain may bite its tail
        seen.add(id(current))
        last = traceback.extract_tb(current.__traceback__)[-frames:]
        places = " > ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in last)
        lines.append(f"{type(current).__module__}.{type(current).__name__} at {places or 'no place'}")
        current = current.__cause__ or current.__context__
    return "; from ".join(lines)


def _uncaught(where: str, error: BaseException | None) -> None:
    _log.critical(where, exc_info=error)
