"""Starting and stopping: one clear error, nothing left behind."""

import asyncio
import gc

import pytest
from telegram import Bot

from bot.playground import Playground, PlaygroundError, PortTaken, faults


async def test_a_taken_port_is_one_clear_error(playground: Playground) -> None:
    port = int(playground.api_base_url.rpartition(":")[2])
    with pytest.raises(PortTaken) as caught:
        await Playground(port=port).start()
    assert str(caught.value) == (f"port {port} is taken: stop the other program or choose another with --port")


async def test_a_stopped_playground_frees_its_port_and_can_be_stopped_again(playground: Playground) -> None:
    port = int(playground.api_base_url.rpartition(":")[2])
    await playground.stop()
    await playground.stop()
    async with Playground(port=port) as again:
        assert again.page_url == f"http://127.0.0.1:{port}/"


async def test_nothing_is_left_behind() -> None:
    before = asyncio.all_tasks()
    async with Playground() as playground:
        base = f"{playground.api_base_url}/bot"
        async with Bot(playground.token, base_url=base) as bot:
            you = playground.world.you.id
            playground.faults.add(faults.slow(asyncio.Event()), method="sendMessage")
            held = asyncio.create_task(bot.send_message(you, "held"))
            await playground.until(you, lambda message: message.text == "held")
            poll = asyncio.create_task(bot.get_updates(timeout=50))
            await playground.updates.polled()
            await playground.stop()
            await asyncio.gather(poll, held, return_exceptions=True)
    await asyncio.sleep(0)
    gc.collect()
    assert asyncio.all_tasks() == before


async def test_an_odd_token_is_refused() -> None:
    for token in ("", "x", "x:y", "1:a/b"):
        with pytest.raises(PlaygroundError):
            Playground(token)


async def test_update_ids_go_on_from_where_they_are_told(playground: Playground) -> None:
    async with Playground(first_update_id=41) as other:
        you = other.world.you.id
        await other.say(you, you, "x")
        assert other.updates.pending[0]["update_id"] == 41


async def test_waiting_for_a_message_ends_in_time(playground: Playground, you: int) -> None:
    with pytest.raises(TimeoutError):
        await playground.until(you, lambda _: False, timeout=0.01)


async def test_a_port_that_is_none_is_one_clear_error() -> None:
    with pytest.raises(PlaygroundError, match="port 70000 cannot be used"):
        await Playground(port=70_000).start()
