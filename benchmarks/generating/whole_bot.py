"""The whole bot: from an update that the bot receives to the first text that people see, and to the last.

A bot runs against the playground's server, over HTTP; what counts is when its calls arrive there. Whether it streams
a reply in drafts, in edits or not at all, the first call with a text is the first that people see.
"""

import asyncio
import tempfile
import time
from pathlib import Path

import numpy as np
from pydantic import SecretStr

from benchmarks.generating.networks import SEED
from bot.app import BotConfig, running
from bot.generating.voice_folders import VoiceFolders
from bot.generating.voice_loader import Card
from bot.playground import Playground
from bot.playground.calls import Call
from bot.sending.budgets import UNLIMITED
from model.generator import RecurrentGenerator

PROMPTS = 15
QUIET = 1.0  # seconds without a further text after which a reply counts as whole
_SHOWING = ("sendmessage", "sendmessagedraft", "editmessagetext")


class _Loader:
    """The network that is measured, in the place of a checkpoint's."""

    def __init__(self, generator: RecurrentGenerator) -> None:
        self._generator = generator

    def card(self, path: Path) -> Card:
        return Card(self._generator.initial_state().weights, corpus=path.name)

    def generator(self, path: Path) -> RecurrentGenerator:
        return self._generator


async def measure(generator: RecurrentGenerator) -> dict[str, float]:
    """Milliseconds, median and 95th percentile: from the update to the first text and to the last."""
    first, last = [], []
    with tempfile.TemporaryDirectory() as folder:
        async with Playground() as playground:
            config = BotConfig(
                SecretStr(playground.token),
                f"sqlite:///{folder}/cotorra.sqlite",
                VoiceFolders(Path("notebook")),
                api_base_url=playground.api_base_url,
                budgets=UNLIMITED,
                data_dir=Path(folder),
            )
            async with running(config, _Loader(generator)):
                await _ask(playground)  # the first time, people are asked for their consent besides
                for _ in range(PROMPTS):
                    began, calls = await _ask(playground)
                    first.append(1_000 * (calls[0].at - began))
                    last.append(1_000 * (calls[-1].at - began))
    return {
        f"{name} p{p}": float(np.percentile(of, p)) for name, of in (("first", first), ("last", last)) for p in (50, 95)
    }


async def _ask(playground: Playground) -> tuple[float, list[Call]]:
    """Say a seed; when it was said, and the calls that showed some text, until nothing more comes."""
    you, mark, began = playground.world.you.id, playground.calls.mark(), time.monotonic()
    await playground.say(you, you, f"/seed {SEED}")
    await playground.calls.wait(chat_id=you, after=mark, where=_shows)
    while True:
        calls = [call for call in playground.calls.of(chat_id=you, after=mark) if _shows(call)]
        if time.monotonic() - calls[-1].at > QUIET:
            return began, calls
        await asyncio.sleep(QUIET / 10)


def _shows(call: Call) -> bool:
    return call.method.lower() in _SHOWING and bool(call.text)
