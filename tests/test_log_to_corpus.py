"""The only road back from bot to trainer: an exported prompt log is read as a corpus, of what people allowed alone."""

import datetime as dt
from pathlib import Path

import pytest

from bot.log.export import export_file
from bot.log.filters import Filter
from bot.log.writers import Format
from bot.storage import schema
from bot.storage.database import Database
from tests.bot.log.rows import ANA, LUIS, add, decide
from tests.trainer.corpus.learned import learned

SAID = ("Domingo de sol", "=1+1 son dos", "- y una lista", "mi correo es ana@example.com", 'con "comillas"\ny líneas')
MASKED = (*SAID[:3], "mi correo es [email]", SAID[4])


@pytest.mark.parametrize("format_", ["jsonl", "csv"])
@pytest.mark.parametrize("only", [Filter(consented=True), Filter()])
async def test_an_exported_log_teaches_what_people_allowed(tmp_path: Path, format_: Format, only: Filter) -> None:
    address = f"sqlite:///{tmp_path / 'bot.sqlite'}"
    async with Database(address) as database:
        await schema.prepare_schema(database, address)
        await decide(database, ANA, "allowed", dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
        for number, words in enumerate(SAID):
            await add(database, number, words, user=ANA)
        await add(database, 10, "secreto de Luis", user=LUIS)
        await add(database, 11, "", user=ANA, kind="more")
        path = tmp_path / f"prompts.{format_}"
        await export_file(database, only, format_, path, tmp_path)
    assert learned(path).strip() == "\n".join(MASKED)
    assert "Luis" not in learned(path, column="reply_text")
