"""A token that is revoked while the bot runs: one sentence, exit code 1, and with the new token all is answered."""

import asyncio

import pytest

from bot.errors import TokenRevoked
from bot.playground import faults
from tests.bot.faults.seen import said_by_the_bot
from tests.bot.process import bot_process
from tests.bot.stage import Stage

UNAUTHORIZED = faults.error(401, "Unauthorized")


async def test_a_reply_that_meets_a_revoked_token_waits_for_the_new_one(stage: Stage) -> None:
    await stage.ask("/help")
    stage.playground.faults.add(UNAUTHORIZED, method="sendMessage")
    stage.playground.faults.add(UNAUTHORIZED, method="getMe")
    await stage.playground.say(stage.you, stage.you, "/seed patience")
    with pytest.raises(TokenRevoked, match="nothing is lost"):
        await asyncio.wait_for(stage.application.bot_data.life, 10)
    await stage.restart()
    await stage.playground.until(stage.you, lambda m: (m.text or "").startswith("patience"))
    await stage.settled()
    assert len([text for text in said_by_the_bot(stage.playground, stage.you) if text.startswith("patience")]) == 1


async def test_a_method_that_is_refused_while_the_token_is_good_is_no_revoked_token(stage: Stage) -> None:
    await stage.ask("/help")
    stage.playground.faults.add(UNAUTHORIZED, method="sendMessage")
    await stage.playground.say(stage.you, stage.you, "/seed refused")
    await stage.playground.until(stage.you, lambda m: "Sorry" in (m.text or ""))
    assert not stage.application.bot_data.life.done()


async def test_the_process_ends_with_one_sentence_and_no_token(stage: Stage) -> None:
    await stage.stop()
    async with bot_process(stage.playground, stage.address) as process:
        await stage.playground.updates.polled()
        stage.playground.faults.add(UNAUTHORIZED, method="getUpdates")
        await stage.playground.say(stage.you, stage.you, "/help")
        assert await process.wait() == 1
    *_, last = process.lines
    assert last.startswith("cotorra: Telegram does not know this bot's token any more")
    assert "Traceback" not in process.text
    assert stage.playground.token.partition(":")[2] not in process.text
