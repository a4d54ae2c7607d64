"""What several tests of storage need."""

from collections.abc import Iterator

import pytest

from tests.bot.postgresql import Server


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a PostgreSQL server that the file has for itself."""
    pytest.importorskip("psycopg")
    with Server() as server:
        yield server.address
