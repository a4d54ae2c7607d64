"""Garbage: a full search passes over what was there when everything was loaded."""

import gc
import time
from collections.abc import Iterator

import pytest

from bot.garbage import settle


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
