"""The load test, the soak and the crash test, short; and that they complain where there is something to complain of."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import click
import pytest

from benchmarks import crash, load, soak
from benchmarks.proofs.ledger import Ledger
from benchmarks.proofs.meter import MEBI, Sample
from benchmarks.proofs.people import Prompt
from benchmarks.proofs.playground import PlaygroundTelegram
from benchmarks.proofs.report import Outcome
from benchmarks.proofs.telegram import FakeTelegram, Seat, Shown, open_telegram
from benchmarks.proofs.witness import Witness
from tests.other_telegram import OtherTelegram

SEAT = Seat(7, 7)
FIRST, SECOND = (Prompt(SEAT, 0, number, "what is") for number in range(2))


# --- the proofs, short ----------------------------------------------------------------------------------


async def test_many_chats_are_answered_once_and_in_order_within_the_limits() -> None:
    outcome = await load.run(load.Plan(chats=12, prompts=3, groups=3, rate=20, seed=1), PlaygroundTelegram())
    assert but_for_growth(outcome) == []
    assert outcome.figures["prompts"] == 36


async def test_nothing_is_lost_or_refused_while_people_go_on_talking() -> None:
    plan = soak.Plan(minutes=0.2, chats=10, groups=2)
    outcome = await soak.run(plan, PlaygroundTelegram())
    assert but_for_growth(outcome) == []
    assert outcome.figures["bot"]["tasks"]["most"]


def but_for_growth(outcome: Outcome) -> list[str]:
    """In so short a time caches fill, and a busy machine lets tasks pile up; everything else counts at once."""
    return [sentence for sentence in outcome.complaints if "grew by" not in sentence and "same room" not in sentence]


@pytest.mark.parametrize(
    ("webhook", "telegram"),
    [(False, PlaygroundTelegram), (True, PlaygroundTelegram), (False, OtherTelegram), (True, OtherTelegram)],
    ids=["polling", "webhook", "another Telegram", "another Telegram's webhook"],
)
async def test_nothing_is_lost_or_doubled_by_kills_at_random_instants(
    webhook: bool, telegram: Callable[[], FakeTelegram]
) -> None:
    plan = crash.Plan(seed=5, kills=3, chats=12, groups=6, rate=4, life=2, young=0, webhook=webhook, caught=True)
    outcome = await crash.run(plan, telegram())
    assert outcome.complaints == []
    assert outcome.figures["kills_with_prompts_waiting"]


def test_kills_that_find_hardly_anything_half_written_are_complained_of() -> None:
    (complaint,) = crash.tame(crash.Lives(growing=[1, *[0] * 9]))
    assert "too few for a proof" in complaint
    assert list(crash.tame(crash.Lives(growing=[1, 2, *[0] * 8]))) == []


async def test_another_telegram_is_named_by_its_module() -> None:
    assert isinstance(open_telegram("tests.other_telegram:OtherTelegram"), OtherTelegram)
    with pytest.raises(click.BadParameter, match="expected package"):
        open_telegram("tests.other_telegram")


# --- what they complain of ------------------------------------------------------------------------------


def samples(**last: int) -> list[Sample]:
    """Readings of a minute, of which the last quarter is another one."""
    usual = Sample(at=0.0, memory=150 * MEBI, processor=0.0, files=20, threads=9, tasks=30)
    return [usual] * 45 + [replace(usual, **last)] * 15


@pytest.mark.parametrize("last", [{"memory": 160 * MEBI}, {"files": 30}, {"threads": 12}, {"tasks": 60}])
def test_what_grows_is_complained_of(last: dict[str, int]) -> None:
    (complaint,) = soak.growing(samples(**last))
    assert "grew by" in complaint


def test_what_stays_is_not() -> None:
    assert list(soak.growing(samples())) == []


def test_a_database_that_takes_more_and_more_room_is_complained_of() -> None:
    steady = [soak.Page(0, 0), soak.Page(10, 1_000), soak.Page(20, 2_000)]
    assert list(soak.heavier(steady)) == []
    (complaint,) = soak.heavier([*steady[:2], soak.Page(20, 3_000)])
    assert "same room" in complaint


async def witness(*shown: tuple[int, str]) -> Witness:
    """Two prompts were asked, and these messages were seen."""
    seen = Witness()
    for prompt in (FIRST, SECOND):
        seen.heard(prompt)
    for message_id, text in shown:
        seen.see(Shown(SEAT.chat_id, message_id, text))
    return seen


async def test_a_prompt_without_a_reply_is_complained_of() -> None:
    (complaint,) = (await witness((1, FIRST.seed_text))).complaints()
    assert "saw 0" in complaint


async def test_a_second_reply_is_complained_of() -> None:
    seen = await witness((1, FIRST.seed_text), (2, SECOND.seed_text), (3, SECOND.seed_text))
    (complaint,) = seen.complaints()
    assert "saw 2" in complaint


async def test_replies_out_of_order_are_complained_of() -> None:
    (complaint,) = (await witness((2, FIRST.seed_text), (1, SECOND.seed_text))).complaints()
    assert "before an earlier one" in complaint


async def test_a_reply_that_is_written_over_is_missed() -> None:
    seen = await witness((1, FIRST.seed_text), (1, SECOND.seed_text))
    assert any("prompt 0" in complaint and "saw 0" in complaint for complaint in seen.complaints())


async def test_a_reply_in_another_chat_is_complained_of() -> None:
    seen = await witness((1, FIRST.seed_text), (2, SECOND.seed_text))
    seen.see(Shown(8, 1, FIRST.seed_text))
    (complaint,) = seen.complaints()
    assert "nobody asked" in complaint


async def test_a_message_that_grows_is_one_reply() -> None:
    seen = await witness((1, FIRST.seed_text), (1, f"{FIRST.seed_text} it"), (2, SECOND.seed_text))
    seen.see(Shown(SEAT.chat_id, None, f"{SECOND.seed_text} a draft"))
    assert seen.complaints() == []


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """As much of a database as is looked at: two prompts that are answered."""
    path = tmp_path / "bot.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(
            """
            CREATE TABLE inbox (id, state, payload); CREATE TABLE deliveries (inbox_id, above, message_id, text);
            CREATE TABLE prompts (id, outcome, reply_message_id);
            CREATE TABLE prompt_texts (prompt_id, seed_text, reply_text);
            INSERT INTO inbox VALUES (1, 'done', NULL), (2, 'done', NULL);
            INSERT INTO prompts VALUES (1, 'answered', 1), (2, 'answered', 2);
            """
        )
        rows = [(1, FIRST.seed_text, f"{FIRST.seed_text} it"), (2, SECOND.seed_text, f"{SECOND.seed_text} it")]
        connection.executemany("INSERT INTO prompt_texts VALUES (?, ?, ?)", rows)
        connection.commit()
    return Ledger(path)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ("UPDATE inbox SET state = 'waiting' WHERE id = 1", "every update done"),
        ("UPDATE inbox SET payload = '{}' WHERE id = 1", "no words of what is done with"),
        ("UPDATE prompts SET outcome = 'pending' WHERE id = 1", "found it pending"),
        ("UPDATE prompt_texts SET reply_text = 'else' WHERE prompt_id = 1", "another one in the database"),
        ("UPDATE prompts SET reply_message_id = 9 WHERE id = 1", "another one in the database"),
        ("DELETE FROM prompts WHERE id = 1", "not in the database"),
        ("INSERT INTO prompt_texts SELECT * FROM prompt_texts WHERE prompt_id = 1", "one row for each prompt"),
    ],
)
async def test_a_database_that_says_something_else_than_people_saw_is_complained_of(
    ledger: Ledger, tmp_path: Path, wrong: str, complaint: str
) -> None:
    seen = await witness((1, f"{FIRST.seed_text} it"), (2, f"{SECOND.seed_text} it"))
    assert ledger.complaints(seen) == []

    def spoil() -> None:
        with closing(sqlite3.connect(tmp_path / "bot.sqlite")) as connection, connection:
            connection.execute(wrong)

    await asyncio.to_thread(spoil)
    (found,) = ledger.complaints(seen)
    assert complaint in found
