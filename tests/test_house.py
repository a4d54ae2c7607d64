"""Rules of the house that a process can be asked about: what is imported, how fast the help answers."""

import subprocess
import sys
from pathlib import Path

import pytest


def modules_after(statement: str) -> set[str]:
    code = f"{statement}\nimport sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_the_vocabulary_loads_neither_tensorflow_nor_litert() -> None:
    assert not modules_after("import model.vocabulary") & {"tensorflow", "keras", "ai_edge_litert"}


def test_the_front_door_loads_neither_the_bot_nor_numbers() -> None:
    loaded = modules_after("import cotorra")
    assert not loaded & {"numpy", "telegram", "sqlalchemy", "rich", "tensorflow", "ai_edge_litert", "bot", "trainer"}


@pytest.mark.parametrize("module", ["bot.app", "bot.cli", "bot.playground.server"])
def test_serving_never_imports_tensorflow(module: str) -> None:
    assert not modules_after(f"import {module}") & {"tensorflow", "keras"}


def test_generating_on_a_cpu_never_imports_tensorflow() -> None:
    loaded = modules_after("from model.generator import load_generator; load_generator(engine='litert')")
    assert "ai_edge_litert" in loaded
    assert not loaded & {"tensorflow", "keras", "h5py"}


def test_the_layers_hold(root: Path) -> None:
    lint = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([lint, "--no-cache"], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_module_begins_with_its_phrase(root: Path) -> None:
    bare = [
        str(path.relative_to(root))
        for package in ("bot", "model", "trainer", "migrations")
        for path in (root / package).rglob("*.py")
        if not path.read_text("utf-8").startswith('"""') and path.stat().st_size
    ]
    assert bare == []
