import asyncio
import socket
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.app import BotConfig, running
from bot.errors import ConnectionRefused
from bot.generating.voice_folders import VoiceFolders
from bot.handlers import UPDATES
from bot.playground import Playground, faults
from bot.storage.errors import DatabaseDamaged
from model.errors import CheckpointMissing
from tests.bot.fakes import FakeGenerator, FakeLoader
from tests.bot.stage import Stage

SECRET = "123456789:AAH-wrong-wrong-wrong-wrong-wrong-wrong"


def config(address: str, url: str, token: str, checkpoint: Path = Path("unused")) -> BotConfig:
    return BotConfig(SecretStr(token), address, VoiceFolders(checkpoint), api_base_url=url)


async def start(config: BotConfig, generator: FakeGenerator | None) -> None:
    """Start a bot, and stop it as soon as it runs."""
    async with running(config, None if generator is None else FakeLoader(generator)):
        pass


async def test_a_wrong_token_is_refused_without_being_shown(address: str) -> None:
    async with Playground() as playground:
        with pytest.raises(ConnectionRefused, match="TELEGRAM_BOT_TOKEN") as caught:
            await start(config(address, playground.api_base_url, SECRET), FakeGenerator())
    assert "AAH" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


async def test_a_server_that_is_none_is_named(address: str) -> None:
    async with Playground() as playground:
        playground.faults.add(faults.error(400, "Bad Request: what?"), method="getMe")
        with pytest.raises(ConnectionRefused, match=f"a Bot API server at {playground.api_base_url}, "):
            await start(config(address, playground.api_base_url, playground.token), FakeGenerator())


async def test_a_server_in_trouble_is_waited_for(address: str, caplog: pytest.LogCaptureFixture) -> None:
    async with Playground() as playground:
        playground.faults.add(faults.server_error(), method="getMe")
        await start(config(address, playground.api_base_url, playground.token), FakeGenerator())
    assert "trying again" in caplog.text


async def test_no_server_at_all_is_waited_for(address: str, caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    playground = Playground(port=port)

    waiting = asyncio.create_task(start(config(address, f"http://127.0.0.1:{port}", playground.token), FakeGenerator()))
    while "trying again" not in caplog.text:  # noqa: ASYNC110  the log is all there is to wait for
        await asyncio.sleep(0.01)
    async with playground:
        await waiting


async def test_a_missing_checkpoint_is_named(address: str, tmp_path: Path) -> None:
    where = tmp_path / "no-such-checkpoint"
    with pytest.raises(CheckpointMissing, match="no-such-checkpoint"):
        await start(config(address, "http://127.0.0.1:9", SECRET, where), None)


@pytest.fixture
def diary(address: str) -> str:
    """The address of a file that is no database."""
    Path(address.removeprefix("sqlite:///")).write_text("Dear diary, " * 100, encoding="utf-8")
    return address


async def test_a_database_that_is_none_is_named_before_anything_else(diary: str) -> None:
    with pytest.raises(DatabaseDamaged):
        await start(config(diary, "http://127.0.0.1:9", SECRET), FakeGenerator())


async def test_what_was_asked_before_the_end_is_answered_before_the_end(address: str) -> None:
    generator = FakeGenerator()
    async with Stage(address, generator) as stage:
        generator.gate.clear()
        await stage.deliver_command("/seed last words")
        await stage.playground.calls.wait("sendChatAction")
        playground = stage.playground
        generator.gate.set()
        await stage.restart()
        assert [(call.text or "")[:10] for call in playground.calls.of("sendMessage")] == ["last words"]
        (prompt,) = await stage.prompts()
        assert prompt.answer.outcome == "answered"


async def test_polling_asks_for_what_is_answered_alone(address: str) -> None:
    async with Stage(address, FakeGenerator()) as stage:
        await stage.ask("/help")
        assert stage.playground.updates.allowed == {*UPDATES}
        assert not {"edited_message", "edited_channel_post", "chat_member"} & {*UPDATES}


async def test_every_call_of_the_bot_is_taken_by_the_server(address: str) -> None:
    async with Stage(address, FakeGenerator()) as stage:
        for text in ("/start", "/help", "/seed a", "/temp", "/temp 1", "hello", "/what"):
            await stage.ask(text)
            if text.startswith("/"):
                await stage.ask(f"{text.split()[0]}@cotorra_bot", stage.group)
        assert {call.status for call in stage.playground.calls.of()} == {200}
