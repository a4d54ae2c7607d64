"""Composing: from an open prompt to a text that nothing goes on from: for games, and for what is offered elsewhere.

Knows no Telegram. Unlike `bot.talking.thinking` it keeps no state, so that /more goes on with what was
said in the chat.
"""

import asyncio
import time
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from bot.errors import SchedulerStopped, TurnRefused
from bot.generating.scheduler import Scheduler
from bot.storage.book import Book
from bot.storage.prompts import Answer, Prompt
from bot.talking.prompt_turn import turn_of
from bot.talking.thinking import unanswered
from bot.text import clean

T = TypeVar("T")


async def compose(prompt: Prompt, scheduler: Scheduler, book: Book) -> Answer:
    """The reply, pending until the caller closes the prompt; the one that is in the log, if it got there before.

    Raises TurnRefused as Scheduler.run does, StorageError.
    """
    if prompt.answer.reply_text is not None:
        return prompt.answer
    start = time.monotonic()
    continuation = await scheduler.run(turn_of(prompt.asked))
    waited = time.monotonic() - start - continuation.busy_seconds
    answer = Answer(
        "pending",
        clean(prompt.asked.seed_text + continuation.text),
        characters_per_second=continuation.characters_per_second,
        characters=len(continuation.text),
        waiting_ms=round(1_000 * max(0.0, waited)),
        generating_ms=round(1_000 * continuation.busy_seconds),
    )
    await book.close_prompt(prompt.id, answer)
    return answer


async def compose_all(prompts: Sequence[Prompt], scheduler: Scheduler, book: Book) -> list[Answer]:
    """All of them at once, in their order; where one of them is refused, all are given up and closed.

    Raises TurnRefused, StorageError. After SchedulerStopped they are still to be written.
    """
    try:
        return await all_of([compose(prompt, scheduler, book) for prompt in prompts])
    except SchedulerStopped:
        raise
    except TurnRefused as refusal:
        for prompt in prompts:
            await book.close_prompt(prompt.id, unanswered(refusal))
        raise


async def all_of(work: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """The outcomes of all, at once; where one of them fails, the others are given up and its error is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in work]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
