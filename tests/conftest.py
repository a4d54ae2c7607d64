"""What tests of every package may use."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from model.generator import STARTER, RecurrentGenerator, load_generator

settings.register_profile("cotorra", deadline=None)  # a busy machine is no failure
settings.load_profile("cotorra")


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: tests wait a third of their time, for timers, browsers and other processes."""
    return (os.cpu_count() or 1) + 1


@pytest.fixture(scope="session")
def starter() -> RecurrentGenerator:
    """The checkpoint that ships with the package, on LiteRT."""
    return load_generator(STARTER, "litert")


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's top folder."""
    return Path(__file__).parent.parent
