"""The playground from outside: start it, act in it, await what the bot does, stop it."""

import asyncio
import errno
import os
import re
import socket
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from telegram import Message, User
from tornado.httpserver import HTTPServer
from tornado.web import Application

from bot.playground.actions import Actions
from bot.playground.api import Api
from bot.playground.calls import CallRecord
from bot.playground.errors import PlaygroundError, PortTaken
from bot.playground.faults import FaultQueue
from bot.playground.feed import Event, Feed
from bot.playground.gestures import Gestures
from bot.playground.limits import FloodGuard, FloodLimits
from bot.playground.members import Members
from bot.playground.page import FONTS, MAX_SOCKET_MESSAGE, STATIC, FixedPage, PageFiles, PageSocket
from bot.playground.people import People
from bot.playground.script import Script
from bot.playground.server import MAX_BODY, ApiHandler, DownloadHandler, MediaHandler, Tasks
from bot.playground.service import Service
from bot.playground.updates import UpdateQueue
from bot.playground.web import NotFound
from bot.playground.webhook import Webhook
from bot.playground.world import World

DEFAULT_TOKEN = "7000000001:playground-token-no-secret-on-one-machine"  # noqa: S105  opens nothing but this
_LOOPBACK = "127.0.0.1"


class Playground(Script):
    """A Telegram for one machine. Also an async context manager; what can be done in it, `Script` tells.

    Args:
        token: The bot's token; its number is the bot's id.
        port: Where to listen on the loopback; 0 takes any free port.
        first_name: The bot's name.
        username: The bot's username.
        privacy: Whether the bot sees only what is meant for it in groups.
        world: Makes the people and chats to begin with.
        limits: Flood limits to enforce; None enforces none.
        clock: Seconds, rising, for the flood limits.
        first_update_id: The first update's id; by default from the clock, so that ids rise over restarts.
        webhook_pause: Seconds before a webhook is tried a second time.
        pages: Further pages in HTML, by their paths.
    """

    def __init__(
        self,
        token: str = DEFAULT_TOKEN,
        port: int = 0,
        *,
        first_name: str = "Cotorra",
        username: str = "cotorra_bot",
        privacy: bool = True,
        world: Callable[[User], World] = World.with_you_and_a_group,
        limits: FloodLimits | None = None,
        clock: Callable[[], float] = time.monotonic,
        first_update_id: int | None = None,
        webhook_pause: float = 0.5,
        pages: Mapping[str, str] | None = None,
    ) -> None:
        number = token.partition(":")[0]
        if not number.isdecimal() or "/" in token:
            raise PlaygroundError("expected a token like 123:letters, got another form")
        bot = User(int(number), first_name, is_bot=True, username=username)
        updates = UpdateQueue(first_update_id)
        self.token = token
        self.service = Service(world(bot), updates, Webhook(updates, webhook_pause), privacy, clock=clock)
        self.members = Members(self.service)
        self.people = People(self.service, self.members)
        self.gestures = Gestures(self.service, self.members)
        self._api = Api(self.service, token, None if limits is None else FloodGuard(limits, clock))
        self._wanted_port = port
        self._pages = dict(pages or {})
        self._server: HTTPServer | None = None
        self._port = 0
        self._tasks = Tasks()
        self._sockets: set[PageSocket] = set()

    # --- where it is, what is in it ---------------------------------------------------------------

    @property
    def api_base_url(self) -> str:
        """The address of the server; a bot appends "/bot" for methods and "/file/bot" for downloads."""
        return f"http://{_LOOPBACK}:{self._port}"

    @property
    def page_url(self) -> str:
        """The address of the chat page."""
        return f"{self.api_base_url}/"

    @property
    def world(self) -> World:
        return self.service.world

    @property
    def updates(self) -> UpdateQueue:
        return self.service.updates

    @property
    def feed(self) -> Feed:
        return self.service.feed

    @property
    def calls(self) -> CallRecord:
        return self._api.calls

    @property
    def faults(self) -> FaultQueue:
        return self._api.faults

    # --- its life ---------------------------------------------------------------------------------

    async def start(self) -> Self:
        """Listen.

        Raises:
            PortTaken: Another program listens there.
            PlaygroundError: The port cannot be had for another reason.
        """
        listening = _listen(self._wanted_port)
        self._port = listening.getsockname()[1]
        self._server = HTTPServer(self._application(), max_body_size=MAX_BODY, max_buffer_size=2 * MAX_BODY)
        self._server.add_sockets([listening])
        return self

    async def stop(self) -> None:
        """End every poll, page and connection, and free the port; stopping twice is fine."""
        if self._server is None:
            return
        server, self._server = self._server, None
        server.stop()
        await self._tasks.stop()
        await self.service.webhook.remove()
        self.expire()
        self.service.polls.stop()
        for page in tuple(self._sockets):
            page.close(1001, "the playground stops")
        await server.close_all_connections()

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _application(self) -> Application:
        actions = Actions(self.service, self.members, self.people, self.gestures)
        return Application(
            [
                (r"/bot([^/]+)/([^/]+)/?", ApiHandler, {"api": self._api, "tasks": self._tasks}),
                (r"/file/bot([^/]+)/(.+)", DownloadHandler, {"api": self._api}),
                (r"/media/([\w-]+)", MediaHandler, {"api": self._api}),
                (
                    r"/socket",
                    PageSocket,
                    {"actions": actions, "sockets": self._sockets},
                ),
                *((re.escape(path), FixedPage, {"text": text}) for path, text in self._pages.items()),
                (r"/fonts/(NotoEmoji-Regular\.ttf)", PageFiles, {"path": str(FONTS)}),
                (r"/(.*)", PageFiles, {"path": str(STATIC), "default_filename": "index.html"}),
            ],
            default_handler_class=NotFound,
            websocket_max_message_size=MAX_SOCKET_MESSAGE,
            log_function=lambda _: None,  # an access log would hold the token
        )

    # --- what came of it --------------------------------------------------------------------------

    def history(self, chat_id: int) -> tuple[Message, ...]:
        """The messages of a chat, oldest first."""
        return tuple(self.world.room(chat_id).messages.values())

    async def until(
        self,
        chat_id: int,
        where: Callable[[Message], bool],
        timeout: float = 10,  # noqa: ASYNC109
    ) -> Message:
        """The last message of a chat that fits: one already there, or else the first to come.

        Raises:
            TimeoutError: None did in `timeout` seconds.
        """
        for message in reversed(self.history(chat_id)):
            if where(message):
                return message
        found: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

        def look(event: Event) -> None:
            if event["type"] in ("message", "edit") and event["chat_id"] == chat_id and not found.done():
                message = self.world.message(chat_id, event["message"]["message_id"])
                if where(message):
                    found.set_result(message)

        unwatch = self.feed.watch(look)
        try:
            async with asyncio.timeout(timeout):
                return await found
        finally:
            unwatch()


def _listen(port: int) -> socket.socket:
    """A socket that listens on the loopback.

    Raises:
        PortTaken: Another program listens there.
        PlaygroundError: The port cannot be had for another reason.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name != "nt":  # there it would let two programs share the port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((_LOOPBACK, port))
        listening.listen(128)
    except (OSError, OverflowError) as error:
        listening.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise PortTaken(port) from error
        raise PlaygroundError(f"port {port} cannot be used: {error}") from error
    listening.setblocking(False)
    return listening
