"""Parcels: what is sent once although it is no text: a picture, file or poll. The other half of `bot.sending.delivery`.

After a crash in the moment of sending nobody can tell whether it arrived; then each message that it may be is asked
for: Telegram lets a bot change what is its own, so a harmless change finds it.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from telegram import Chat, InlineKeyboardMarkup, InputFile, InputPollOption, Message, Update
from telegram.error import BadRequest, TelegramError

from bot.context import BotContext
from bot.incoming.inbox import Inbox
from bot.sending.delivery import CATCH_UP, NOT_SENT, REFUSED, begin, meaning, quoting
from bot.sending.outgoing import Departure, PacedBot, Priority
from bot.sending.probing import Probe, Search
from bot.sending.spot import Spot
from bot.storage.deliveries import Delivery


class Parcel(Protocol):
    """Something to send. `note`: what the database keeps of it until the update is done with."""

    @property
    def note(self) -> str: ...

    async def send(self, bot: PacedBot, spot: Spot, departure: Departure) -> Message:
        """Send it. Raises TelegramError."""
        ...

    async def probe(self, bot: PacedBot, chat_id: int, message_id: int) -> Message | None:
        """Change the message in a way that only this parcel stands; None where it is another one.

        Raises BadRequest for what is not ours, and "not modified" for what is ours and stays as it was.
        """
        ...


@dataclass(frozen=True)
class Photo:
    """A picture with a caption."""

    content: bytes
    caption: str

    @property
    def note(self) -> str:
        return self.caption

    async def send(self, bot: PacedBot, spot: Spot, departure: Departure) -> Message:
        return await bot.send_photo(
            spot.chat_id,
            self.content,
            self.caption,
            message_thread_id=spot.thread_id,
            reply_parameters=quoting(spot),
            rate_limit_args=departure,
        )

    async def probe(self, bot: PacedBot, chat_id: int, message_id: int) -> Message | None:
        found = await bot.edit_message_caption(chat_id, message_id, caption=self.caption)
        return found if isinstance(found, Message) and found.photo else None


@dataclass(frozen=True)
class File:
    """A file with a caption."""

    name: str
    content: bytes
    caption: str

    @property
    def note(self) -> str:
        return self.caption

    async def send(self, bot: PacedBot, spot: Spot, departure: Departure) -> Message:
        return await bot.send_document(
            spot.chat_id,
            InputFile(self.content, self.name),
            self.caption,
            message_thread_id=spot.thread_id,
            reply_parameters=quoting(spot),
            rate_limit_args=departure,
        )

    async def probe(self, bot: PacedBot, chat_id: int, message_id: int) -> Message | None:
        found = await bot.edit_message_caption(chat_id, message_id, caption=self.caption)
        return found if isinstance(found, Message) and found.document else None


@dataclass(frozen=True)
class Quiz:
    """A quiz poll in which one sees who voted for what.

    keyboard: made anew for each probe, with another token in its data: so a probe always changes something, and
    Telegram shows the poll.
    """

    question: str
    options: tuple[str, ...]
    correct: Literal[0, 1, 2, 3]
    explanation: str
    keyboard: Callable[[str], InlineKeyboardMarkup]

    @property
    def note(self) -> str:
        return self.question

    async def send(self, bot: PacedBot, spot: Spot, departure: Departure) -> Message:
        return await bot.send_poll(
            spot.chat_id,
            self.question,
            [InputPollOption(option) for option in self.options],
            is_anonymous=False,
            type="quiz",
            correct_option_ids=(self.correct,),
            explanation=self.explanation,
            message_thread_id=spot.thread_id,
            reply_parameters=quoting(spot),
            reply_markup=self.keyboard("sent"),
            rate_limit_args=departure,
        )

    async def probe(self, bot: PacedBot, chat_id: int, message_id: int) -> Message | None:
        keyboard = self.keyboard(secrets.token_urlsafe(6))
        found = await bot.edit_message_reply_markup(chat_id, message_id, reply_markup=keyboard)
        return found if isinstance(found, Message) and found.poll is not None else None


async def send_once(parcel: Parcel, spot: Spot, update: Update, context: BotContext) -> Message | int:
    """Send a parcel in answer to an update, unless it was sent before: the message, or its id where it was.

    An update that is handled again sends nothing again. Raises TelegramError where Telegram does not take it,
    StorageError where the database fails.
    """
    inbox = context.bot_data.inbox
    held = inbox.held(update.update_id)
    (delivery,) = await inbox.mail.plan(held.place, held.next_saying(), spot.chat_id, [parcel.note])
    if delivery.message_id is not None:
        return delivery.message_id
    async with inbox.sending(spot.chat_id):
        return await _send(parcel, delivery, spot, context.bot, inbox)


async def _send(parcel: Parcel, delivery: Delivery, spot: Spot, bot: PacedBot, inbox: Inbox) -> Message | int:
    if delivery.above is not None:
        found = await _find(parcel, delivery, delivery.above, spot, bot, inbox)
        if found is not None:
            await inbox.mail.sent(delivery, found if isinstance(found, int) else found.message_id)
            return found
    begun = delivery

    async def about_to_go() -> None:
        nonlocal begun
        begun = await begin(begun, inbox)

    try:
        message = await parcel.send(bot, spot, Departure(Priority.FINAL, about_to_go))
    except TelegramError as error:
        if begun.above is not None and (isinstance(error, REFUSED) or isinstance(error.__cause__, NOT_SENT)):
            await inbox.mail.take_back(begun)
        raise
    await inbox.mail.sent(begun, message.message_id)
    return message


async def _find(
    parcel: Parcel, delivery: Delivery, above: int, spot: Spot, bot: PacedBot, inbox: Inbox
) -> Message | int | None:
    """The message, if it arrived; its id where Telegram shows no more."""
    if spot.chat_type == Chat.CHANNEL:  # there an administrator's edit would change other people's posts
        return None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CATCH_UP):
            await inbox.caught_up.wait()
    search = Search(delivery.chat_id, above, await inbox.mail.message_ids(delivery.chat_id, above))
    while (candidate := search.next()) is not None:
        try:
            message = await parcel.probe(bot, delivery.chat_id, candidate)
        except BadRequest as error:
            verdict = meaning(error.message.lower())
            if verdict is Probe.OURS:
                return candidate
            search.note(verdict)
        else:
            if message is not None:
                return message
            search.note(Probe.FOREIGN)
    return None
