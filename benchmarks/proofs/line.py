"""A slow line to the server: what it answers takes a while, so a process can die with calls on their way."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

_PIECE = 2**16  # bytes read at once


@asynccontextmanager
async def slow_line(address: str, seconds: tuple[float, float], rng: random.Random) -> AsyncIterator[str]:
    """An address of this machine that leads to another one, whose answers come later by a random time.

    Questions go through at once: the server has done what was asked before anybody hears of it.

    Args:
        address: As in http://127.0.0.1:8081.
        seconds: The least and the most that an answer is late.
        rng: Draws how late.
    """
    there = urlsplit(address)
    ends: set[asyncio.StreamWriter] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with _open(writer, ends), contextlib.suppress(OSError):
            far_reader, far_writer = await asyncio.open_connection(there.hostname, there.port)
            with _open(far_writer, ends):
                async with asyncio.TaskGroup() as both_ways:
                    both_ways.create_task(_pass_on(reader, far_writer))
                    both_ways.create_task(_pass_on(far_reader, writer, lambda: rng.uniform(*seconds)))

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for end in tuple(ends):
            end.close()
        await server.wait_closed()


@contextlib.contextmanager
def _open(writer: asyncio.StreamWriter, ends: set[asyncio.StreamWriter]) -> Iterator[None]:
    ends.add(writer)
    try:
        yield
    finally:
        ends.discard(writer)
        writer.close()


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, late: Callable[[], float] = float
) -> None:
    """Bytes from one end to the other until either closes, which closes the other one too."""
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(_PIECE):
            await asyncio.sleep(late())
            writer.write(piece)
            await writer.drain()
    writer.close()
