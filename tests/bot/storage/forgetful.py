"""A network between a client and a server that forgets connections: one end hears of it, or neither."""

import asyncio
from contextlib import suppress
from typing import Self

from sqlalchemy import make_url


class Forgetful:
    """An async context manager: an address of the server that leads through this network."""

    def __init__(self, server: str) -> None:
        self._url = make_url(server)
        self._clients: list[asyncio.StreamWriter] = []
        self._servers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_away = False

    @property
    def address(self) -> str:
        port = self._listener.sockets[0].getsockname()[1]
        return self._url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)

    async def __aenter__(self) -> Self:
        self._listener = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listener.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in (*self._clients, *self._servers):
            writer.close()

    def forget(self) -> None:
        """Every connection until now ends for the client, and stays open for the server."""
        for client in self._clients:
            client.transport.abort()
        self._clients.clear()

    def vanish(self) -> None:
        """Nothing comes through any more on any connection, and no end hears of it; there are no new ones."""
        for task in self._tasks:
            task.cancel()
        self._is_away = True

    def come_back(self) -> None:
        """There are new connections; the old ones stay as they are."""
        self._is_away = False

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_away:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection(self._url.host, self._url.port)
        self._clients.append(writer)
        self._servers.append(back)
        for work in (_pass_on(reader, back), _pass_on(there, writer)):
            task = asyncio.create_task(work)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(2**16):
            writer.write(data)
            await writer.drain()
