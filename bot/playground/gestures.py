"""What people do without writing: they press buttons, react, vote, and choose what the bot offers inline.

It knows no HTTP; the page and the tests act through it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from telegram import CallbackQuery, InlineKeyboardButton, Message, MessageReactionUpdated, ReactionTypeEmoji
from telegram.constants import ReactionEmoji

from bot.playground.entities import clean
from bot.playground.errors import NotInTheWorld, PlaygroundError
from bot.playground.identity import is_anonymous
from bot.playground.inline import MAX_QUERY, Asked, InlineAnswer, chosen_update, query_update
from bot.playground.members import Members
from bot.playground.roles import is_administrator
from bot.playground.service import CallbackAnswer, Service
from bot.playground.world import as_json, now

Fits = Callable[[InlineKeyboardButton], bool]


@dataclass(frozen=True)
class Press:
    """A button pressed: the query's id, and the bot's answer once it comes."""

    id: str
    answer: asyncio.Future[CallbackAnswer]


@dataclass(frozen=True)
class Ask:
    """An inline query: its id, and what the bot offers once it does."""

    id: str
    answer: asyncio.Future[InlineAnswer]


class Gestures:
    """What everybody in the world does without writing.

    Args:
        service: Where it all happens.
        members: Who is where, and may do what.
    """

    def __init__(self, service: Service, members: Members) -> None:
        self._service = service
        self._members = members
        self._world = service.world

    def press(self, chat_id: int, message_id: int, data: str, user_id: int) -> Press:
        """Press the button with this callback data below a message.

        Raises:
            NotInTheWorld: There is no such button.
        """
        return self._press(chat_id, message_id, user_id, lambda button: button.callback_data == data, data)

    def press_label(self, chat_id: int, message_id: int, label: str, user_id: int) -> Press:
        """Press the button with this label below a message.

        Raises:
            NotInTheWorld: There is no such button, or it asks the bot nothing (a link, a text to copy).
        """
        return self._press(
            chat_id, message_id, user_id, lambda button: button.text == label and bool(button.callback_data), label
        )

    def react(self, chat_id: int, message_id: int, user_id: int, emoji: str | None) -> None:
        """React to a message; the bot learns of it if it asked and is an administrator, or in private."""
        room, person = self._members.present(chat_id, user_id)
        message = self._world.message(chat_id, message_id)
        if emoji is not None and emoji not in list(ReactionEmoji):
            raise PlaygroundError(f"expected one of Telegram's reactions, got {emoji!r}")
        old = self._service.set_reaction(message, user_id, emoji)
        if room.is_private or is_administrator(room, self._world.bot.id):
            hidden = is_anonymous(room, user_id)
            before, after = ([] if each is None else [ReactionTypeEmoji(each)] for each in (old, emoji))
            who: dict[str, Any] = {"actor_chat": room.chat} if hidden else {"user": person}
            update = MessageReactionUpdated(room.chat, message.message_id, now(), before, after, **who)
            values = {"old_reaction": [], "new_reaction": [], **update.to_dict()}
            self._service.updates.add("message_reaction", values)

    def vote(self, chat_id: int, message_id: int, user_id: int, *options: int) -> None:
        """Vote in a poll, by the options' numbers from 0; none takes the vote back.

        Raises:
            PlaygroundError: The message holds no poll, or the poll does not take this vote.
        """
        room, person = self._members.present(chat_id, user_id)
        poll = self._world.message(chat_id, message_id).poll
        if poll is None:
            raise NotInTheWorld(f"no poll in message {message_id}")
        as_chat = room.chat if is_anonymous(room, user_id) else None
        self._service.polls.vote(poll.id, person, options, as_chat=as_chat)

    def ask_inline(self, chat_id: int, user_id: int, query: str, offset: str = "") -> Ask:
        """Type "@bot query" in a chat: the bot may offer something, or has lately and it still holds.

        Raises:
            PlaygroundError: The bot takes no inline queries, or the person may not use them there.
        """
        if not self._service.inline:
            raise PlaygroundError("inline mode is off")
        room, person = self._members.writer(chat_id, user_id, "other", 0)
        queries, query = self._service.inline_queries, clean(query)[:MAX_QUERY]
        if (known := queries.remembered(user_id, query, offset)) is not None:
            answer: asyncio.Future[InlineAnswer] = asyncio.get_running_loop().create_future()
            answer.set_result(known)
            return Ask("", answer)
        ask = Ask(*queries.open.ask())
        queries.note(ask.id, Asked(user_id, query, offset))
        self._service.updates.add("inline_query", query_update(ask.id, person, room, query, offset))
        return ask

    def choose(self, chat_id: int, user_id: int, answer: InlineAnswer, result_id: str, topic: int = 0) -> Message:
        """Send one of the offered results into the chat, via the bot; the bot learns which."""
        room, person = self._members.writer(chat_id, user_id, "other", topic)
        result = answer.result(result_id)
        message = self._service.post(
            room, person, thread=topic, via_bot=self._world.bot, reply_markup=result.keyboard, **result.content
        )
        name = self._service.inline_messages.add(message)
        chosen = chosen_update(result, person, answer.query, name)
        self._service.updates.add("chosen_inline_result", chosen)
        return message

    def _press(self, chat_id: int, message_id: int, user_id: int, fits: Fits, wanted: str) -> Press:
        _, person = self._members.present(chat_id, user_id)
        message = self._world.message(chat_id, message_id)
        button = _button(message, fits)
        if button is None:
            raise NotInTheWorld(f"no button {wanted!r} below message {message_id}")
        press = Press(*self._service.presses.ask())
        name = self._service.inline_messages.name(message)
        where: dict[str, Any] = {"inline_message_id": name} if name else {"message": message}
        query = CallbackQuery(press.id, person, str(-chat_id), data=str(button.callback_data), **where)
        values = query.to_dict()
        self._service.updates.add("callback_query", values if name else {**values, "message": as_json(message)})
        return press


def _button(message: Message, fits: Fits) -> InlineKeyboardButton | None:
    rows = () if message.reply_markup is None else message.reply_markup.inline_keyboard
    return next((button for row in rows for button in row if fits(button)), None)
