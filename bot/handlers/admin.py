"""For those who run the bot: `/stats` and `/reload`. For everybody else there are no such commands."""

import datetime as dt
import sys
import time
from pathlib import Path

from telegram import Update

from bot.context import BotContext, person_of, phrases_for
from bot.errors import SettingsError
from bot.generating.voices import Reloaded
from bot.handlers.commands import Answer, Call
from bot.handlers.help import unknown_command
from bot.languages import N_, NN_, Phrases
from bot.log.filters import Filter
from bot.log.stats import Stats, stats
from bot.sending.replies import reply

DAY = dt.timedelta(days=1)
PROMPTS = NN_("{number} prompt in the last 24 hours", "{number} prompts in the last 24 hours")
FROM = N_("People: {people:,}, chats: {chats:,}")
LATENCY = N_("Half of the replies came within {p50:,} ms, 95 % within {p95:,} ms")
UPTIME = N_("Up for {uptime}")
MEMORY = N_("Memory: {megabytes:,} MB")
QUEUE = N_("Turns in hand: {active}, waiting: {waiting}, updates: {updates}")
RELOADED_NEW = N_("New: {names}")
RELOADED_CHANGED = N_("Changed: {names}")
RELOADED_SAME = N_("As before: {names}")
RELOADED_NOT = N_("Not loaded, so the old one stays: {name}. {reason}")

_STATM = Path("/proc/self/statm")  # of Linux: sizes in pages, the second of them in memory
_PAGE = 4_096  # bytes


def of_operator(answer: Answer) -> Answer:
    """A command that exists only for the admins of the bot, told by their ids."""

    async def judged(update: Update, call: Call, context: BotContext) -> None:
        person = person_of(call.message)
        if context.bot_data.access.is_admin(None if person is None else person.id):
            await answer(update, call, context)
        else:
            await unknown_command(update, call, context)

    return judged


async def stats_command(update: Update, call: Call, context: BotContext) -> None:
    """`/stats`."""
    services = context.bot_data
    now = services.clock.now()
    counted = await stats(services.database, Filter(since=now - DAY))
    say = await phrases_for(update, context)
    lines = [
        *_counted(counted, say),
        say(UPTIME, uptime=_period(time.monotonic() - services.started)),
    ]
    if (memory := resident_bytes()) is not None:
        lines.append(say(MEMORY, megabytes=memory // 1_000_000))
    voices = services.voices
    lines.append(say(QUEUE, active=voices.active, waiting=voices.waiting, updates=len(services.inbox)))
    await reply(update, "\n".join(lines), context)


async def reload_command(update: Update, call: Call, context: BotContext) -> None:
    """`/reload`: no turn in hand is dropped."""
    say = await phrases_for(update, context)
    try:
        result = await context.bot_data.voices.reload()
    except SettingsError as error:
        await reply(update, str(error), context)
        return
    await reply(update, "\n".join(_told(result, say)), context)


def resident_bytes() -> int | None:
    """How much memory the process holds now; None where the system does not say."""
    if sys.platform != "linux":
        return None
    return int(_STATM.read_text("ascii").split()[1]) * _PAGE


def _counted(counted: Stats, say: Phrases) -> list[str]:
    lines = [say.count(PROMPTS, counted.prompts), say(FROM, people=counted.people, chats=counted.chats)]
    latency = counted.latency_ms
    if "50" in latency and "95" in latency:
        lines.append(say(LATENCY, p50=latency["50"], p95=latency["95"]))
    return lines


def _told(result: Reloaded, say: Phrases) -> list[str]:
    named = ((RELOADED_NEW, result.new), (RELOADED_CHANGED, result.changed), (RELOADED_SAME, result.same))
    lines = [say(sentence, names=", ".join(names)) for sentence, names in named if names]
    return lines + [say(RELOADED_NOT, name=name, reason=reason) for name, reason in result.failed.items()]


def _period(seconds: float) -> str:
    minutes = int(seconds) // 60
    days, hours = divmod(minutes // 60, 24)
    return f"{days} d {hours:02}:{minutes % 60:02}" if days else f"{hours}:{minutes % 60:02}"
