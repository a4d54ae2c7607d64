"""The registry: a method is an async function from a request to what goes under "result"."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from telegram import ChatMember, Message

from bot.playground.errors import bad_request, forbidden, migrated
from bot.playground.parameters import Parameters
from bot.playground.roles import may_send
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
        if room.migrated_to is not None:
            raise migrated(room.migrated_to)
        status = room.members.get(self.service.world.bot.id)
        if status == ChatMember.BANNED and not room.is_private:
            raise forbidden(f"bot was kicked from the {room.chat.type} chat")
        return room

    def room_to_act(self) -> Room:
        """The chat that chat_id names, if the bot is in it.

        Raises:
            ApiError: 400 or 403.
        """
        room = self.room()
        if room.is_private and not room.started:
            raise forbidden("bot can't initiate conversation with a user")
        if not room.has(self.service.world.bot.id):
            away = f"bot is not a member of the {room.chat.type} chat"
            raise forbidden("bot was blocked by the user" if room.is_private else away)
        return room

    def room_to_write(self, kind: str = "messages") -> Room:
        """The chat that chat_id names, if the bot may send this kind there; `kind` is a field of Permissions.

        Raises:
            ApiError: 400 or 403.
        """
        room = self.room_to_act()
        thread = self.parameters.integer("message_thread_id", 0)
        if not may_send(room, self.service.world.bot.id, kind):
            if room.is_channel:
                raise bad_request("need administrator rights in the channel chat")
            named = "text messages" if kind == "messages" else kind
            raise bad_request(f"not enough rights to send {named} to the chat")
        if thread and thread not in room.topics:
            raise bad_request("message thread not found")
        return room

    def place(self) -> int:
        """The chat that a call is about, by chat_id or by inline_message_id."""
        if self.parameters.has("inline_message_id"):
            return self.inline_message()[0].chat.id
        return self.room().chat.id

    def inline_message(self) -> tuple[Room, Message]:
        """The message that inline_message_id names.

        Raises:
            ApiError: There is none, or no longer.
        """
        place = self.service.inline_messages.place(self.parameters.text("inline_message_id"))
        room = None if place is None else self.service.world.rooms.get(place[0])
        message = None if room is None or place is None else room.messages.get(place[1])
        if room is None or message is None:
            raise bad_request("MESSAGE_ID_INVALID")
        return room, message

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
