"""What an operator sees of a running bot: figures that are true, health that is true, lines that belong together."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator

import httpx
import pytest
from sqlalchemy import text

from bot.observability.logging_setup import RedactingFormatter
from bot.observability.server import PagesConfig
from bot.playground import faults
from tests.bot.fakes import FakeGenerator
from tests.bot.stage import Stage, free_port


class Seen(Stage):
    """A stage whose bot shows its pages."""

    def __init__(
        self, address: str, generator: FakeGenerator | None = None, further: dict[str, str] | None = None
    ) -> None:
        self.pages_at = PagesConfig(port=free_port(), further=further or {})
        super().__init__(address, generator or FakeGenerator(), pages=self.pages_at)

    async def look(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient() as client:
            return await client.get(f"http://127.0.0.1:{self.pages_at.port}{path}")

    async def figure(self, name: str) -> float:
        """A metric with its labels, 0 where it is not there."""
        lines = (await self.look("/metrics")).text.splitlines()
        return next((float(line.rpartition(" ")[2]) for line in lines if line.rpartition(" ")[0] == name), 0.0)


@pytest.fixture
async def seen(address: str) -> AsyncIterator[Seen]:
    async with Seen(address) as stage:
        yield stage


async def test_what_happens_is_counted_where_it_happens(seen: Seen) -> None:
    for number in range(3):
        await seen.ask(f"/seed number {number}")
    await seen.ask("/temp 1")
    await seen.settled()
    assert await seen.figure('cotorra_prompts_total{kind="seed"}') == 3
    assert await seen.figure('cotorra_replies_total{outcome="answered"}') == 3
    assert await seen.figure("cotorra_reply_seconds_count") == 3
    assert await seen.figure("cotorra_characters_total") == 3 * 300
    assert await seen.figure('cotorra_updates_total{kind="message"}') >= 4
    assert await seen.figure("cotorra_update_seconds_count") >= 4
    assert await seen.figure("cotorra_delivery_seconds_count") >= 4
    assert await seen.figure("cotorra_received_timestamp_seconds") > 0


async def test_refusals_and_errors_are_counted_by_kind(address: str) -> None:
    async with Seen(address, FakeGenerator(broken="fire")) as seen:
        await seen.ask("/seed fire")
        seen.playground.faults.add(faults.flood(1), faults.server_error(), method="sendMessage")
        await seen.say("/seed water")
        await seen.settled()
        assert await seen.figure('cotorra_errors_total{kind="GenerationFailed"}') == 1
        assert await seen.figure('cotorra_replies_total{outcome="failed"}') == 1
        assert await seen.figure('cotorra_telegram_429_total{method="sendmessage"}') == 1
        assert await seen.figure('cotorra_errors_total{kind="NetworkError"}') == 1
        assert await seen.figure('cotorra_prompts_total{kind="seed"}') == 2


async def test_a_queue_is_as_long_as_it_is(address: str) -> None:
    generator = FakeGenerator()
    async with Seen(address, generator) as seen:
        generator.gate.clear()
        for number in range(3):
            await seen.say(f"/seed number {number}")
        assert await seen.figure('cotorra_queue_length{queue="inbox"}') == 3
        generator.gate.set()
        await seen.settled()
        assert await seen.figure('cotorra_queue_length{queue="telegram"}') == 0


async def test_no_figure_tells_of_a_chat_a_person_or_a_word(seen: Seen) -> None:
    await seen.ask("/seed a private word")
    figures = (await seen.look("/metrics")).text
    for private in ("private", str(seen.you), str(seen.group), seen.playground.token.partition(":")[2]):
        assert private not in figures


async def test_health_is_true_while_all_works_and_names_what_does_not(seen: Seen) -> None:
    await seen.ask("/help")
    well = await seen.look("/healthz")
    assert (well.status_code, well.json()["status"]) == (200, "ok")
    assert set(well.json()["checks"]) == {"updates", "token", "database", "generator"}
    async with seen.database.writing() as connection:
        await connection.execute(text("ALTER TABLE alembic_version RENAME TO gone"))
    await asyncio.sleep(1.1)  # an answer is good for a second
    ill = await seen.look("/healthz")
    assert ill.status_code == 503
    assert [name for name, check in ill.json()["checks"].items() if not check["ok"]] == ["database"]


async def test_a_bot_that_cannot_reach_telegram_says_so_before_it_ever_did(address: str) -> None:
    seen = Seen(address)
    seen.playground.faults.add(faults.server_error(), method="getMe", times=3)
    starting = asyncio.create_task(seen.__aenter__())
    try:
        while True:
            try:
                answer = await seen.look("/healthz")
                break
            except httpx.ConnectError:
                await asyncio.sleep(0.01)
        assert answer.status_code == 503
        assert answer.json()["checks"]["updates"] == {"ok": False, "reason": "has not succeeded yet"}
        assert answer.json()["checks"]["generator"]["ok"]
    finally:
        starting.cancel()
        await asyncio.wait([starting])
        await seen.__aexit__()


async def test_there_is_room_for_more_pages(address: str) -> None:
    async with Seen(address, further={"/privacy": "<p>What is kept</p>"}) as seen:
        answer = await seen.look("/privacy")
        assert answer.text == "<p>What is kept</p>"
        assert answer.headers["Content-Type"].startswith("text/html")


async def test_every_line_from_an_update_to_its_reply_names_it(seen: Seen) -> None:
    lines: list[dict[str, str]] = []
    formatter = RedactingFormatter(form="json")

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(formatter.format(record)))

    log, handler = logging.getLogger("bot"), Keep()
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    try:
        seen.playground.faults.add(faults.flood(1), method="sendMessage")
        update = await seen.deliver_command("/seed traced")
        await seen.settled()
    finally:
        log.removeHandler(handler)
        log.setLevel(logging.NOTSET)
    traced = [line["message"] for line in lines if line.get("request") == str(update)]
    assert traced[0].startswith("an update came in")
    assert any("Telegram wants no sendmessage" in message for message in traced)
    assert any("sendmessage is done" in message for message in traced)
    assert traced[-1] == "the update is done"
