"""One bot to a PostgreSQL database: who has the lock, what becomes of it when connections break, and who goes first."""

import asyncio
import os
import re
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest
from sqlalchemy import func, make_url, select, text

from bot.storage.database import Database
from bot.storage.errors import DatabaseUnreachable, StorageError
from bot.storage.sole_use import ANSWER, CHECK_EVERY, KEY, LOOK_EVERY, sole_use
from tests.bot.postgresql import needs_postgresql
from tests.bot.storage.forgetful import Forgetful

pytestmark = needs_postgresql

PROC_TCP = Path("/proc/net/tcp")  # of Linux: every connection, and what it waits for
KEEPALIVE = "02"


async def locks(server: str) -> int:
    """How many hold the lock of the bot that uses the database."""
    async with Database(server) as database, database.reading() as connection:
        held = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted")
        return int((await connection.execute(held)).scalar_one())


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110  the log is all there is to wait for
            await asyncio.sleep(0.01)


async def break_connections(server: str) -> None:
    """As a server does that is restarted."""
    async with Database(server) as database, database.reading() as connection:
        others = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname <> ''"
        )
        await connection.execute(text(others))


BOTS_LOCK = "FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted"


async def break_lock(server: str) -> None:
    """As a firewall does that forgets a connection on which little is said."""
    async with Database(server) as database, database.reading() as connection:
        await connection.execute(text(f"SELECT pg_terminate_backend(pid) {BOTS_LOCK}"))


class Bots:
    """Bots that want to use a server's database, each until it is told to stop, and what they were told."""

    def __init__(self, server: str, check_every: float = CHECK_EVERY, answer: float = ANSWER) -> None:
        self._server = server
        self._check_every = check_every
        self._answer = answer
        self._stack = AsyncExitStack()
        self.lost: list[StorageError] = []

    async def __aenter__(self) -> "Bots":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def begin(self) -> Database:
        """A bot's database, once it may use it."""
        database = await self._stack.enter_async_context(Database(self._server))
        await self._stack.enter_async_context(sole_use(database, self.lost.append, self._check_every, self._answer))
        return database


async def write(database: Database) -> None:
    async with database.writing() as connection:
        await connection.execute(text("SELECT 1"))


async def test_a_second_bot_waits_until_the_first_has_ended(server: str, caplog: pytest.LogCaptureFixture) -> None:
    async with Bots(server) as second:
        async with Bots(server) as first:
            await first.begin()
            waiting = asyncio.create_task(second.begin())
            await until(lambda: "another bot uses" in caplog.text)
            assert not waiting.done()
            assert await locks(server) == 1
        await asyncio.wait_for(waiting, 30)
        assert await locks(server) == 1
    assert await locks(server) == 0
    assert caplog.text.count("another bot uses") == 1


async def test_a_second_bot_that_is_stopped_while_it_waits_leaves_nothing_behind(server: str) -> None:
    async with Bots(server) as first, Bots(server) as second:
        await first.begin()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await second.begin()
        assert await locks(server) == 1


async def test_the_lock_is_taken_again_by_who_had_it_when_its_connection_breaks(
    server: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with Bots(server) as first, Bots(server) as second:
        database = await first.begin()
        waiting = asyncio.create_task(second.begin())
        await until(lambda: "another bot uses" in caplog.text)
        await break_connections(server)
        async with asyncio.timeout(30):
            while await locks(server) == 0 or not database.is_ours:  # noqa: ASYNC110  only the server tells
                await asyncio.sleep(0.01)
        await write(database)
        assert not waiting.done()
        assert first.lost == []
        waiting.cancel()
        await asyncio.wait([waiting])


async def test_who_waited_while_the_server_was_away_lets_the_one_go_first_that_had_the_lock(
    server: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with Database(server) as slow, Bots(server) as second:
        with suppress(StorageError):
            async with slow.reading() as first:  # has the lock, and takes its time to come back
                await first.execute(select(func.pg_advisory_lock(KEY)))
                waiting = asyncio.create_task(second.begin())
                await until(lambda: "another bot uses" in caplog.text)
                await break_connections(server)
                await first.execute(text("SELECT 1"))
        async with asyncio.timeout(30):
            while not await bots_there(server):  # noqa: ASYNC110  only the server tells
                await asyncio.sleep(0.01)
        await asyncio.sleep(3 * LOOK_EVERY)  # it is back, and would have looked by now
        async with slow.reading() as first:
            assert (await first.execute(select(func.pg_try_advisory_lock(KEY)))).scalar_one()
        waiting.cancel()
        await asyncio.wait([waiting])


async def bots_there(server: str) -> int:
    """How many connections there are but for the one that asks."""
    counted = "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname <> ''"
    async with Database(server) as database, database.reading() as connection:
        return int((await connection.execute(text(counted))).scalar_one())


async def test_a_bot_whose_lock_another_one_took_writes_no_more_and_ends_with_a_sentence(server: str) -> None:
    async with Bots(server) as bots, Database(server) as other, other.reading() as second:
        first = await bots.begin()
        await write(first)
        waiting = asyncio.create_task(second.execute(select(func.pg_advisory_lock(KEY))))
        async with other.reading() as onlooker:
            while not (await onlooker.execute(text("SELECT 1 FROM pg_locks WHERE NOT granted"))).first():  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await break_lock(server)
        await waiting
        await until(lambda: len(bots.lost) == 1)
        assert re.match("another bot has begun to use .* so this one ends", str(bots.lost[0]))
        with pytest.raises(DatabaseUnreachable, match="the only bot"):
            await write(first)


async def test_a_lock_that_the_server_keeps_for_a_broken_connection_of_ours_is_taken_from_it(server: str) -> None:
    """The network forgot the connection, and the server does not know yet."""
    async with Forgetful(server) as network, Bots(network.address) as bots:
        first = await bots.begin()
        network.forget()
        await until(lambda: not first.is_ours)
        assert await locks(server) == 1
        await until(lambda: first.is_ours)
        assert bots.lost == []
        assert await locks(server) == 1


async def test_a_server_that_is_gone_without_a_word_is_missed_and_the_lock_taken_again_when_it_is_back(
    server: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is refused and nothing closed: a machine without power, or a cable without an end."""
    async with Forgetful(server) as network, Bots(network.address, check_every=0.05, answer=0.2) as bots:
        first = await bots.begin()
        network.vanish()
        await until(lambda: not first.is_ours)
        with pytest.raises(DatabaseUnreachable, match="the only bot"):
            await write(first)
        assert await locks(server) == 1  # the server has not heard of it, and keeps it for the connection that is lost
        network.come_back()
        await until(lambda: first.is_ours)
        await write(first)
        assert bots.lost == []
        assert await locks(server) == 1


def timer_of(local: int, remote: int) -> tuple[str, float]:
    """What a connection between two ports of this machine does next, at its local end, and in how many seconds."""
    for line in PROC_TCP.read_text("ascii").splitlines()[1:]:
        _, here, there, _, _, timer, *_ = line.split()
        if here.endswith(f":{local:04X}") and there.endswith(f":{remote:04X}"):
            kind, ticks = timer.split(":")
            return kind, int(ticks, 16) / os.sysconf("SC_CLK_TCK")
    raise LookupError("expected the connection among those of this machine")


@pytest.mark.skipif(not PROC_TCP.exists(), reason="only Linux tells when a connection is looked after")
async def test_the_server_looks_after_half_a_minute_at_most_whether_the_bot_with_its_lock_is_there(server: str) -> None:
    """Else it would keep the lock of a machine that is gone for two hours, and another one would wait so long."""
    async with Bots(server) as bots:
        await bots.begin()
        async with Database(server) as database, database.reading() as connection:
            port = (await connection.execute(text(f"SELECT client_port {BOTS_LOCK}"))).scalar_one()
        server_port = make_url(server).port or 0
        # Another one runs as long as what was said last is on its way.
        await until(lambda: timer_of(server_port, port)[0] == KEEPALIVE)
        assert timer_of(server_port, port)[1] <= 10  # and two more looks, ten seconds each


async def test_what_a_vanished_server_does_not_acknowledge_is_given_up(server: str) -> None:
    """Of all connections: a transaction under way would wait for a quarter of an hour."""
    async with Database(server) as database, database.reading() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        with socket.socket(fileno=socket.dup(driver.fileno())) as line:
            given_up_after = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
        assert 0 < given_up_after <= 1_000 * ANSWER
