"""The wheel carries all that a first run needs, and nothing of the tests."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def names(root: Path, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=root,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize(
    "name",
    [
        "cotorra.py",
        "model/starter/config.json",
        "model/starter/generator.tflite",
        "migrations/env.py",
        "migrations/script.py.mako",
        "bot/playground/static/index.html",
    ],
)
def test_the_wheel_carries(names: set[str], name: str) -> None:
    assert name in names


def test_the_wheel_carries_every_migration(names: set[str], root: Path) -> None:
    versions = {f"migrations/versions/{path.name}" for path in (root / "migrations" / "versions").glob("[0-9]*.py")}
    assert versions
    assert versions <= names


def test_the_wheel_leaves_the_tests_at_home(names: set[str]) -> None:
    assert {name.split("/")[0] for name in names if not name.startswith("cotorra-")} == {
        "cotorra.py",
        "bot",
        "model",
        "trainer",
        "migrations",
    }


def test_the_starter_is_at_most_8_megabytes(root: Path) -> None:
    assert sum(path.stat().st_size for path in (root / "model" / "starter").rglob("*")) <= 8_000_000


def test_requirements_are_hashed_and_name_no_index(root: Path) -> None:
    for path in (root / "requirements").glob("*.txt"):
        text = path.read_text("utf-8")
        pins = [line for line in text.splitlines() if "==" in line and not line.startswith(("#", " "))]
        assert pins
        assert text.count("==") <= text.count("--hash=sha256:")
        assert "://" not in text
        assert "--index" not in text
