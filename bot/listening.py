"""Listening: a web application at an address of this machine, for as long as a context lasts.

Whoever opens connections and says nothing takes only each other's: the process has its files for its work.
"""

import errno
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream
from tornado.web import Application

from bot.errors import ListenRefused

BODY_TIME = 30.0  # seconds in which a request's body has to be there
BACKLOG = 128  # connections that wait to be accepted
IDLE_TIME = 120.0  # seconds that a connection without a request is kept
MOST_CONNECTIONS = 128  # a proxy or Prometheus has a few, and a process may have 1,024 files open


class BoundedServer(HTTPServer):
    """A server with so many connections at once: the oldest ends where a new one would be too many."""

    def initialize(self, *arguments: Any, **named: Any) -> None:
        super().initialize(*arguments, **named)
        self._streams: list[IOStream] = []

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        self._streams = [each for each in self._streams if not each.closed()]
        if len(self._streams) >= MOST_CONNECTIONS:
            self._streams.pop(0).close()
        self._streams.append(stream)
        super().handle_stream(stream, address)


@asynccontextmanager
async def listening(application: Application, host: str, port: int, most_bytes: int) -> AsyncIterator[int]:
    """Serve the application; the port, which is chosen by the system for 0.

    Args:
        application: What answers.
        host: An address of this machine, such as 127.0.0.1.
        port: 0 takes any free one.
        most_bytes: A body that is larger is refused before it is read.

    Raises ListenRefused where the address cannot be had.
    """
    server = BoundedServer(
        application,
        max_body_size=most_bytes,
        max_buffer_size=most_bytes + 2**16,
        max_header_size=2**14,
        body_timeout=BODY_TIME,
        idle_connection_timeout=IDLE_TIME,
    )
    listener = _listener(host, port)
    server.add_socket(listener)
    try:
        yield int(listener.getsockname()[1])
    finally:
        server.stop()
        await server.close_all_connections()


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        reason = "another program listens there" if taken else error.strerror or "no such address here"
        raise ListenRefused(f"expected to listen at {host}:{port}: {reason}; choose another address or port") from error
    listener.setblocking(False)
    return listener
