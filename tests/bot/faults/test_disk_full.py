"""A disk that is full when the bot starts: one sentence and the exit code 1. What comes later is waited out."""

import re
from pathlib import Path

import pytest

from bot.playground import Playground
from tests.bot.process import bot_process

NO_FILE_GROWS = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
"""
NO_ROOM_FOR_TABLES = """
from sqlalchemy import event
from sqlalchemy.engine import Engine

@event.listens_for(Engine, "connect")
def limit(connection, record):
    connection.cursor().execute("PRAGMA max_page_count = 2")
"""


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        (NO_FILE_GROWS, r"expected to read and write .*bot.sqlite, but the disk failed: check the disk"),
        (NO_ROOM_FOR_TABLES, r"expected room on the disk of .*bot.sqlite, but it is full: free some space"),
    ],
    ids=["nothing can be written", "the tables cannot be made"],
)
async def test_a_full_disk_at_the_start_is_one_sentence(
    address: str, tmp_path: Path, limit: str, sentence: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(limit)
    async with Playground() as playground, bot_process(playground, address, also=tmp_path) as bot:
        assert await bot.wait() == 1
        assert len(bot.lines) == 1
        assert re.fullmatch(f"cotorra: {sentence}", bot.text)
