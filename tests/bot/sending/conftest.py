"""What every test of sending needs."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="package", autouse=True)
def retry_after_as_timedelta() -> Iterator[None]:
    """What the application sets for itself; without it python-telegram-bot warns."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PTB_TIMEDELTA", "true")
        yield
