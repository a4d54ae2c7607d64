"""The chat page: its files, and the socket over which it sees and does everything.

It knows no Bot API: it watches the feed, and acts through the actions.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from pathlib import Path

from tornado.web import HTTPError, StaticFileHandler
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from bot.playground.actions import NOT_UNDERSTOOD, Actions
from bot.playground.errors import ApiError, PlaygroundError
from bot.playground.feed import Event
from bot.playground.view import state
from bot.playground.web import Guarded

STATIC = Path(__file__).parent / "static"
FONTS = Path(__file__).parent.parent / "pictures" / "fonts"  # the page asks for the emoji where its machine has none
MAX_SOCKET_MESSAGE = 28 * 2**20  # bytes; a picture of 20 MB in base64
_LOGGER = logging.getLogger(__name__)


class PageFiles(Guarded, StaticFileHandler):
    """The page's own files, and nothing from anywhere else."""

    def prepare(self) -> None:
        super().prepare()
        if "\0" in self.path_args[0]:  # no file system has such a name, and Python raises an error for it
            raise HTTPError(404)

    def set_extra_headers(self, path: str) -> None:
        host = self.request.host
        self.set_header(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; "
            f"connect-src 'self' ws://{host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        )
        self.set_header("Cache-Control", "no-cache")
        self.set_header("X-Frame-Options", "DENY")


class FixedPage(Guarded):
    """A page that somebody else wrote, as it is: nothing in it runs or is fetched."""

    def initialize(self, text: str) -> None:
        self._text = text

    def get(self) -> None:
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.finish(self._text)


class PageSocket(Guarded, WebSocketHandler):
    """One open page."""

    def initialize(self, actions: Actions, sockets: "set[PageSocket]") -> None:
        self._actions = actions
        self._sockets = sockets
        self._unwatch: Callable[[], None] | None = None

    def open(self, *_: str, **__: str) -> None:
        """Show all there is, and from then on all that happens."""
        self._sockets.add(self)
        self._tell(state(self._actions.service))
        self._unwatch = self._actions.service.feed.watch(self._see)

    def on_close(self) -> None:
        self._sockets.discard(self)
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None

    def on_message(self, message: str | bytes) -> None:
        """Do what somebody on the page does; what cannot be done is said there."""
        try:
            self._actions.do(json.loads(message), self._tell)
        except (PlaygroundError, ApiError) as error:
            self._tell({"type": "problem", "text": getattr(error, "description", None) or str(error)})
        except NOT_UNDERSTOOD as error:
            self._tell({"type": "problem", "text": f"not understood: {type(error).__name__}"})

    def _see(self, event: Event) -> None:
        self._tell(state(self._actions.service) if event["type"] == "world" else event)

    def _tell(self, event: Event) -> None:
        try:
            sent = self.write_message(json.dumps(event))
        except WebSocketClosedError:
            return
        sent.add_done_callback(_note_failure)


def _note_failure(sent: "asyncio.Future[None]") -> None:
    if not sent.cancelled() and (error := sent.exception()) is not None:
        _LOGGER.debug("a page went away while it was told something: %r", error)
