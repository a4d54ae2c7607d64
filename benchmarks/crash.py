"""The crash test: kill -9 at random instants under load: python -m benchmarks.crash.

People go on writing while the bot is killed and started again. In the end every prompt has exactly one reply, the
same in its chat as in the database, in the chat's order; and the database is whole. The server's answers come late,
so that at every kill some messages have been sent of which the bot has not heard yet; and the voice is a slow one (see
`proofs.slow_bot`), so that some are half-written. `--telegram` names the server: another one of the same shape
(`proofs.telegram.FakeTelegram`) will do.
"""

import asyncio
import contextlib
import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

import click

from benchmarks.proofs import report
from benchmarks.proofs.people import PEOPLE, Line, conversation, take_seats
from benchmarks.proofs.slow_bot import SLOW_BOT
from benchmarks.proofs.stand import Stand, free_port, stand
from benchmarks.proofs.telegram import PLAYGROUND, FakeTelegram, open_telegram

LENGTH = 1_500  # characters of the replies in groups, where they grow in a message of their own: some seconds
LEAST_GROWING = 0.2  # of the kills have to find a half-written message, or the proof says nothing of them
PATIENCE = 90.0  # seconds without any progress, the last start included
SECRET = "playground-webhook-no-secret-on-one-machine"  # noqa: S105


@dataclass(frozen=True)
class Plan:
    """How the bot is killed.

    kills: how often. chats, groups, rate: who writes, so many prompts a second. life: the most seconds from the first
    thing said to the kill, and for a share of `young` of them from the very start. late: seconds that the server's
    answers take. webhook: whether updates are brought. caught: whether each kill waits until a message is half-written.
    """

    seed: int
    kills: int = 50
    chats: int = 60
    groups: int = 20
    rate: float = 8.0
    life: float = 4.0
    young: float = 0.2
    late: tuple[float, float] = (0.03, 0.25)
    webhook: bool = False
    caught: bool = False


@dataclass
class Lives:
    """What was going on when the bot was killed."""

    replies: list[int] = field(default_factory=list)  # prompts without a reply, at each kill
    uncertain: list[int] = field(default_factory=list)  # messages that might have been sent, at each kill
    growing: list[int] = field(default_factory=list)  # messages that were half-written, at each kill


async def run(plan: Plan, telegram: FakeTelegram) -> report.Outcome:
    """Raises BotEnded where the bot ends by itself, TimeoutError where it says nothing."""
    rng = random.Random(plan.seed)
    async with stand(telegram, rng, plan.late, _settings(plan), SLOW_BOT) as here:
        chats = take_seats(telegram, plan.chats, plan.groups)
        first = [Line(0.0, chat[0], f"/length {LENGTH}") for chat in chats if chat[0].chat_id < 0]
        people = asyncio.create_task(here.speak(chain(first, conversation(chats, plan.rate, rng))))
        lives = await _kill(plan, here, rng)
        people.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await people
        await here.bot.start()
        complaints = [*await here.settled(PATIENCE), *await here.stopped(), *_said_twice(here), *tame(lives)]
        return report.Outcome(_figures(plan, here, lives), complaints)


async def _kill(plan: Plan, here: Stand, rng: random.Random) -> Lives:
    """Raises TimeoutError where a bot that has to say something does not."""
    lives = Lives()
    for _ in range(plan.kills):
        here.witness.saw_something.clear()
        await here.bot.start()
        if rng.random() >= plan.young:
            await here.heard()
        await asyncio.sleep(rng.uniform(0, plan.life))
        if plan.caught:
            await _until_one_grows(here)
        await here.bot.kill()
        lives.replies.append(here.witness.unanswered)
        lives.uncertain.append(here.ledger.uncertain())
        lives.growing.append(here.ledger.growing())
    return lives


async def _until_one_grows(here: Stand) -> None:
    """Raises TimeoutError where no message is half-written for too long, BotEnded."""
    while not here.ledger.growing():
        here.witness.saw_something.clear()
        await here.heard()


def _said_twice(here: Stand) -> Iterable[str]:
    """Everybody is asked about consent once in a chat; nothing else is said here but replies."""
    for (chat, text), count in here.witness.sentences.items():
        asked = PEOPLE if chat < 0 else 1
        if count > asked:
            yield f"expected to see a sentence once for each person in chat {chat}, saw it {count} times: {text[:40]!r}"


def tame(lives: Lives) -> Iterable[str]:
    """Whether the kills found too little that was half-written to prove anything about it."""
    halved, wanted = sum(count > 0 for count in lives.growing), max(1, round(LEAST_GROWING * len(lives.growing)))
    if halved < wanted:
        yield f"expected a half-written message at {wanted} kills or more, found one at {halved}: too few for a proof"


def _settings(plan: Plan) -> dict[str, str]:
    if not plan.webhook:
        return {}
    port = free_port()
    return {
        "COTORRA_WEBHOOK_URL": f"http://127.0.0.1:{port}/updates",
        "COTORRA_WEBHOOK_PORT": str(port),
        "COTORRA_WEBHOOK_SECRET": SECRET,
    }


def _figures(plan: Plan, here: Stand, lives: Lives) -> report.Figures:
    return {
        "updates": "webhook" if plan.webhook else "polling",
        "seed": plan.seed,
        "kills": plan.kills,
        "chats": plan.chats,
        "groups": plan.groups,
        "prompts": len(here.witness.replies),
        "kills_with_prompts_waiting": sum(count > 0 for count in lives.replies),
        "kills_with_a_message_on_its_way": sum(count > 0 for count in lives.uncertain),
        "messages_on_their_way_at_kills": sum(lives.uncertain),
        "kills_with_a_message_half_written": sum(count > 0 for count in lives.growing),
        "messages_half_written_at_kills": sum(lives.growing),
        "refusals_429": here.telegram.refusals,
        **here.waits(),
    }


@click.command()
@click.option("--kills", default=Plan.kills, show_default=True)
@click.option("--chats", default=Plan.chats, show_default=True, help="Chats, groups included.")
@click.option("--groups", default=Plan.groups, show_default=True, help="How many of them are groups.")
@click.option("--rate", default=Plan.rate, show_default=True, help="Prompts a second in all.")
@click.option("--seed", type=int, help="Who asks when, and the instants of the kills; by default another each time.")
@click.option("--webhook/--polling", default=False, help="Whether updates are brought or fetched.")
@click.option("--telegram", "name", default=PLAYGROUND, show_default=True, help="Another fake Telegram.")
@click.option("--out", type=click.Path(path_type=Path), help="Default: benchmarks/results/crash-(polling|webhook).json")
def main(
    kills: int, chats: int, groups: int, rate: float, seed: int | None, webhook: bool, name: str, out: Path | None
) -> None:
    """Kill -9 at random instants under load."""
    plan = Plan(
        random.SystemRandom().randrange(2**31) if seed is None else seed, kills, chats, min(groups, chats), rate
    )
    plan = replace(plan, webhook=webhook)
    click.echo(f"seed {plan.seed}", err=True)
    outcome = report.prove(run(plan, open_telegram(name)))
    way = "webhook" if webhook else "polling"
    report.finish(f"crash, {way}", outcome, out or report.RESULTS / f"crash-{way}.json")


if __name__ == "__main__":
    main()
