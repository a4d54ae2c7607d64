"""A bot that nobody has used yet."""

from collections.abc import AsyncIterator

import pytest

from tests.bot.fakes import FakeGenerator
from tests.bot.stage import Stage


@pytest.fixture
async def first_day(address: str) -> AsyncIterator[Stage]:
    """Nobody has used the bot before."""
    async with Stage(address, FakeGenerator(), strangers=True) as stage:
        yield stage
