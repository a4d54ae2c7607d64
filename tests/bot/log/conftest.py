"""A database with the newest tables."""

from collections.abc import AsyncIterator

import pytest

from bot.storage import schema
from bot.storage.database import Database


@pytest.fixture
async def database(address: str) -> AsyncIterator[Database]:
    async with Database(address) as opened:
        await schema.prepare_schema(opened, address)
        yield opened
