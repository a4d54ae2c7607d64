"""Health and metrics: true only where a part really works, over real HTTP."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text
from telegram.error import NetworkError

from bot.errors import GenerationFailed
from bot.generating.scheduler import Scheduler
from bot.observability.health import Health, Unhealthy
from bot.observability.metrics import Metrics
from bot.observability.probes import GeneratorProbe, Heartbeat, check_database, check_listener
from bot.observability.server import PagesConfig, operators_pages
from bot.storage.database import Database
from bot.storage.schema import prepare_schema
from tests.bot.fakes import FakeGenerator
from tests.bot.virtual_time import run

ROOT = Path(__file__).parents[3]


class Part:
    """A part of the bot that does what a test says."""

    def __init__(self, error: Exception | None = None, hangs: bool = False) -> None:
        self.error = error
        self.hangs = hangs
        self.asked = 0

    async def check(self) -> None:
        self.asked += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error


@asynccontextmanager
async def pages(health: Health, metrics: Metrics | None = None) -> AsyncIterator[httpx.AsyncClient]:
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(operators_pages(metrics or Metrics(), health, PagesConfig()))
        yield await stack.enter_async_context(httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}"))


async def test_all_is_well_if_every_part_works() -> None:
    async with pages(Health({"database": Part().check, "generator": Part().check})) as client:
        answer = await client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert answer.json()["checks"]["database"] == {"ok": True, "reason": ""}


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (Part(Unhealthy("nobody listens")), "nobody listens"),
        (Part(ValueError("a private word")), "ValueError"),
        (Part(hangs=True), "no answer within 0.05 s"),
    ],
)
async def test_one_part_that_does_not_work_is_named_with_a_503(part: Part, reason: str) -> None:
    async with pages(Health({"database": Part().check, "generator": part.check}, patience=0.05)) as client:
        answer = await client.get("/healthz")
    assert answer.status_code == 503
    checks = answer.json()["checks"]
    assert checks["generator"] == {"ok": False, "reason": reason}
    assert checks["database"]["ok"]


async def test_asking_often_costs_nothing() -> None:
    part = Part()
    health = Health({"part": part.check}, fresh=60)
    await asyncio.gather(*(health.report() for _ in range(20)))
    assert part.asked == 1


def test_an_old_answer_is_not_given_again() -> None:
    part = Part()

    async def scenario() -> None:
        health = Health({"part": part.check}, fresh=1)
        assert (await health.report()).ok
        part.error = Unhealthy("no")
        await asyncio.sleep(1)
        assert not (await health.report()).ok

    run(scenario())


async def test_the_pages_are_two_and_are_only_read() -> None:
    async with pages(Health({})) as client:
        assert (await client.get("/")).status_code == 404
        assert (await client.get("/metrics/x")).status_code == 404
        assert (await client.post("/healthz")).status_code == 405
        assert (await client.head("/healthz")).status_code == 200


# --- probes -----------------------------------------------------------------------------------------------


def test_a_heart_that_never_beat_or_stopped_is_unhealthy() -> None:
    async def scenario() -> None:
        heart = Heartbeat(rhythm=30, trouble=15)
        with pytest.raises(Unhealthy, match="not succeeded yet"):
            await heart.check()
        heart.beat()
        await asyncio.sleep(44)
        await heart.check()
        await asyncio.sleep(2)
        with pytest.raises(Unhealthy, match="not succeeded for 46 s"):
            await heart.check()
        heart.beat()
        await heart.check()

    run(scenario())


def test_a_heart_that_only_fails_is_unhealthy_at_once_and_one_that_fails_now_and_then_is_not() -> None:
    async def scenario() -> None:
        heart = Heartbeat(rhythm=30, trouble=15)
        heart.beat()
        for _ in range(10):
            heart.miss(NetworkError("dropped"))
            await asyncio.sleep(10)
            await heart.check()
            heart.beat()
        for _ in range(4):
            heart.miss(NetworkError("dropped"))
            await asyncio.sleep(4)
        with pytest.raises(Unhealthy, match="has failed for 16 s: NetworkError"):
            await heart.check()
        heart.beat()
        await heart.check()

    run(scenario())


async def test_a_database_that_cannot_be_written_is_unhealthy(address: str) -> None:
    async with Database(address, busy_timeout=0.1) as database:
        await prepare_schema(database, address)
        await check_database(database)
        async with Database(address) as other, other.writing() as held:
            await held.execute(text("SELECT 1"))  # a transaction begins with its first statement
            report = await Health({"database": lambda: check_database(database)}).report()
    assert not report.ok
    assert report.findings["database"].reason == "DatabaseLocked"


async def test_a_generator_that_fails_or_hangs_is_unhealthy() -> None:
    generator = FakeGenerator()
    async with Scheduler(generator) as scheduler:
        probe = GeneratorProbe(lambda: [scheduler])
        await probe.check()
        generator.gate.clear()
        report = await Health({"generator": probe.check}, patience=0.05).report()
        assert not report.ok
        generator.gate.set()
    async with Scheduler(FakeGenerator(broken="a")) as scheduler:
        with pytest.raises(GenerationFailed):
            await GeneratorProbe(lambda: [scheduler]).check()


async def test_a_busy_generator_is_no_ill_one_until_it_is_stuck() -> None:
    generator = FakeGenerator()
    generator.gate.clear()
    async with Scheduler(generator, capacity=1) as scheduler:
        first = asyncio.create_task(GeneratorProbe(lambda: [scheduler]).check())
        await asyncio.sleep(0)
        await GeneratorProbe(lambda: [scheduler]).check()
        with pytest.raises(Unhealthy, match="no free place"):
            await GeneratorProbe(lambda: [scheduler], patience=-1).check()
        generator.gate.set()
        await first


async def test_a_webhook_nobody_listens_for_is_unhealthy() -> None:
    async with operators_pages(Metrics(), Health({}), PagesConfig()) as port:
        await check_listener("127.0.0.1", port)
    with pytest.raises(Unhealthy, match="nobody listens"):
        await check_listener("127.0.0.1", port)


async def test_a_webhook_that_takes_connections_and_says_nothing_is_unhealthy() -> None:
    async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0) as server:
        with pytest.raises(Unhealthy, match="nobody answers"):
            await check_listener("127.0.0.1", server.sockets[0].getsockname()[1])


# --- metrics -----------------------------------------------------------------------------------------------


def some_metrics() -> Metrics:
    metrics = Metrics()
    metrics.update_began("message")
    metrics.update_ended(0.2)
    metrics.prompt_came("seed")
    metrics.prompt_ended("answered", 0.3)
    metrics.prompt_ended("refused")
    metrics.generated(300)
    metrics.error(KeyError("a private word"))
    metrics.call_refused("sendmessage")
    metrics.call_dropped("sendchataction")
    metrics.call_waited(1.5)
    metrics.received()
    metrics.watch_queue("inbox", lambda: 7)
    return metrics


EXPECTED = [
    'cotorra_updates_total{kind="message"} 1.0',
    "cotorra_update_seconds_count 1.0",
    'cotorra_prompts_total{kind="seed"} 1.0',
    'cotorra_replies_total{outcome="answered"} 1.0',
    'cotorra_replies_total{outcome="refused"} 1.0',
    "cotorra_reply_seconds_count 1.0",
    "cotorra_characters_total 300.0",
    'cotorra_errors_total{kind="KeyError"} 1.0',
    'cotorra_telegram_429_total{method="sendmessage"} 1.0',
    'cotorra_dropped_calls_total{method="sendchataction"} 1.0',
    "cotorra_delivery_seconds_sum 1.5",
    'cotorra_queue_length{queue="inbox"} 7.0',
]


async def test_everything_that_happens_is_counted() -> None:
    async with pages(Health({}), some_metrics()) as client:
        answer = await client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert [line for line in EXPECTED if line not in answer.text.splitlines()] == []
    assert "private" not in answer.text


def test_two_bots_in_one_process_count_for_themselves() -> None:
    some_metrics()
    assert b"cotorra_updates_total{kind" not in Metrics().text()


def test_the_example_alerts_ask_for_metrics_that_exist() -> None:
    alerts = (ROOT / "bot/observability/alerts.yml").read_text("utf-8")
    asked = set(re.findall(r"\bcotorra_\w+", alerts))
    there = set(re.findall(r"^(cotorra_\w+)", some_metrics().text().decode(), re.M))
    assert len(asked) >= 6
    assert asked <= there
    assert alerts.count("- alert: ") == alerts.count("expr: ") >= 6
    # In quotes: a comma would end the sentence and begin another annotation, for which Prometheus takes none of them.
    summaries = re.findall(r'^        annotations: \{summary: "[^"]+"\}$', alerts, re.M)
    assert len(summaries) == alerts.count("- alert: ")


def test_that_nobody_was_answered_yet_is_a_nought_which_an_alert_can_see() -> None:
    assert b'cotorra_replies_total{outcome="answered"} 0.0' in Metrics().text().splitlines()
