"""The seam: what the proofs need of a fake Telegram, whichever it is."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self, cast

import click

PLAYGROUND = "benchmarks.proofs.playground:PlaygroundTelegram"


@dataclass(frozen=True)
class Seat:
    """A person in a chat."""

    chat_id: int
    user_id: int


@dataclass(frozen=True)
class Shown:
    """From now on, people in a chat see this text of the bot; `message_id` is None while it is a draft."""

    chat_id: int
    message_id: int | None
    text: str


class FakeTelegram(Protocol):
    """A Bot API server that keeps Telegram's flood limits, and people who write there; an async context manager.

    token: of the one bot that it knows. api_base_url: where it listens, once it has begun.
    """

    token: str

    @property
    def api_base_url(self) -> str: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def private_chat(self) -> Seat:
        """A new person in a private chat with the bot."""

    def group(self, people: int) -> tuple[Seat, ...]:
        """A new group of so many new people and the bot, which is told of commands alone."""

    async def say(self, seat: Seat, text: str) -> None:
        """Somebody writes; what begins with a slash is a command."""

    def watch(self, see: Callable[[Shown], None]) -> None:
        """Have every text of the bot, new or changed, passed to `see`."""

    @property
    def untaken(self) -> int:
        """Updates that the bot has not confirmed."""

    @property
    def refusals(self) -> int:
        """Calls that were answered with 429 so far."""


def open_telegram(name: str) -> FakeTelegram:
    """The fake Telegram that `package.module:name` makes when it is called without arguments.

    Raises click.BadParameter where there is no such thing.
    """
    module, _, attribute = name.partition(":")
    try:
        make = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise click.BadParameter(f"expected package.module:name of a fake Telegram, got {name!r}: {error}") from error
    return cast("FakeTelegram", make())
