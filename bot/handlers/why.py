"""`/why`: how a reply came about: its settings, its random seed, its voice, and the command that writes it again."""

import shlex
from collections.abc import Callable

from telegram import CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup, Update

from bot.context import BotContext, phrases_for
from bot.handlers.commands import Call
from bot.handlers.takes import NOTHING_YET
from bot.handlers.targets import prompt_meant
from bot.languages import N_, Phrases
from bot.sending.manners import defuse
from bot.sending.replies import reply, say_at
from bot.sending.spot import spot_of
from bot.storage.prompts import Prompt
from bot.talking.buttons import COPY, LONGEST_COPY
from bot.text import utf16_units
from model.config import SamplingConfig
from model.held_out import shortened

SETTINGS = N_("Temperature {temperature:g}, top-p {top_p:g}, at most {length:,} characters, random seed {rng_seed}.")
VOICE = N_("Voice: {name} (weights {weights}, on {engine}).")
SPEED = N_("{characters:,} characters in {milliseconds:,} ms, {speed:,.0f} a second; sent after {latency:,} ms.")
WENT_ON = N_("I went on from what I remembered of an earlier reply.")
WENT_ON_WITH = N_("I went on from what I remembered of an earlier reply, with “{seed}”.")
ERASED = N_("The words themselves are erased.")
REPLAY = N_("Whoever runs me can have the very same again:")
SAMPLE = N_("With that voice, anybody can have the very same again:")

_SEED_SHOWN = 200  # characters
_SHOWN = 12  # digits of the weights' digest: enough to tell any two apart


async def why_command(update: Update, call: Call, context: BotContext) -> None:
    """`/why`, in answer to a reply of the bot's, or about the last one."""
    say = await phrases_for(update, context)
    prompt = await prompt_meant(call.message, context)
    if prompt is None:
        await reply(update, say(NOTHING_YET), context)
        return
    lines = explanation(prompt, say, name_of(prompt.asked.fingerprint, context))
    keyboard = None
    if prompt.erased_at is None:
        command = command_line(prompt)
        lines += ["", say(SAMPLE if _stands_alone(prompt) else REPLAY), command_line(prompt, looks=defuse)]
        if utf16_units(command) <= LONGEST_COPY:
            copy = InlineKeyboardButton(say(COPY), copy_text=CopyTextButton(command))
            keyboard = InlineKeyboardMarkup([[copy]])
    await say_at(spot_of(call.message), update, "\n".join(lines), context, keyboard)


def name_of(fingerprint: str, context: BotContext) -> str:
    """What the operator calls the voice of these weights; a dash where it is gone."""
    voices = context.bot_data.voices
    return next((name for name in voices.names if voices.scheduler(name).fingerprint == fingerprint), "–")


def explanation(prompt: Prompt, say: Phrases, name: str) -> list[str]:
    """How it came about, line by line. `name`: of the voice."""
    asked, answer = prompt.asked, prompt.answer
    weights, _, engine = asked.fingerprint.partition("/")
    places = {"temperature": asked.temperature, "top_p": asked.top_p, "length": asked.length}
    lines = [
        say(SETTINGS, rng_seed=asked.rng_seed, **places),
        say(VOICE, name=name, weights=weights[:_SHOWN], engine=engine),
    ]
    if answer.characters_per_second is not None and answer.latency_ms is not None:
        figures = {"characters": answer.characters or 0, "milliseconds": answer.generating_ms or 0}
        lines.append(say(SPEED, speed=answer.characters_per_second, latency=answer.latency_ms, **figures))
    if asked.continues_id is not None:
        seed = shortened(" ".join(asked.seed_text.split()), _SEED_SHOWN)
        lines.append(say(WENT_ON_WITH, seed=defuse(seed)) if seed else say(WENT_ON))
    if prompt.erased_at is not None:
        lines.append(say(ERASED))
    return lines


def command_line(prompt: Prompt, looks: Callable[[str], str] = str) -> str:
    """What to type for the very same text: what began from nothing needs a checkpoint alone, the rest the log.

    looks: what to make of people's words in it.
    """
    asked = prompt.asked
    if not _stands_alone(prompt):
        return f"cotorra logs replay {prompt.id}"
    options = f"--length {prompt.answer.characters} --temperature {asked.temperature} --top-p {asked.top_p}"
    if asked.repetition_brake != SamplingConfig().repetition_brake:  # the program's, and so that of the command
        options += f" --repetition-brake {asked.repetition_brake}"
    return f"cotorra sample {options} --rng-seed {asked.rng_seed} -- CHECKPOINT {looks(shlex.quote(asked.seed_text))}"


def _stands_alone(prompt: Prompt) -> bool:
    return prompt.asked.continues_id is None and bool(prompt.answer.characters)
