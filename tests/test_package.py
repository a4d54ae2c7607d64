"""The wheel carries all that a first run needs, and nothing of the tests; it works far from the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PACKAGES = ("bot", "model", "trainer", "migrations")


@pytest.fixture(scope="module")
def unpacked(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as an installation would lay it down."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=root,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def files(folder: Path) -> set[str]:
    """What lies in the packages, but for what Python wrote there."""
    paths = (path for package in PACKAGES for path in (folder / package).rglob("*") if path.is_file())
    return {str(path.relative_to(folder)) for path in paths if path.parent.name != "__pycache__"}


def test_the_wheel_carries_every_file_of_the_packages(unpacked: Path, root: Path) -> None:
    """Catalogues, fonts, the page, migrations, the starter: whatever is read at run time lies beside its code."""
    assert files(unpacked) == files(root)


def test_the_wheel_leaves_the_rest_at_home(unpacked: Path) -> None:
    assert {path.name for path in unpacked.iterdir() if path.suffix != ".dist-info"} == {"cotorra.py", *PACKAGES}


def test_it_works_where_there_is_no_checkout(unpacked: Path, tmp_path: Path) -> None:
    elsewhere = os.environ | {
        "PYTHONPATH": str(unpacked),  # before the checkout, which is installed in this environment
        "HOME": str(tmp_path),
        "COTORRA_DATA_DIR": str(tmp_path / "data"),
    }

    def run(*arguments: str | Path) -> str:
        whole = [sys.executable, "-P", *arguments]
        done = subprocess.run(whole, cwd=tmp_path, env=elsewhere, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = run("-c", "import cotorra, bot, model, migrations; print(cotorra, bot, model, migrations)")
    assert where.count(str(unpacked)) == 4
    assert run("-m", "cotorra", "--version").startswith("cotorra, version ")
    assert "upgraded to version" in run("-m", "cotorra", "db", "upgrade")
    assert "sound" in run("-m", "cotorra", "db", "check")
    assert run("-m", "cotorra", "sample", unpacked / "model" / "starter", "Hello").startswith("Hello")


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
