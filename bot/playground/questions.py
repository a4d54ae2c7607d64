"""Questions to the bot that wait for one answer each: buttons pressed, inline queries, guest messages.

It knows no chat and no HTTP.
"""

import asyncio
import secrets
from typing import Generic, TypeVar

from bot.playground.errors import bad_request

T = TypeVar("T")
_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


class Questions(Generic[T]):
    """Open questions by their id."""

    def __init__(self) -> None:
        self._open: dict[str, asyncio.Future[T]] = {}

    def ask(self) -> tuple[str, "asyncio.Future[T]"]:
        """A new question: its id, and its answer to come."""
        question_id = str(secrets.randbits(62))
        self._open[question_id] = asyncio.get_running_loop().create_future()
        return question_id, self._open[question_id]

    def check(self, question_id: str) -> None:
        """Make sure that a question still waits.

        Raises:
            ApiError: It was answered, has expired or never was.
        """
        waiting = self._open.get(question_id)
        if waiting is None or waiting.done():
            raise bad_request(_TOO_OLD)

    def answer(self, question_id: str, answer: T) -> None:
        """Answer a question, once.

        Raises:
            ApiError: As for `check`.
        """
        self.check(question_id)
        self._open.pop(question_id).set_result(answer)

    def expire(self) -> None:
        """Let time run out for every question that waits."""
        for waiting in self._open.values():
            waiting.cancel()
        self._open.clear()
