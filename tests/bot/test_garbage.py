"""Garbage: a full search passes over what was there when everything was loaded."""

import gc
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.garbage import settle
from bot.log.purge import purge_all
from bot.storage import schema
from bot.storage.database import Database


class Ring:
    """Refers to itself."""

    def __init__(self) -> None:
        self.ring = self


@pytest.fixture
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def seconds_of_a_search() -> float:
    began = time.perf_counter()
    gc.collect()
    return time.perf_counter() - began


@pytest.mark.usefixtures("thawed")
def test_a_search_after_everything_settled_takes_a_fraction_of_its_time() -> None:
    gc.collect()
    loaded = [Ring() for _ in range(300_000)]
    before = min(seconds_of_a_search() for _ in range(3))
    settle()
    assert min(seconds_of_a_search() for _ in range(3)) < before / 2
    assert gc.get_freeze_count() > len(loaded)


@pytest.mark.usefixtures("thawed")
def test_what_comes_later_is_still_collected() -> None:
    settle()
    left = [Ring()]
    left.clear()
    assert gc.collect() >= 1


@pytest.mark.usefixtures("thawed")
async def test_everything_has_settled_when_a_purge_begins(address: str, tmp_path: Path) -> None:
    gc.unfreeze()
    async with Database(address) as database:
        await schema.prepare_schema(database, address)
        await purge_all(database, tmp_path, 30)
    assert gc.get_freeze_count() > 0
