"""The README tells the truth: its map, its settings, and every command in it."""

import asyncio
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import zipfile
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest
from playwright.async_api import expect

import cotorra
from bot.playground import Playground
from tests.browser import needs_browser, open_browser
from tests.readme import README, filled

TEXT = README.read_text("utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", TEXT, re.S) for line in block.splitlines() if line.strip()]
BIN = Path(sys.executable).parent


def test_the_map_and_the_settings_are_those_of_the_code() -> None:
    assert filled(TEXT) == TEXT, "run make readme"


def test_every_command_of_the_front_door_is_in_the_readme_and_has_help() -> None:
    for name, (_, _, phrase) in cotorra.COMMANDS.items():
        assert phrase
        assert re.search(rf"cotorra {name}\b|make {name}\b", TEXT), f"the README does not mention cotorra {name}"
        done = subprocess.run([BIN / "cotorra", name, "--help"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_every_link_to_a_file_leads_somewhere(root: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", TEXT):
        assert (root / target).exists(), target


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a reader of the README would stand: the project, with a book of their own."""
    folder = tmp_path_factory.mktemp("reader")
    (folder / ".venv").symlink_to(BIN.parent)
    (folder / "my-book.txt").write_text("It was a dark and stormy night; the parrots fell silent.\n" * 60, "utf-8")
    lines = [f"Parrot number {n} is talking again, and nobody has asked it to." for n in range(40)]
    said = [
        {
            "id": n,
            "type": "message",
            "date": f"2026-01-01T10:00:{n:02d}",
            "from": "Ana",
            "from_id": "user1",
            "text": line,
        }
        for n, line in enumerate(lines)
    ]
    group = {"name": "Ours", "type": "private_group", "id": 1, "messages": said}
    (folder / "result.json").write_text(json.dumps(group), "utf-8")
    with zipfile.ZipFile(folder / "WhatsApp Chat.zip", "w") as archive:
        chat = "".join(f"31/01/2026, 10:{n:02d} - Ana: {line}\n" for n, line in enumerate(lines))
        archive.writestr("WhatsApp Chat with Ana.txt", chat)
    (folder / "posts.csv").write_text("id,body\n" + "".join(f'{n},"{line}"\n' for n, line in enumerate(lines)), "utf-8")
    return folder


def environment(folder: Path, **more: str) -> dict[str, str]:
    return os.environ | {"COTORRA_DATA_DIR": str(folder / "data"), "HOME": str(folder)} | more


def run(folder: Path, command: str) -> str:
    done = subprocess.run(
        shlex.split(command), cwd=folder, env=environment(folder), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


TRAINING = [line for line in COMMANDS if re.match(r"\.venv/bin/cotorra (train|sample|evaluate) ", line)]


def test_the_commands_about_voices_are_these() -> None:
    assert [line.split()[1] for line in TRAINING] == ["train", "sample", "evaluate", "train", "train", "train"]


@pytest.mark.parametrize(
    ("voice", "lines"),
    [("my-voice", TRAINING[:3]), ("our-group", TRAINING[3:4]), ("ana", TRAINING[4:5]), ("posts", TRAINING[5:])],
)
def test_training_sampling_and_evaluating_as_written(folder: Path, voice: str, lines: list[str]) -> None:
    for line in lines:
        assert run(folder, line.replace("--minutes 10", "--minutes 0.01 --preset tiny --units 16")).strip()
    assert (folder / voice / "config.json").is_file()


async def test_running_it_on_telegram_and_reading_its_log_as_written(root: Path, folder: Path) -> None:
    assert "make run" in COMMANDS
    async with Playground() as playground:
        settings = environment(
            folder, TELEGRAM_BOT_TOKEN=playground.token, COTORRA_API_BASE_URL=playground.api_base_url
        )
        process = await asyncio.create_subprocess_exec(
            "make", "run", cwd=root, env=settings, stderr=PIPE, start_new_session=True
        )
        try:
            await playground.updates.polled()
            you = playground.world.you
            await playground.say(you.id, you.id, "/seed Domingo")
            call = await playground.calls.wait("sendMessage", timeout=60)
            assert call.text is not None
            assert call.text.startswith("Domingo")
            question = await playground.until(you.id, lambda message: "/privacy" in (message.text or ""))
            done = await playground.press_label(you.id, question.message_id, "Yes, keep them", you.id)
            await done.answer
            await playground.say(you.id, you.id, "/seed Lunes")
            await playground.calls.wait("sendMessage", where=lambda call: str(call.text).startswith("Lunes"))
            await playground.updates.polled()
        finally:
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does
            _, stderr = await process.communicate()
    assert b"Traceback" not in stderr
    lines = [line for line in COMMANDS if re.match(r"\.venv/bin/cotorra (logs|db) ", line)]
    assert {tuple(line.split()[1:3]) for line in lines} >= {("logs", "list"), ("logs", "replay"), ("db", "check")}
    for line in lines:
        await asyncio.to_thread(run, folder, line)
    exported = json.loads((folder / "prompts.jsonl").read_text("utf-8"))
    assert exported["seed_text"] == "Lunes"


@needs_browser
async def test_the_demo_answers_in_a_browser_as_written(root: Path, folder: Path) -> None:
    assert "make demo" in COMMANDS
    process = await asyncio.create_subprocess_exec(
        "make", "demo", cwd=root, env=environment(folder), stdout=PIPE, stderr=PIPE, start_new_session=True
    )
    assert process.stdout is not None
    try:
        while "Cotorra talks at" not in (line := (await process.stdout.readline()).decode()):
            assert line, "make demo ended before it was ready"
        async with open_browser() as browser:
            page = await browser.new_page()
            await page.goto("http://127.0.0.1:8808")
            await page.get_by_role("combobox", name="Message").fill("/seed Domingo")
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("log").get_by_text(re.compile(r"^Domingo.", re.S))).to_be_visible()
            await page.get_by_role("combobox", name="Message").fill("/stats")
            await page.keyboard.press("Enter")
            await expect(page.get_by_role("log").get_by_text("1 prompt in the last 24 hours")).to_be_visible()
    finally:
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        _, stderr = await process.communicate()
    assert b"Traceback" not in stderr


@pytest.mark.parametrize(
    "line", [line for line in COMMANDS if line in ("make install", "make test", "make check", "make bench")]
)
def test_what_runs_this_very_test_is_a_target(root: Path, line: str) -> None:
    """They cannot be run from within themselves, or take minutes; the continuous integration runs test and check."""
    done = subprocess.run([*line.split(), "--dry-run"], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert line in TEXT
    assert line in ("make install", "make bench") or line in (root / ".ci" / "run").read_text("utf-8")


@pytest.mark.parametrize("line", [line for line in COMMANDS if line.startswith("docker build")])
def test_the_image_builds_as_written(root: Path, line: str) -> None:
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no Docker engine runs here")
    subprocess.run(shlex.split(line), cwd=root, check=True)


def test_no_command_is_left_untried() -> None:
    targets = "demo|test|install|run|check|bench"
    tried = rf"make ({targets})$|\.venv/bin/cotorra (train|sample|evaluate|logs|db) |docker (build|run) "
    assert [line for line in COMMANDS if not re.match(tried, line)] == []
