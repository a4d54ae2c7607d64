"""Handover: what a bot that ends on a damaged database leaves unanswered is answered in its next life.

It is in memory, from one life to the next of the same process: who ends the process meanwhile has the backup alone.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bot.incoming.inbox import Inbox
from bot.observability.alarms import Alarms
from bot.storage.database import Database
from bot.storage.salvage import Salvage, put_back, read_salvage

_log = logging.getLogger(__name__)


@dataclass
class Handover:
    """From one life to the next: what was not answered, and what the operators were told lately."""

    alarms: Alarms = field(default_factory=Alarms)
    left: Salvage | None = None

    async def receive(self, database: Database, bot_id: int) -> None:
        """Put what the last life left into the database. Raises StorageError; then it can be done again."""
        if self.left is None:
            return
        if count := await put_back(database, bot_id, self.left):
            _log.info("%d updates that the damaged database held were put into %s", count, database.name)
        self.left = None

    @asynccontextmanager
    async def given(self, inbox: Inbox, database: Database) -> AsyncIterator[None]:
        """Whatever waits in the inbox at the end, and in a damaged database, is left to the next life."""
        try:
            yield
        finally:
            if database.damage is not None:
                self.left = await read_salvage(database, inbox.mail.bot_id, inbox.places)
