"""The image, read from its Dockerfile: who runs in it, what it may write, and how it is asked for its health."""

import re
from pathlib import Path

import pytest


@pytest.fixture
def instructions(root: Path) -> list[str]:
    text = (root / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def stage(instructions: list[str], name: str) -> list[str]:
    """The instructions of a stage, those of the one it begins from first."""
    begins = {line.split(" AS ")[1]: at for at, line in enumerate(instructions) if line.startswith("FROM ")}
    at = begins[name]
    base = instructions[at].split()[1]
    end = next((n for n in range(at + 1, len(instructions)) if instructions[n].startswith("FROM ")), len(instructions))
    return [*(stage(instructions, base) if base in begins else []), *instructions[at + 1 : end]]


@pytest.mark.parametrize("name", ["cpu", "gpu"])
def test_it_runs_as_a_number_that_is_not_root(instructions: list[str], name: str) -> None:
    users = [line.split()[1] for line in stage(instructions, name) if line.startswith("USER ")]
    assert re.fullmatch("[1-9][0-9]*", users[-1])


@pytest.mark.parametrize("name", ["cpu", "gpu"])
def test_it_writes_into_its_volume_alone(instructions: list[str], name: str, root: Path) -> None:
    lines = stage(instructions, name)
    assert "VOLUME /data" in lines
    assert any("COTORRA_DATA_DIR=/data" in line for line in lines)
    assert not [line for line in lines if line.startswith(("COPY", "ADD")) and "--chown" in line]
    assert "docker run --rm --read-only " in (root / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", ["cpu", "gpu"])
def test_it_is_stopped_gently_and_asked_for_its_health(instructions: list[str], name: str) -> None:
    lines = stage(instructions, name)
    assert "STOPSIGNAL SIGTERM" in lines
    (check,) = [line for line in lines if line.startswith("HEALTHCHECK ")]
    assert "/healthz" in check
    assert any("COTORRA_METRICS_PORT=" in line for line in lines)


def test_no_secret_is_built_in(instructions: list[str]) -> None:
    assert not [line for line in instructions if re.search("TOKEN|SECRET|PASSWORD", line)]
