"""The chat page: its files, and the socket over which it sees and does everything.

It knows no Bot API: it watches the feed, and acts through the people.
"""

import asyncio
import base64
import binascii
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tornado.web import StaticFileHandler
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from bot.playground.entities import MAX_TEXT, utf16_length
from bot.playground.errors import ApiError, PlaygroundError
from bot.playground.feed import Event
from bot.playground.people import People
from bot.playground.service import CallbackAnswer, Service
from bot.playground.web import Guarded, is_own_origin
from bot.playground.world import Room, as_json

STATIC = Path(__file__).parent / "static"
MAX_SOCKET_MESSAGE = 28 * 2**20  # bytes; a picture of 20 MB in base64
_HISTORY = 300  # messages of a chat that the page gets
_LOGGER = logging.getLogger(__name__)


class PageFiles(Guarded, StaticFileHandler):
    """The page's own files, and nothing from anywhere else."""

    def set_extra_headers(self, path: str) -> None:
        host = self.request.host
        self.set_header(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
            f"connect-src 'self' ws://{host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        )
        self.set_header("Cache-Control", "no-cache")
        self.set_header("X-Frame-Options", "DENY")


class PageSocket(Guarded, WebSocketHandler):
    """One open page."""

    def initialize(self, service: Service, people: People, sockets: "set[PageSocket]") -> None:
        self._service = service
        self._people = people
        self._sockets = sockets
        self._unwatch: Callable[[], None] | None = None

    def check_origin(self, origin: str) -> bool:
        return is_own_origin(origin, self.request.host)

    def open(self, *_: str, **__: str) -> None:
        """Show all there is, and from then on all that happens."""
        self._sockets.add(self)
        self._tell(state(self._service))
        self._unwatch = self._service.feed.watch(self._see)

    def on_close(self) -> None:
        self._sockets.discard(self)
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None

    def on_message(self, message: str | bytes) -> None:
        """Do what somebody on the page does; what cannot be done is said there."""
        try:
            asked = json.loads(message)
            self._do(asked)
        except (PlaygroundError, ApiError) as error:
            self._tell({"type": "problem", "text": getattr(error, "description", None) or str(error)})
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            self._tell({"type": "problem", "text": f"not understood: {type(error).__name__}"})

    def _do(self, asked: dict[str, Any]) -> None:
        kind = asked["type"]
        if kind == "hello":
            self._service.world.speak(str(asked["language"])[:10])
            return
        chat, user = int(asked["chat_id"]), int(asked["user_id"])
        if kind == "say":
            reply_to = asked.get("reply_to")
            for part in parts_of(str(asked["text"])):
                self._people.say(chat, user, part, None if reply_to is None else int(reply_to))
                reply_to = None
        elif kind == "edit":
            self._people.edit(chat, int(asked["message_id"]), user, str(asked["text"]))
        elif kind == "delete":
            self._people.delete(chat, int(asked["message_id"]), user)
        elif kind == "press":
            press = self._people.press(chat, int(asked["message_id"]), str(asked["data"]), user)
            press.answer.add_done_callback(lambda answer: self._tell_answer(asked.get("ref"), answer))
        elif kind == "file":
            self._send_file(chat, user, asked)
        else:
            raise PlaygroundError("not understood")

    def _send_file(self, chat: int, user: int, asked: dict[str, Any]) -> None:
        try:
            content = base64.b64decode(str(asked["content"]), validate=True)
        except binascii.Error as error:
            raise PlaygroundError("the file arrived damaged") from error
        caption = str(asked.get("caption", ""))
        if asked.get("as_photo"):
            self._people.send_photo(chat, user, content, caption)
        else:
            self._people.send_document(chat, user, content, str(asked["name"]), caption)

    def _see(self, event: Event) -> None:
        if event["type"] in ("commands", "members"):
            event = state(self._service)
        self._tell(event)

    def _tell_answer(self, ref: Any, answer: "asyncio.Future[CallbackAnswer]") -> None:
        if not answer.cancelled():
            said = answer.result()
            self._tell({"type": "answer", "ref": ref, "text": said.text, "alert": said.show_alert})

    def _tell(self, event: Event) -> None:
        try:
            sent = self.write_message(json.dumps(event))
        except WebSocketClosedError:
            return
        sent.add_done_callback(_note_failure)


def _note_failure(sent: "asyncio.Future[None]") -> None:
    if not sent.cancelled() and (error := sent.exception()) is not None:
        _LOGGER.debug("a page went away while it was told something: %r", error)


def parts_of(text: str) -> list[str]:
    """A text cut into messages that Telegram takes, as its own applications do."""
    parts, length, start = [], 0, 0
    for at, character in enumerate(text):
        units = utf16_length(character)
        if length + units > MAX_TEXT:
            parts.append(text[start:at])
            start, length = at, 0
        length += units
    parts.append(text[start:])
    return [part for part in parts if part.strip()] or [text]


def state(service: Service) -> Event:
    """Everything a page needs to draw itself."""
    world = service.world
    shown = [room for room in world.rooms.values() if room.started]
    return {
        "type": "state",
        "bot": {"id": world.bot.id, "name": world.bot.first_name, "username": world.bot.username},
        "description": service.profile.text("description", world.you.language_code or ""),
        "you": world.you.id,
        "people": [
            {"id": person.id, "name": person.first_name, "username": person.username}
            for person in world.people.values()
        ],
        "chats": [_chat(service, room) for room in shown],
    }


def _chat(service: Service, room: Room) -> dict[str, Any]:
    people, chat_id = service.world.people, room.chat.id
    members = [user_id for user_id in room.members if user_id in people and room.has(user_id)]
    draft = service.drafts.get(chat_id)
    return {
        "id": chat_id,
        "private": room.is_private,
        "title": room.chat.title or room.chat.first_name,
        "members": members,
        "messages": [as_json(message) for message in list(room.messages.values())[-_HISTORY:]],
        "draft": None if draft is None else {"draft_id": draft[0], "text": draft[1]},
        "reactions": {
            str(message_id): [each.emoji for each in emojis]
            for (where, message_id), emojis in service.reactions.items()
            if where == chat_id and emojis
        },
        "menu": {
            str(user_id): [
                {"command": each.command, "description": each.description}
                for each in service.profile.menu(room, user_id, people[user_id].language_code or "")
            ]
            for user_id in members
        },
    }
