"""Inline mode and guest mode: what people ask the bot from anywhere, what it offers, what they choose.

It knows no HTTP.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from telegram import Chat, ChosenInlineResult, InlineKeyboardMarkup, InlineQuery, Message, User

from bot.playground.errors import NotInTheWorld
from bot.playground.questions import Questions
from bot.playground.world import Room

MAX_QUERY = 256  # characters


@dataclass(frozen=True)
class InlineResult:
    """One thing the bot offers: what the list shows, and the message that is sent."""

    id: str
    title: str
    description: str
    content: dict[str, Any]  # fields of telegram.Message
    keyboard: InlineKeyboardMarkup | None = None


@dataclass(frozen=True)
class InlineAnswer:
    """What the bot offers to an inline query."""

    query: str
    results: tuple[InlineResult, ...]
    next_offset: str = ""
    button: str | None = None  # the label of a button above the results

    def result(self, result_id: str) -> InlineResult:
        """The result of this id.

        Raises:
            NotInTheWorld: There is none.
        """
        for each in self.results:
            if each.id == result_id:
                return each
        raise NotInTheWorld(f"no inline result {result_id!r}")


@dataclass(frozen=True)
class Asked:
    """An inline query on its way: whose answer may be remembered, and for whom."""

    user_id: int
    query: str
    offset: str


class InlineQueries:
    """The inline queries of everybody, and the answers that are remembered as long as the bot allows.

    Args:
        clock: Seconds, rising.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.open: Questions[InlineAnswer] = Questions()
        self._clock = clock
        self._asked: dict[str, Asked] = {}
        self._remembered: dict[tuple[str, str, int | None], tuple[float, InlineAnswer]] = {}

    def remembered(self, user_id: int, query: str, offset: str) -> InlineAnswer | None:
        """An answer given before that still holds."""
        for whose in (user_id, None):
            until, answer = self._remembered.get((query, offset, whose), (0.0, None))
            if answer is not None and self._clock() < until:
                return answer
        return None

    def note(self, query_id: str, asked: Asked) -> None:
        """Remember who asked what, for when the answer comes."""
        self._asked[query_id] = asked

    def asked(self, query_id: str) -> Asked:
        """Who asked what.

        Raises:
            ApiError: The query was answered, has expired or never was.
        """
        self.open.check(query_id)
        return self._asked[query_id]

    def answer(self, query_id: str, answer: InlineAnswer, cache_time: int, *, is_personal: bool) -> None:
        """Take the bot's answer, and keep it for as many seconds as it says."""
        asked = self.asked(query_id)
        self.open.answer(query_id, answer)
        del self._asked[query_id]
        if cache_time > 0:
            whose = asked.user_id if is_personal else None
            self._remembered[asked.query, asked.offset, whose] = (self._clock() + cache_time, answer)

    def expire(self) -> None:
        """Let time run out for every query."""
        self.open.expire()
        self._asked.clear()


def query_update(query_id: str, person: User, room: Room, query: str, offset: str) -> dict[str, Any]:
    """The payload of an update "inline_query"."""
    kind = "sender" if room.is_private else room.chat.type
    return InlineQuery(query_id, person, query, offset, chat_type=kind).to_dict() | {"query": query, "offset": offset}


def chosen_update(result: InlineResult, person: User, query: str, inline_message_id: str | None) -> dict[str, Any]:
    """The payload of an update "chosen_inline_result"."""
    given = inline_message_id if result.keyboard is not None else None
    return ChosenInlineResult(result.id, person, query, inline_message_id=given).to_dict() | {"query": query}


class InlineMessages:
    """Messages that the bot may change only by their inline_message_id: sent via it, or by it as a guest."""

    def __init__(self) -> None:
        self._places: dict[str, tuple[int, int]] = {}

    def add(self, message: Message) -> str:
        """A new id for this message."""
        name = secrets.token_urlsafe(20)
        self._places[name] = (message.chat.id, message.message_id)
        return name

    def place(self, name: str) -> tuple[int, int] | None:
        """The chat and the message of an id; None if there is none."""
        return self._places.get(name)

    def name(self, message: Message) -> str | None:
        """The id of a message that has one."""
        wanted = (message.chat.id, message.message_id)
        return next((name for name, place in self._places.items() if place == wanted), None)


@dataclass(frozen=True)
class Summons:
    """A guest message that waits for the bot: where it stands, and who called."""

    message: Message
    caller: User | None
    caller_chat: Chat | None
