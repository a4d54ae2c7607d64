"""The webhook: Telegram brings updates to us, over HTTP behind a proxy that speaks TLS.

Knows no handlers and no database: it is given where updates go. Telegram is told that we have an update only
after it is there; what cannot be taken now, Telegram brings again. Whoever does not know the secret is turned
away by the first lines of the request: nothing of its body is read.
"""

import hmac
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from tornado.web import Application, HTTPError, RequestHandler, stream_request_body

from bot.errors import UpdateUnreadable
from bot.incoming.webhook_config import WebhookConfig
from bot.listening import listening
from bot.observability.logging_setup import outline
from model.errors import CotorraError

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  the header's name
MOST_BYTES = 2**20  # an update is a few kilobytes; a hundred entities on a long text are thirty
_LENGTH = re.compile(r"[0-9]{1,7}")

_log = logging.getLogger(__name__)

# Keeps an update and returns when it is on disk. Raises UpdateUnreadable for what is no update, and will be none
# if it comes again.
Receive = Callable[[Mapping[str, Any]], Awaitable[object]]


@stream_request_body
class UpdateHandler(RequestHandler):
    """POST of one update; every other request touches nothing."""

    def initialize(self, config: WebhookConfig, receive: Receive) -> None:
        self._config = config
        self._receive = receive
        self._body = bytearray()

    def prepare(self) -> None:
        """Judge the request by its head, before its body is read."""
        if self.request.path != self._config.path:
            raise HTTPError(404)
        if self.request.method != "POST":
            raise HTTPError(405)
        given = self.request.headers.get(SECRET_HEADER, "").encode()
        if not hmac.compare_digest(given, self._config.secret.get_secret_value().encode()):
            raise HTTPError(403)
        kind = self.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise HTTPError(415)
        length = self.request.headers.get("Content-Length", "0")
        if not _LENGTH.fullmatch(length) or int(length) > MOST_BYTES:
            raise HTTPError(413)

    def data_received(self, chunk: bytes) -> None:
        self._body += chunk  # at most MOST_BYTES: the server itself reads no further

    async def post(self) -> None:
        try:
            update = json.loads(self._body)
        except (ValueError, RecursionError):
            raise HTTPError(400) from None
        if not isinstance(update, dict) or not isinstance(update.get("update_id"), int):
            raise HTTPError(400)
        try:
            await self._receive(update)
        except UpdateUnreadable:
            raise HTTPError(400) from None
        except CotorraError as error:
            _log.debug("an update could not be taken now, Telegram will bring it again: %s", outline(error))
            raise HTTPError(503) from None

    def check_xsrf_cookie(self) -> None:
        """The secret is the authority; there are no cookies."""

    def write_error(self, status_code: int, **_: Any) -> None:
        """The status says it all. The connection ends, and says so: a proxy would bring the next update on it."""
        self.set_header("Connection", "close")
        self.finish()

    def log_exception(self, *error: Any) -> None:
        """Refusals are everyday; anything else is a bug, told without its words."""
        if not isinstance(error[1], HTTPError):
            _log.error("the webhook failed: %s", outline(error[1]))


@asynccontextmanager
async def webhook_server(config: WebhookConfig, receive: Receive) -> AsyncIterator[int]:
    """Listen for updates; the port. Raises ListenRefused."""
    everything = [(r".*", UpdateHandler, {"config": config, "receive": receive})]
    application = Application(everything, log_function=lambda _: None)
    async with listening(application, config.host, config.port, MOST_BYTES) as port:
        yield port
