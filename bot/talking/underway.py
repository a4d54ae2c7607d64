"""Underway: the replies that are being written now, so that a button can stop one, and starts none twice.

Knows no Telegram and no database; everything here may be lost with the process.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from bot.generating.turns import Watch

_REMEMBERED = 4_096  # the longest ago is forgotten


@dataclass(frozen=True)
class _Writing:
    watch: Watch = field(default_factory=Watch)
    over: asyncio.Event = field(default_factory=asyncio.Event)


class Underway:
    """What one bot is doing."""

    def __init__(self) -> None:
        self._writing: dict[int, _Writing] = {}
        self._stopped_ahead: OrderedDict[int, None] = OrderedDict()
        self._busy: set[Hashable] = set()
        self._without_drafts: OrderedDict[int, None] = OrderedDict()

    @contextmanager
    def writing(self, prompt_id: int) -> Iterator[Watch]:
        """The text of a prompt is being written within, under this watch."""
        writing = self._writing[prompt_id] = _Writing()
        if prompt_id in self._stopped_ahead:
            writing.watch.stop()
        try:
            yield writing.watch
        finally:
            del self._writing[prompt_id]
            self._stopped_ahead.pop(prompt_id, None)
            writing.over.set()

    async def stop(self, prompt_id: int) -> None:
        """Have a text end with what there is, and wait until it has.

        After a restart the button may be handled before its text is begun again: that then ends as it begins.
        """
        writing = self._writing.get(prompt_id)
        if writing is None:
            _remember(self._stopped_ahead, prompt_id)
            return
        writing.watch.stop()
        await writing.over.wait()

    @contextmanager
    def once(self, what: Hashable) -> Iterator[bool]:
        """Whether nobody else is doing the same; then it is being done within."""
        if what in self._busy:
            yield False
            return
        self._busy.add(what)
        try:
            yield True
        finally:
            self._busy.discard(what)

    def takes_drafts(self, chat_id: int) -> bool:
        """Whether nothing is known against showing drafts in a chat."""
        return chat_id not in self._without_drafts

    def drafts_failed(self, chat_id: int) -> None:
        """Telegram takes no drafts there."""
        _remember(self._without_drafts, chat_id)


def _remember(known: OrderedDict[int, None], number: int) -> None:
    known[number] = None
    if len(known) > _REMEMBERED:
        known.popitem(last=False)
