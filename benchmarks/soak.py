"""The soak: an hour's traffic in ten minutes, and nothing that grows: python -m benchmarks.soak.

Prompts, commands, small talk and nonsense from private chats and groups. Memory, open files, threads and the event
loop's tasks have to be at the end what they were when all had warmed up, the database has to take as much for a
prompt as before, and the inbox must hold nothing that is done with.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile
from pathlib import Path

import click

from benchmarks.proofs import meter, report
from benchmarks.proofs.people import Line, conversation, take_seats
from benchmarks.proofs.stand import Stand, free_port, stand
from benchmarks.proofs.telegram import PLAYGROUND, FakeTelegram, open_telegram

READ_EVERY = 2.0  # seconds between two readings

# By how much the last quarter may differ from the one before: what is busy at a moment goes up and down.
MOST_MEMORY = 6.0  # MiB
MOST_FILES = 4.0
MOST_THREADS = 1.0
MOST_TASKS = 12.0
MOST_OF_A_PROMPT = 1.25  # bytes of the database in the second half, for one in the first


@dataclass(frozen=True)
class Plan:
    """The traffic. minutes: how long; rate: things said a second, `small_talk` of them no prompts."""

    seed: int = 1
    minutes: float = 10.0
    chats: int = 120
    groups: int = 20
    rate: float = 9.0
    small_talk: float = 0.3
    late: tuple[float, float] = (0.02, 0.06)


@dataclass(frozen=True)
class Page:
    """What the ledger said at a moment."""

    prompts: int
    bytes: int


async def run(plan: Plan, telegram: FakeTelegram) -> report.Outcome:
    """Raises BotEnded where the bot ends by itself, TimeoutError where it says nothing."""
    rng = random.Random(plan.seed)
    port = free_port()
    metrics = f"http://127.0.0.1:{port}/metrics"
    async with stand(telegram, rng, plan.late, {"COTORRA_METRICS_PORT": str(port)}) as here:
        chats = take_seats(telegram, plan.chats, plan.groups)
        await here.wake()
        pages = []
        async with meter.watching(here.bot.pid, READ_EVERY, metrics) as samples:
            for half in _halves(conversation(chats, plan.rate, rng, plan.small_talk), plan.minutes * 60):
                pages.append(Page(len(here.witness.replies), here.ledger.size()))
                await here.speak(half)
            unsettled = await here.settled()
            pages.append(Page(len(here.witness.replies), here.ledger.size()))
        complaints = [*unsettled, *await here.stopped(), *here.refused(), *growing(samples), *heavier(pages)]
        return report.Outcome(_figures(plan, here, samples, pages), complaints)


def _halves(lines: Iterator[Line], seconds: float) -> Iterator[Iterator[Line]]:
    """What is said in the first half of the time, and in the second."""
    yield takewhile(lambda line: line.at < seconds / 2, lines)
    yield (
        Line(line.at - seconds / 2, line.seat, line.text, line.prompt)
        for line in takewhile(lambda line: line.at < seconds, lines)
    )


def growing(samples: Sequence[meter.Sample]) -> Iterable[str]:
    """What is more at the end than it was when all had warmed up."""
    for name, values, most in (
        ("memory in MiB", [sample.memory / meter.MEBI for sample in samples], MOST_MEMORY),
        ("open files", [sample.files for sample in samples], MOST_FILES),
        ("threads", [sample.threads for sample in samples], MOST_THREADS),
        ("tasks", [sample.tasks or 0 for sample in samples], MOST_TASKS),
    ):
        if (grown := meter.growth(values)) > most:
            yield f"expected {name} to stay, they grew by {grown:.1f} in the last quarter"


def heavier(pages: Sequence[Page]) -> Iterable[str]:
    """Whether prompts took more room in the second half than in the first."""
    first, second = _bytes_per_prompt(pages)
    if second > MOST_OF_A_PROMPT * first:
        yield f"expected a prompt to take the same room as before, {first:.0f} bytes; it took {second:.0f}"


def _bytes_per_prompt(pages: Sequence[Page]) -> tuple[float, float]:
    """In the first half, and in the second."""
    first, second = (
        (after.bytes - before.bytes) / max(1, after.prompts - before.prompts) for before, after in pairwise(pages)
    )
    return first, second


def _figures(plan: Plan, here: Stand, samples: Sequence[meter.Sample], pages: Sequence[Page]) -> report.Figures:
    first, second = _bytes_per_prompt(pages)
    return {
        "seed": plan.seed,
        "minutes": plan.minutes,
        "chats": plan.chats,
        "groups": plan.groups,
        "prompts": len(here.witness.replies),
        **here.waits(),
        "refusals_429": here.telegram.refusals,
        "bot": meter.summary(samples),
        "database_bytes_per_prompt": {"first_half": first, "second_half": second},
        "inbox": here.ledger.inbox(),
    }


@click.command()
@click.option("--minutes", default=Plan.minutes, show_default=True)
@click.option("--chats", default=Plan.chats, show_default=True, help="Chats, groups included.")
@click.option("--groups", default=Plan.groups, show_default=True, help="How many of them are groups.")
@click.option("--rate", default=Plan.rate, show_default=True, help="What is said a second in all.")
@click.option("--seed", default=Plan.seed, show_default=True, help="Who says what when is drawn from it.")
@click.option("--telegram", "name", default=PLAYGROUND, show_default=True, help="Another fake Telegram.")
@click.option("--out", type=click.Path(path_type=Path), default=report.RESULTS / "soak.json", show_default=True)
def main(minutes: float, chats: int, groups: int, rate: float, seed: int, name: str, out: Path) -> None:
    """An hour's traffic in ten minutes, and nothing that grows."""
    plan = Plan(seed, minutes, chats, min(groups, chats), rate)
    report.finish("soak", report.prove(run(plan, open_telegram(name))), out)


if __name__ == "__main__":
    main()
