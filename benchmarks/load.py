"""The load test: many chats at once within Telegram's limits: python -m benchmarks.load.

Every prompt has to be answered exactly once and in order, without one 429 and with memory that stays flat. How long
people wait is reported: until the first text they see, and until the text is whole. At 22 prompts a second, with a
question about consent to everybody, the bot says 26 things a second, of the 30 that Telegram allows.
"""

import random
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from benchmarks.proofs import meter, report
from benchmarks.proofs.people import rounds, take_seats
from benchmarks.proofs.stand import Stand, stand
from benchmarks.proofs.telegram import PLAYGROUND, FakeTelegram, open_telegram

MOST_GROWTH = 8.0  # MiB that memory may grow in the last quarter; what the run itself keeps is far less
READ_EVERY = 0.5  # seconds between two readings of memory


@dataclass(frozen=True)
class Plan:
    """How much is asked. rate: prompts a second; late: seconds that the server's answers take, at least and at most."""

    chats: int = 1_000
    prompts: int = 5
    groups: int = 50
    rate: float = 22.0
    seed: int = 1
    late: tuple[float, float] = (0.02, 0.06)


async def run(plan: Plan, telegram: FakeTelegram) -> report.Outcome:
    """Raises BotEnded where the bot ends by itself, TimeoutError where it says nothing."""
    rng = random.Random(plan.seed)
    async with stand(telegram, rng, plan.late) as here:
        lines = rounds(take_seats(telegram, plan.chats, plan.groups), plan.prompts, plan.rate, rng)
        await here.wake()
        async with meter.watching(here.bot.pid, READ_EVERY) as samples:
            began = time.monotonic()
            await here.speak(lines)
            unsettled = await here.settled()
            seconds = time.monotonic() - began
        complaints = [*unsettled, *await here.stopped(), *here.refused(), *_growing(samples)]
        return report.Outcome(_figures(plan, here, samples, seconds), complaints)


def _growing(samples: Sequence[meter.Sample]) -> Iterable[str]:
    grown = meter.growth([sample.memory / meter.MEBI for sample in samples])
    if grown > MOST_GROWTH:
        yield f"expected memory to stay flat, it grew by {grown:.1f} MiB in the last quarter"


def _figures(plan: Plan, here: Stand, samples: Sequence[meter.Sample], seconds: float) -> report.Figures:
    prompts = len(here.witness.replies)
    return {
        "chats": plan.chats,
        "groups": plan.groups,
        "prompts": prompts,
        "seed": plan.seed,
        "seconds": seconds,
        "prompts_per_second": prompts / seconds,
        **here.waits(),
        "refusals_429": here.telegram.refusals,
        "bot": meter.summary(samples),
    }


@click.command()
@click.option("--chats", default=Plan.chats, show_default=True, help="Chats, groups included.")
@click.option("--groups", default=Plan.groups, show_default=True, help="How many of them are groups.")
@click.option("--prompts", default=Plan.prompts, show_default=True, help="Prompts from each chat.")
@click.option("--rate", default=Plan.rate, show_default=True, help="Prompts a second in all.")
@click.option("--seed", default=Plan.seed, show_default=True, help="Who asks when is drawn from it.")
@click.option("--telegram", "name", default=PLAYGROUND, show_default=True, help="Another fake Telegram.")
@click.option("--out", type=click.Path(path_type=Path), default=report.RESULTS / "load.json", show_default=True)
def main(chats: int, groups: int, prompts: int, rate: float, seed: int, name: str, out: Path) -> None:
    """Many chats at once within Telegram's limits."""
    plan = Plan(chats, prompts, min(groups, chats), rate, seed)
    outcome = report.prove(run(plan, open_telegram(name)))
    report.finish("load", outcome, out)


if __name__ == "__main__":
    main()
