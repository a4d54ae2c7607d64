"""The playground as the proofs' Telegram, with its flood limits on."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from telegram import User

from benchmarks.proofs.telegram import Seat, Shown
from bot.playground import FloodLimits, Playground
from bot.playground.feed import Event
from bot.playground.world import World


class PlaygroundTelegram:
    """Tells of the bot's texts through the playground's feed."""

    def __init__(self) -> None:
        self._playground = Playground(world=World, limits=FloodLimits())
        self.token = self._playground.token

    @property
    def api_base_url(self) -> str:
        return self._playground.api_base_url

    async def __aenter__(self) -> Self:
        await self._playground.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._playground.stop()

    def private_chat(self) -> Seat:
        person = self._newcomer()
        self._playground.world.private(person.id).started = True
        return Seat(person.id, person.id)

    def group(self, people: int) -> tuple[Seat, ...]:
        members = [self._newcomer() for _ in range(people)]
        chat_id = self._playground.world.add_group("A group", members).chat.id
        return tuple(Seat(chat_id, member.id) for member in members)

    def _newcomer(self) -> User:
        world = self._playground.world
        return world.add_person(f"Person {len(world.people) + 1}", language_code="en")

    async def say(self, seat: Seat, text: str) -> None:
        await self._playground.say(seat.chat_id, seat.user_id, text)

    def watch(self, see: Callable[[Shown], None]) -> None:
        bot = self._playground.world.bot.id

        def look(event: Event) -> None:
            if event["type"] == "draft":
                see(Shown(event["chat_id"], None, event["text"]))
            elif event["type"] in ("message", "edit") and event["message"]["author"] == bot:
                message = event["message"]
                see(Shown(event["chat_id"], message["message_id"], message.get("text", "")))

        self._playground.feed.watch(look)

    @property
    def untaken(self) -> int:
        return len(self._playground.updates)

    @property
    def refusals(self) -> int:
        return self._playground.calls.counts[429]
