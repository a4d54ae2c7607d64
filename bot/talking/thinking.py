"""Thinking: from an open prompt to its text, which is in the log, with the state after it, before anybody sees it.

Knows no Telegram. A prompt that is thought about again, after the process died on it, gives the same text: it is
read from the log if it got there, and else written again from the same state, settings and random seed.
"""

import dataclasses
import time

from bot.errors import GenerationFailed, StateGone, TurnRefused, TurnTooSlow
from bot.generating.scheduler import Scheduler
from bot.generating.turns import Watch
from bot.languages import N_
from bot.storage.book import Book
from bot.storage.prompts import Answer, Asked, Outcome, Prompt
from bot.talking.prompt_turn import turn_of
from bot.text import clean
from model.errors import StateError
from model.state import State
from model.stopping import Reason

GONE = N_("I have forgotten how that went on. Give me a new beginning: /seed Once upon a time")
OTHER_VOICE = N_("I have another voice now and cannot go on with that. Give me a new beginning: /seed Once upon a time")


async def think(prompt: Prompt, scheduler: Scheduler, book: Book, watch: Watch | None = None) -> Answer:
    """The reply to a prompt: its text and how it came about; the outcome is what it will be once it has arrived.

    The log has it as pending until the caller closes the prompt. `watch` sees it grow, and may stop it.

    Raises StateGone where what the prompt continues is lost; SchedulerFull, SchedulerStopped, TurnTooSlow,
    TurnTakenBack and GenerationFailed as Scheduler.run does; StorageError.
    """
    if prompt.answer.reply_text is not None:
        return dataclasses.replace(prompt.answer, outcome=_likely_outcome(prompt.asked, prompt.answer))
    state = await _state_before(prompt.asked, scheduler, book)
    start = time.monotonic()
    continuation = await scheduler.run(turn_of(prompt.asked, state), watch)
    busy = continuation.busy_seconds
    answer = Answer(
        _outcome(continuation.reason),
        clean(prompt.asked.seed_text + continuation.text),
        characters_per_second=continuation.characters_per_second,
        characters=len(continuation.text),
        waiting_ms=round(1_000 * max(0.0, time.monotonic() - start - busy)),
        generating_ms=round(1_000 * busy),
    )
    pending = dataclasses.replace(answer, outcome="pending")
    await book.close_prompt(prompt.id, pending, state=continuation.state.to_bytes())
    return answer


async def _state_before(asked: Asked, scheduler: Scheduler, book: Book) -> State | None:
    if asked.continues_id is None:
        return None
    data = await book.state_after(asked.continues_id)
    if data is None:
        raise StateGone(GONE)
    try:
        return State.from_bytes(data, scheduler.initial_state)
    except StateError as error:
        raise StateGone(OTHER_VOICE) from error


def fits(data: bytes, scheduler: Scheduler) -> bool:
    """Whether a kept state is one of this scheduler's network."""
    try:
        State.from_bytes(data, scheduler.initial_state)
    except StateError:
        return False
    return True


def unanswered(refusal: TurnRefused) -> Answer:
    """What the log says of a prompt of which no text came."""
    return Answer("failed" if isinstance(refusal, TurnTooSlow | GenerationFailed) else "refused")


def _outcome(reason: Reason) -> Outcome:
    return "stopped" if reason == "stopped" else "answered"


def _likely_outcome(asked: Asked, answer: Answer) -> Outcome:
    """For a text that was written before: one that is shorter than it would end by itself was stopped."""
    least = turn_of(asked).stop_rule.least
    return "stopped" if answer.characters is not None and answer.characters < least else "answered"
