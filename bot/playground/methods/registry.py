"""The registry: a method is an async function from a request to what goes under "result"."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from telegram import Message

from bot.playground.errors import bad_request, forbidden
from bot.playground.parameters import Parameters
from bot.playground.service import Service
from bot.playground.world import Room


@dataclass(frozen=True)
class Request:
    """A call of the bot: its parameters, and the service it acts on."""

    service: Service
    parameters: Parameters

    def room(self) -> Room:
        """The chat that chat_id names, by number or by @username.

        Raises:
            ApiError: There is none, or the bot has no place in it.
        """
        if not self.parameters.has("chat_id"):
            raise bad_request("chat_id is empty")
        room = find_room(self.service, self.parameters.text("chat_id").strip())
        if room is None:
            raise bad_request("chat not found")
        return room

    def room_to_write(self) -> Room:
        """The chat that chat_id names, if the bot may write there.

        Raises:
            ApiError: 400 or 403.
        """
        room = self.room()
        thread = self.parameters.integer("message_thread_id", 0)
        if room.is_private and not room.started:
            raise forbidden("bot can't initiate conversation with a user")
        if not room.has(self.service.world.bot.id):
            kind = "bot was blocked by the user"
            if not room.is_private:
                kind = f"bot was kicked from the {room.chat.type} chat"
            raise forbidden(kind)
        if thread and thread not in room.topics:
            raise bad_request("message thread not found")
        return room

    def message(self, room: Room, purpose: str) -> Message:
        """The message that message_id names.

        Raises:
            ApiError: "message to <purpose> not found".
        """
        if not self.parameters.has("message_id"):
            raise bad_request("message identifier is not specified")
        message = room.messages.get(self.parameters.integer("message_id"))
        if message is None:
            raise bad_request(f"message to {purpose} not found")
        return message


Method = Callable[[Request], Awaitable[Any]]
METHODS: dict[str, tuple[str, Method]] = {}  # lower-case name -> (Telegram's spelling, function)


def method(name: str) -> Callable[[Method], Method]:
    """Register a function under a method's name."""

    def register(function: Method) -> Method:
        METHODS[name.lower()] = (name, function)
        return function

    return register


def find_room(service: Service, name: str) -> Room | None:
    """The chat of this id or @username."""
    if name.startswith("@"):
        wanted = name[1:].lower()
        # A person cannot be written to by username, as on Telegram.
        return next(
            (
                room
                for room in service.world.rooms.values()
                if not room.is_private and (room.chat.username or "").lower() == wanted
            ),
            None,
        )
    digits = name.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 20):
        return None
    return service.world.rooms.get(int(name))
