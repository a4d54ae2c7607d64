"""The command line as a process: exit codes, one line of sorrow, and what is not imported."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from functools import partial
from pathlib import Path

import pytest

from cotorra import COMMANDS
from model.generator import STARTER

COMMAND = [sys.executable, "-m", "cotorra"]
TOKEN = "123456789:AAH-abcdefghijklmnopqrstuvwxyz_012345"


def environment(folder: Path, **values: str) -> dict[str, str]:
    """This process's, without what an operator may have set in it."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("COTORRA_", "TELEGRAM_", "DATABASE_"))}
    root = str(Path(__file__).parents[2])
    return kept | {"PYTHONPATH": root, "COTORRA_DATA_DIR": str(folder / "data")} | values


def cotorra(folder: Path, *arguments: str, **values: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(folder, **values),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_help_names_every_command_and_imports_nothing_heavy(tmp_path: Path) -> None:
    program = (
        "import sys, cotorra\n"
        "code = cotorra._run(['--help'])\n"
        "heavy = {'numpy', 'telegram', 'rich', 'sqlalchemy', 'pydantic', 'tensorflow', 'asyncio'}\n"
        "print(code, sorted(heavy & set(sys.modules)))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], env=environment(tmp_path), capture_output=True, encoding="utf-8", check=True
    )
    assert run.stdout.splitlines()[-1] == "0 []"
    assert all(f"  {name} " in run.stdout for name in COMMANDS)


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_has_help(tmp_path: Path, name: str) -> None:
    run = cotorra(tmp_path, name, "--help")
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith(f"Usage: cotorra {name}")


@pytest.mark.parametrize("arguments", [["nonsense"], ["sample"], ["demo", "--port", "x"], ["logs", "replay", "x"]])
def test_a_wrong_command_is_usage(tmp_path: Path, arguments: list[str]) -> None:
    run = cotorra(tmp_path, *arguments)
    assert run.returncode == 2
    assert "Usage: cotorra" in run.stderr


@pytest.mark.parametrize(
    ("arguments", "values", "says"),
    [
        (["run"], {}, "TELEGRAM_BOT_TOKEN: expected the token"),
        (["run"], {"TELEGRAM_BOT_TOKEN": TOKEN, "COTORRA_CHECKPOINT": "nowhere"}, "nowhere"),
        (["run"], {"TELEGRAM_BOT_TOKEN": TOKEN, "COTORRA_ENGINE": "torch"}, "COTORRA_ENGINE: expected"),
        (["run"], {"TELEGRAM_BOT_TOKEN": TOKEN, "COTORRA_CHECKPOINT": TOKEN}, "expected a checkpoint folder"),
        (["run"], {"TELEGRAM_BOT_TOKEN": TOKEN, "DATABASE_URL": "mysql://x/y"}, "DATABASE_URL: expected"),
        (["demo"], {"COTORRA_DATA_DIR": "/dev/null/data", "COTORRA_CHECKPOINT": "x"}, "/dev/null/data"),
        (["demo", "--port", "0"], {"COTORRA_CHECKPOINT": "nowhere"}, "nowhere"),
        (["db", "check"], {}, "DATABASE_URL, or its folder with COTORRA_DATA_DIR"),
        (["logs", "list"], {}, "DATABASE_URL, or its folder with COTORRA_DATA_DIR"),
        (["logs", "purge", "--before", "someday"], {}, "expected a date"),
        (["sample", "nowhere"], {}, "nowhere"),
        (["sample", "nowhere", "--temperature", "7"], {}, "expected a temperature"),
    ],
)
def test_what_fails_is_one_line_and_exit_code_1(
    tmp_path: Path, arguments: list[str], values: dict[str, str], says: str
) -> None:
    if arguments == ["demo"]:
        arguments = ["demo", "--port", "0"]
    run = cotorra(tmp_path, *arguments, COTORRA_LOG_LEVEL="ERROR", **values)
    assert (run.returncode, run.stdout) == (1, "")
    assert len(run.stderr.splitlines()) == 1
    assert run.stderr.startswith("cotorra: ")
    assert says in run.stderr
    assert "AAH-" not in run.stderr


@pytest.mark.parametrize("command", [("logs", "stats"), ("db", "check"), ("db", "current")], ids=" ".join)
def test_looking_at_a_database_that_is_not_there_makes_none(tmp_path: Path, command: tuple[str, str]) -> None:
    run = cotorra(tmp_path, *command, DATABASE_URL=f"sqlite:///{tmp_path}/mistyped/bot.sqlite")
    assert run.returncode == 1
    assert f"expected a database at {tmp_path}/mistyped/bot.sqlite" in run.stderr
    assert not (tmp_path / "mistyped").exists()


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        run = cotorra(tmp_path, "demo", "--port", port)
    assert run.returncode == 1
    assert len(run.stderr.splitlines()) == 1
    assert port in run.stderr


def test_the_database_commands_agree(tmp_path: Path) -> None:
    assert cotorra(tmp_path, "db", "upgrade").stdout.startswith("upgraded to version")
    assert cotorra(tmp_path, "db", "upgrade").stdout.startswith("already at version")
    versions = json.loads(cotorra(tmp_path, "db", "current", "--json").stdout)
    assert versions["version"] == versions["newest"]
    assert "sound" in cotorra(tmp_path, "db", "check").stdout
    empty = tmp_path / "empty.sqlite"
    empty.touch()
    assert "cotorra db upgrade" in cotorra(tmp_path, "db", "check", DATABASE_URL=f"sqlite:///{empty}").stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_following_the_log_ends_well_when_it_is_told_to(tmp_path: Path, number: signal.Signals) -> None:
    cotorra(tmp_path, "db", "upgrade")
    process = subprocess.Popen(
        [*COMMAND, "logs", "list", "--follow"],
        cwd=tmp_path,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore it
    )
    assert process.stdout is not None
    assert process.stdout.read(1)  # the head of the table
    process.send_signal(number)
    assert process.communicate(timeout=60)[1] == ""
    assert process.returncode == 0


def test_an_empty_log_can_be_looked_at(tmp_path: Path) -> None:
    cotorra(tmp_path, "db", "upgrade")
    assert cotorra(tmp_path, "logs", "list", "--json").stdout == ""
    assert "seed" in cotorra(tmp_path, "logs", "list").stdout
    assert json.loads(cotorra(tmp_path, "logs", "stats", "--json").stdout)["prompts"] == 0
    assert cotorra(tmp_path, "logs", "export", "--out", "log.jsonl").returncode == 0
    assert (tmp_path / "log.jsonl").read_text(encoding="utf-8") == ""
    assert "exists" in cotorra(tmp_path, "logs", "export", "--out", "log.jsonl").stderr
    assert "0 prompts deleted" in cotorra(tmp_path, "logs", "purge", "--before", "2026-01-01").stderr
    assert cotorra(tmp_path, "logs", "replay", "1").returncode == 1


def test_a_sample_is_the_same_for_the_same_arguments(tmp_path: Path) -> None:
    arguments = ["sample", str(STARTER), "Domingo", "--length", "80", "--temperature", "0,7", "--rng-seed", "5"]
    first, second = cotorra(tmp_path, *arguments), cotorra(tmp_path, *arguments)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == second.stdout
    assert first.stdout.startswith("Domingo")
    assert len(first.stdout) == len("Domingo") + 80 + 1
    unseeded = cotorra(tmp_path, *arguments[:-2])
    seed = unseeded.stderr.split()
    assert cotorra(tmp_path, *arguments[:-2], *seed).stdout == unseeded.stdout


def test_a_sample_ends_as_it_is_told(tmp_path: Path) -> None:
    whole = cotorra(tmp_path, "sample", str(STARTER), "The", "--length", "200").stdout
    stop = whole[100:104]
    stopped = cotorra(tmp_path, "sample", str(STARTER), "The", "--length", "200", "--stop", stop).stdout
    assert stopped == whole[: whole.index(stop, 3)] + "\n"
    line = cotorra(tmp_path, "sample", str(STARTER), "The", "--length", "200", "--ending", "line").stdout
    assert abs(len(line) - 200) <= 110
    assert "expected an ending out of" in cotorra(tmp_path, "sample", str(STARTER), "--ending", "word").stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_answers_its_page_and_ends_in_good_order(tmp_path: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [*COMMAND, "demo", "--port", "0"],
        cwd=tmp_path,
        env=environment(tmp_path, PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    url = line.split()[3]
    with urllib.request.urlopen(url, timeout=10) as page:  # noqa: S310  our own, on the loopback
        assert page.status == 200
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors  # one that takes too long is ended by its own alarm
    assert "Traceback" not in errors
