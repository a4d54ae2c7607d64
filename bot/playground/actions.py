"""What a person at the page asks for, as JSON, and who does it.

It knows no socket.
"""

import asyncio
import base64
import binascii
from collections.abc import Callable
from typing import Any

from bot.playground.entities import MAX_TEXT, utf16_length
from bot.playground.errors import PlaygroundError
from bot.playground.feed import Event
from bot.playground.gestures import Gestures
from bot.playground.inline import InlineAnswer
from bot.playground.members import Members
from bot.playground.people import People
from bot.playground.service import CallbackAnswer, Service

Asked = dict[str, Any]
Tell = Callable[[Event], None]
# What reading a request raises, if it is none: a field is missing or of another type, a number is none.
NOT_UNDERSTOOD = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
_SWITCHES = ("privacy", "guests", "inline")
_OFFERS_KEPT = 20  # answers to inline queries that the page may still choose from


class Actions:
    """Everything that can be done at the page, by name.

    Args:
        service: Where it all happens.
        members: Who is where, and as what.
        people: What they write.
        gestures: What they do without writing.
    """

    def __init__(self, service: Service, members: Members, people: People, gestures: Gestures) -> None:
        self.service = service
        self._members = members
        self._people = people
        self._gestures = gestures
        self._offers: dict[str, InlineAnswer] = {}

    def do(self, asked: Asked, tell: Tell) -> None:
        """Do what is asked; `tell` takes what only this page is told.

        Raises:
            PlaygroundError, ApiError: It cannot be done.
            NOT_UNDERSTOOD: It is no request.
        """
        action = getattr(self, f"_do_{asked['type']}", None)
        if not callable(action):
            raise PlaygroundError("not understood")
        action(asked, tell)

    # --- the world --------------------------------------------------------------------------------

    def _do_hello(self, asked: Asked, _: Tell) -> None:
        if self.service.world.speak(str(asked["language"])[:10]):
            self.service.changed_world()

    def _do_language(self, asked: Asked, _: Tell) -> None:
        self.service.world.set_language(int(asked["user_id"]), str(asked["language"])[:10])
        self.service.changed_world()

    def _do_switch(self, asked: Asked, _: Tell) -> None:
        if asked["name"] not in _SWITCHES:
            raise PlaygroundError("not understood")
        setattr(self.service, asked["name"], bool(asked["on"]))
        self.service.changed_world()

    # --- writing ----------------------------------------------------------------------------------

    def _do_say(self, asked: Asked, _: Tell) -> None:
        reply_to = asked.get("reply_to")
        for part in parts_of(str(asked["text"])):
            self._people.say(*_who(asked), part, None if reply_to is None else int(reply_to), topic=_topic(asked))
            reply_to = None

    def _do_edit(self, asked: Asked, _: Tell) -> None:
        chat, user = _who(asked)
        self._people.edit(chat, int(asked["message_id"]), user, str(asked["text"]))

    def _do_delete(self, asked: Asked, _: Tell) -> None:
        chat, user = _who(asked)
        self._people.delete(chat, int(asked["message_id"]), user)

    def _do_forward(self, asked: Asked, _: Tell) -> None:
        chat, user = _who(asked)
        self._people.forward(chat, int(asked["message_id"]), user, int(asked["to"]), _topic(asked))

    def _do_file(self, asked: Asked, _: Tell) -> None:
        try:
            content = base64.b64decode(str(asked["content"]), validate=True)
        except binascii.Error as error:
            raise PlaygroundError("the file arrived damaged") from error
        caption = str(asked.get("caption", ""))
        if asked.get("as_photo"):
            self._people.send_photo(*_who(asked), content, caption, _topic(asked))
        else:
            self._people.send_document(*_who(asked), content, str(asked["name"]), caption, _topic(asked))

    # --- doing something with a message -----------------------------------------------------------

    def _do_press(self, asked: Asked, tell: Tell) -> None:
        chat, user = _who(asked)
        press = self._gestures.press(chat, int(asked["message_id"]), str(asked["data"]), user)

        def answered(answer: "asyncio.Future[CallbackAnswer]") -> None:
            if not answer.cancelled():
                said = answer.result()
                tell({"type": "answer", "ref": asked.get("ref"), "text": said.text, "alert": said.show_alert})

        press.answer.add_done_callback(answered)

    def _do_react(self, asked: Asked, _: Tell) -> None:
        chat, user = _who(asked)
        emoji = asked.get("emoji")
        self._gestures.react(chat, int(asked["message_id"]), user, None if emoji is None else str(emoji))

    def _do_vote(self, asked: Asked, _: Tell) -> None:
        chat, user = _who(asked)
        self._gestures.vote(chat, int(asked["message_id"]), user, *(int(option) for option in asked["options"]))

    # --- inline mode ------------------------------------------------------------------------------

    def _do_inline(self, asked: Asked, tell: Tell) -> None:
        ref = str(asked["ref"])[:60]
        ask = self._gestures.ask_inline(*_who(asked), str(asked["query"]))

        def offered(answer: "asyncio.Future[InlineAnswer]") -> None:
            if not answer.cancelled():
                self._keep(ref, answer.result())
                tell({"type": "offers", "ref": ref, **_offers(answer.result())})

        ask.answer.add_done_callback(offered)

    def _do_choose(self, asked: Asked, _: Tell) -> None:
        if (answer := self._offers.get(str(asked["ref"]))) is None:
            raise PlaygroundError("these results are too old: type the query again")
        self._gestures.choose(*_who(asked), answer, str(asked["result"]), _topic(asked))

    def _keep(self, ref: str, answer: InlineAnswer) -> None:
        self._offers[ref] = answer
        while len(self._offers) > _OFFERS_KEPT:
            del self._offers[next(iter(self._offers))]

    # --- members ----------------------------------------------------------------------------------

    def _do_join(self, asked: Asked, _: Tell) -> None:
        self._members.join(*_who(asked), int(asked["by"]))

    def _do_leave(self, asked: Asked, _: Tell) -> None:
        chat, user = _who(asked)
        by = int(asked["by"])
        self._members.leave(chat, user, None if by == user else by)

    def _do_role(self, asked: Asked, _: Tell) -> None:
        anonymous = bool(asked.get("anonymous"))
        self._members.set_role(*_who(asked), str(asked["role"]), int(asked["by"]), anonymous=anonymous)

    def _do_topic(self, asked: Asked, _: Tell) -> None:
        self._members.open_topic(*_who(asked), str(asked["name"]))

    def _do_migrate(self, asked: Asked, tell: Tell) -> None:
        chat, user = _who(asked)
        tell({"type": "moved", "to": self._members.migrate(chat, user)})

    def _do_block(self, asked: Asked, _: Tell) -> None:
        self._members.block(int(asked["user_id"]))


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


def _who(asked: Asked) -> tuple[int, int]:
    return int(asked["chat_id"]), int(asked["user_id"])


def _topic(asked: Asked) -> int:
    return int(asked.get("topic") or 0)


def _offers(answer: InlineAnswer) -> dict[str, Any]:
    results = [{"id": each.id, "title": each.title, "description": each.description} for each in answer.results]
    return {"query": answer.query, "results": results, "button": answer.button}
