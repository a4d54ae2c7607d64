"""A stage: the real bot on the playground's real HTTP, with a real SQLite file and a fake network."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.bot.fakes import FakeGenerator
from tests.bot.stage import Stage


@pytest.fixture
def address(tmp_path: Path) -> str:
    """An empty place for a database."""
    return f"sqlite:///{tmp_path / 'bot.sqlite'}"


@asynccontextmanager
async def stage_on(address: str, generator: FakeGenerator) -> AsyncIterator[Stage]:
    async with Stage(address, generator) as stage:
        yield stage


@pytest.fixture
async def stage(address: str) -> AsyncIterator[Stage]:
    async with stage_on(address, FakeGenerator()) as running_stage:
        yield running_stage
