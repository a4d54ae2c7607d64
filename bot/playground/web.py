"""What every address of the server has in common: who may ask, what the answers carry.

A page of another site must not reach the playground: not by a name that resolves to this machine (Host),
not from its own scripts (Origin).
"""

import ipaddress
import json
from http import HTTPStatus
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from tornado.web import HTTPError, RequestHandler


def is_loopback(host: str) -> bool:
    """Whether a Host header names this machine."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def is_own_origin(origin: str | None, host: str) -> bool:
    """Whether a request comes from no page, or from the playground's own."""
    return origin is None or origin.lower() == f"http://{host.lower()}"


class Guarded(RequestHandler):
    """Answers this machine and its own page only; errors as the Bot API writes them."""

    def prepare(self) -> None:
        """Refuse foreign hosts and origins.

        Raises:
            HTTPError: 403.
        """
        if not is_loopback(self.request.host):
            raise HTTPError(403, reason="Forbidden")
        if not is_own_origin(self.request.headers.get("Origin"), self.request.host):
            raise HTTPError(403, reason="Forbidden")

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Cache-Control", "no-store")

    def write_error(self, status_code: int, **_: Any) -> None:
        phrase = HTTPStatus(status_code).phrase
        self.finish_json(status_code, {"ok": False, "error_code": status_code, "description": phrase})

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Log bugs only: Tornado's line for a bad request holds the address, and so the token."""
        if not isinstance(value, HTTPError):
            super().log_exception(typ, value, tb)

    def finish_json(self, status: int, body: dict[str, Any]) -> None:
        """End with this status and body."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(body))


class NotFound(Guarded):
    """Every address that is none."""

    def prepare(self) -> None:
        super().prepare()
        raise HTTPError(404)
