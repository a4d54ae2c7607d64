"""Voices: the operator's checkpoints by name, each with its scheduler. Knows neither Telegram nor storage.

All of them are loaded when the bot starts, so that a folder that cannot be used is found by the operator and not by
a chat. Where a folder has changed, `reload` puts a new scheduler in the old one's place; the turns that the old one
has in hand end there.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from bot.generating.scheduler import Scheduler
from bot.generating.voice_folders import VoiceFolders
from bot.generating.voice_loader import Card, VoiceLoader
from model.errors import CotorraError
from model.generator import Generator

LOOK_EVERY = 0.05  # seconds between two looks whether a scheduler that was replaced is idle

MakeScheduler = Callable[[Generator, Callable[[], Generator]], Scheduler]
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Voice:
    """A checkpoint that talks. `card`: what is known of it."""

    name: str
    path: Path
    card: Card
    scheduler: Scheduler


@dataclass(frozen=True)
class Reloaded:
    """What came of a reload: names of voices, and for those that could not be loaded, why."""

    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


class Voices:
    """An async context manager that owns the voices.

    Args:
        folders: Where they are.
        loader: Reads a folder.
        make_scheduler: From a generator, and a function that makes it again after a failure.
    """

    def __init__(self, folders: VoiceFolders, loader: VoiceLoader, make_scheduler: MakeScheduler = Scheduler) -> None:
        self._folders = folders
        self._loader = loader
        self._make_scheduler = make_scheduler
        self._voices: dict[str, Voice] = {}
        self._owned: dict[Scheduler, AsyncExitStack] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._reloading = asyncio.Lock()

    async def __aenter__(self) -> "Voices":
        """Raises SettingsError or CheckpointError for a folder that cannot be used, EngineError without an engine."""
        try:
            for name, path in (await asyncio.to_thread(self._folders.find)).items():
                card = await asyncio.to_thread(self._loader.card, path)
                self._voices[name] = await self._open(name, path, card)
        except BaseException:
            await self.__aexit__()
            raise
        if len(self._voices) > 1:
            _log.info("the voices are %s", ", ".join(self.names))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._leaving:
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        await asyncio.gather(*(stack.aclose() for stack in self._owned.values()))
        self._owned.clear()

    @property
    def names(self) -> tuple[str, ...]:
        """The first is the one that a chat has until it chooses."""
        return tuple(self._voices)

    @property
    def waiting(self) -> int:
        """The turns, of all voices, that nothing is being written for yet."""
        return sum(scheduler.waiting for scheduler in self._owned)

    @property
    def active(self) -> int:
        """The turns of all voices in hand, waiting or written."""
        return sum(scheduler.active for scheduler in self._owned)

    @property
    def schedulers(self) -> tuple[Scheduler, ...]:
        """Those that write for somebody who asks now."""
        return tuple(voice.scheduler for voice in self._voices.values())

    def get(self, name: str | None = None) -> Voice:
        """The voice of this name; the first one where there is none, as for a chat whose voice was taken away."""
        found = None if name is None else self._voices.get(name)
        return found or next(iter(self._voices.values()))

    def scheduler(self, name: str | None = None) -> Scheduler:
        """Who writes for a chat with this voice. Ask anew for each turn: a reload puts another in its place."""
        return self.get(name).scheduler

    async def reload(self) -> Reloaded:
        """Look at the folders again and load what is new or has changed. A voice that cannot be read stays as it is.

        Raises SettingsError where the folders cannot be listed.
        """
        result = Reloaded()
        async with self._reloading:
            found = await asyncio.to_thread(self._folders.find)
            for name, path in found.items():
                try:
                    await self._refresh(name, path, result)
                except CotorraError as error:
                    result.failed[name] = str(error)
            self._voices = {name: self._voices[name] for name in (*found, *self._voices) if name in self._voices}
        return result

    async def _refresh(self, name: str, path: Path, result: Reloaded) -> None:
        card = await asyncio.to_thread(self._loader.card, path)
        old = self._voices.get(name)
        if old is not None and old.card.weights == card.weights:
            self._voices[name] = replace(old, path=path, card=card)
            result.same.append(name)
            return
        self._voices[name] = await self._open(name, path, card)
        if old is None:
            result.new.append(name)
            return
        result.changed.append(name)
        task = asyncio.create_task(self._leave(old.scheduler), name="a voice that was replaced")
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _open(self, name: str, path: Path, card: Card) -> Voice:
        load = partial(self._loader.generator, path)
        scheduler = self._make_scheduler(await asyncio.to_thread(load), load)
        stack = AsyncExitStack()
        self._owned[await stack.enter_async_context(scheduler)] = stack
        return Voice(name, path, card, scheduler)

    async def _leave(self, scheduler: Scheduler) -> None:
        """Close a scheduler once its last turn is over; each goes on or is given up, so it will be."""
        with suppress(asyncio.CancelledError):  # whoever ends the voices closes it
            while scheduler.active:  # noqa: ASYNC110  turns end at any time, and tell only who waits for them
                await asyncio.sleep(LOOK_EVERY)
            await self._owned.pop(scheduler).aclose()
