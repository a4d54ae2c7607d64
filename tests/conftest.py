"""What tests of every package may use."""

from pathlib import Path

import pytest

from model.generator import STARTER, RecurrentGenerator, load_generator


@pytest.fixture(scope="session")
def starter() -> RecurrentGenerator:
    """The checkpoint that ships with the package, on LiteRT."""
    return load_generator(STARTER, "litert")


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's top folder."""
    return Path(__file__).parent.parent
