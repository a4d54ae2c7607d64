"""A real bot lives through a bad day at DEBUG: what it leaves behind tells neither a secret nor a word."""

import asyncio
import json
import signal
import sqlite3
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from bot.playground import Playground, faults
from bot.playground.calls import Call
from tests.bot.process import bot_process
from tests.bot.stage import free_port

TOKEN = "7000000001:AAH-secret_secret_secret_secret_secret"
WEBHOOK_SECRET = "webhook-secret_webhook-secret"
WORD = "xylophone"  # in everything that people write, and in nothing else

# Every logger there is or will be says all that it can say.
LOUD = """
import logging

class Loud(logging.Logger):
    def __init__(self, name, level=logging.NOTSET):
        super().__init__(name, logging.DEBUG)

logging.setLoggerClass(Loud)
"""


async def talk(playground: Playground) -> None:
    """An ordinary conversation, in every kind of trouble."""
    you, group = playground.world.you.id, playground.world.group.chat.id
    for text in (f"/seed {WORD}", f"/temp {WORD}", f"/{WORD}", WORD, f"/seed {WORD} " * 200, "/privacy", "/temp 1"):
        await playground.say(you, you, text)
    await playground.say(group, you, f"/seed {WORD}")  # one, since a group has 20 messages a minute, frames included
    await playground.calls.wait("sendMessage", chat_id=you, timeout=60)
    trouble = (
        faults.server_error(),
        faults.dropped_after(),
        faults.flood(1),
        faults.error(400, f"Bad Request: {WORD}"),
    )
    playground.faults.add(*trouble, method="sendMessage")
    for number in range(4):
        await playground.say(you, you, f"/seed {WORD} {number}")
        await playground.say(group, you, f"/seed {WORD} {number}")
    while len(playground.faults):  # noqa: ASYNC110  whom they strike, the machine's speed decides
        await asyncio.sleep(0.01)
    await playground.say(group, you, "/help@cotorra_bot")
    await playground.calls.wait("sendMessage", chat_id=group, timeout=150, where=is_help)
    # Last of all, since a chat that lets the bot not write is left alone for a while.
    playground.faults.add(faults.error(403, f"Forbidden: {WORD}"), method="sendMessage")
    await playground.say(you, you, f"/seed {WORD} again")
    await playground.calls.wait("sendMessage", chat_id=you, timeout=150, where=lambda call: call.status == 403)


def is_help(call: Call) -> bool:
    return "/temp" in (call.text or "")


def hidden(text: str, *secrets: str) -> None:
    """None of them stands there, in any spelling."""
    for secret in secrets:
        spellings = {secret, quote(secret, safe=""), quote(quote(secret, safe=""), safe=""), secret.partition(":")[2]}
        for spelling in spellings - {""}:
            at = text.find(spelling)
            assert at < 0, text[max(0, at - 200) : at + 100]


@pytest.mark.parametrize("form", ["human", "json"])
@pytest.mark.parametrize("road", ["polling", "webhook"])
async def test_a_bad_day_at_debug_leaves_no_secret_and_no_words(
    address: str, tmp_path: Path, form: str, road: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(LOUD, encoding="utf-8")
    pages, port = free_port(), free_port()
    settings = {"COTORRA_LOG_LEVEL": "DEBUG", "COTORRA_LOG_FORMAT": form, "COTORRA_METRICS_PORT": str(pages)}
    if road == "webhook":
        settings |= {
            "COTORRA_WEBHOOK_URL": f"http://127.0.0.1:{port}/telegram",
            "COTORRA_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "COTORRA_WEBHOOK_PORT": str(port),
        }
    async with Playground(TOKEN) as playground, bot_process(playground, address, also=tmp_path, **settings) as process:
        await process.until("is listening")
        if road == "polling":
            playground.faults.add(faults.server_error(), faults.half_body(), method="getUpdates")
        await talk(playground)
        async with httpx.AsyncClient() as client:
            figures = (await client.get(f"http://127.0.0.1:{pages}/metrics")).text
            figures += (await client.get(f"http://127.0.0.1:{pages}/healthz")).text
        titles = await asyncio.to_thread(titles_of, process.pid)
        process.send(signal.SIGTERM)
        assert await process.wait() == 0
    assert process.text.count("the update is done") >= 10  # what is said at DEBUG
    if form == "json":
        assert all(json.loads(line)["level"] for line in process.lines)
    assert "cotorra_prompts_total" in figures
    hidden(process.text + figures + titles, TOKEN, WEBHOOK_SECRET, WORD)
    hidden(rows_of(address), TOKEN, WEBHOOK_SECRET)
    assert WORD in rows_of(address)  # it is the log of prompts that holds what people write


def titles_of(pid: int) -> str:
    """What `ps` shows of a process and of its threads, where there is a /proc."""
    folder = Path(f"/proc/{pid}")
    if not folder.is_dir():
        return ""
    names = [path.read_text("utf-8") for path in folder.glob("task/*/comm")]
    return "\n".join([(folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(), *names])


def rows_of(address: str) -> str:
    """Everything in the database, as SQL."""
    with sqlite3.connect(address.removeprefix("sqlite:///")) as connection:
        return "\n".join(connection.iterdump())
