"""Small corpora, and one tiny checkpoint for all who only need some checkpoint."""

from pathlib import Path

import pytest

VERSE = "".join(f"{n} green parrots sat on the wall, talking of the weather.\n" for n in range(60))


@pytest.fixture(scope="session")
def verse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text of some 3,000 characters."""
    path = tmp_path_factory.mktemp("corpus") / "verse.txt"
    path.write_text(VERSE, "utf-8")
    return path
