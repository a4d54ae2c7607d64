"""What every handler is given: the services of one running bot, typed."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from telegram import Chat as TelegramChat
from telegram import MaybeInaccessibleMessage, Message, MessageOriginUser, Update
from telegram.ext import Application, CallbackContext, ExtBot

from bot.authorization import Authorization
from bot.callbacks import Callbacks
from bot.clock import ServerClock
from bot.generating.voices import Voices
from bot.incoming.inbox import Inbox
from bot.languages import Phrases, phrases
from bot.observability.alarms import Alarms
from bot.observability.metrics import Metrics
from bot.privacy.retention import Retention
from bot.privacy.terms import Terms
from bot.rules.access import Access
from bot.rules.etiquette import Etiquette
from bot.sending.outgoing import RateArgs
from bot.sending.spot import thread_of
from bot.storage.book import SOMEBODY, Book, Occasion
from bot.storage.chats import Chat
from bot.storage.consent_book import ConsentBook
from bot.storage.database import Database
from bot.storage.game_book import GameBook
from bot.storage.users import User
from bot.talking.underway import Underway
from model.errors import CotorraError


@dataclass(frozen=True)
class Services:
    """One bot's parts.

    `life` never ends by itself: it fails with the reason where the bot cannot go on. `access` says who may use
    the bot and who runs it.
    """

    book: Book
    voices: Voices
    inbox: Inbox
    life: "asyncio.Future[None]"
    database: Database
    terms: Terms
    consents: ConsentBook
    retention: Retention
    callbacks: Callbacks
    access: Access
    metrics: Metrics
    clock: ServerClock
    authorization: Authorization
    etiquette: Etiquette = field(default_factory=Etiquette)
    underway: Underway = field(default_factory=Underway)
    alarms: Alarms = field(default_factory=Alarms)
    started: float = field(default_factory=time.monotonic)

    @property
    def games(self) -> GameBook:
        """Quizzes and duels, and who has which points."""
        return GameBook(self.database)

    def fail(self, reason: CotorraError) -> None:
        """End the bot's life, unless it has ended."""
        end(self.life, reason)


def end(life: "asyncio.Future[None]", reason: CotorraError) -> None:
    """Let a bot's life fail, unless it has ended."""
    if not life.done():
        life.set_exception(reason)


Nothing = dict[Any, Any]  # python-telegram-bot's per-chat and per-user stores, which stay empty
BotContext = CallbackContext[ExtBot[RateArgs], Nothing, Nothing, Services]
BotApplication = Application[ExtBot[RateArgs], BotContext, Nothing, Nothing, Services, None]


def said(update: Update) -> Message | None:
    """The new message that an update brings; None for edited messages and everything else."""
    return update.message or update.channel_post


def is_private(message: Message) -> bool:
    """Whether the message is in a chat of one person with the bot."""
    return message.chat.type == TelegramChat.PRIVATE


def person_of(message: Message) -> User | None:
    """Who wrote it; None in channels, and where an administrator or a channel speaks in a group's name.

    Telegram then names a bot in the person's place, the same for everybody.
    """
    person = message.from_user
    if person is None or message.sender_chat is not None:
        return None
    return User(person.id, person.full_name, person.username, person.language_code)


def asker(update: Update, message: MaybeInaccessibleMessage) -> User | None:
    """Who asks for something with an update: who pressed the button under the message, else who wrote it."""
    if update.callback_query is not None:
        person = update.callback_query.from_user
        return User(person.id, person.full_name, person.username, person.language_code)
    return person_of(message) if isinstance(message, Message) else None


def author_of(message: Message) -> int:
    """Whose words a message has: of who wrote what it forwards, else of who wrote it.

    SOMEBODY where Telegram does not tell; also for bots, whose words may have been anybody's.
    """
    origin = message.forward_origin
    if origin is None:
        author = None if message.sender_chat is not None else message.from_user
    else:
        author = origin.sender_user if isinstance(origin, MessageOriginUser) else None
    return SOMEBODY if author is None or author.is_bot else author.id


def occasion(update: Update, message: MaybeInaccessibleMessage, context: BotContext) -> Occasion:
    """Who spoke, or pressed a button, where and when, as the database keeps it; without a person in channels."""
    user = asker(update, message)
    author = author_of(message) if isinstance(message, Message) and message.forward_origin is not None else None
    author = None if user is not None and author == user.id else author
    chat = Chat(message.chat.id, message.chat.type, message.chat.effective_name, message.chat.username)
    now = context.bot_data.clock.now()
    return Occasion(context.bot.id, update.update_id, chat, user, message.message_id, now, thread_of(message), author)


async def phrases_for(update: Update, context: BotContext) -> Phrases:
    """How to speak to whoever an update is from: in the chat's language, else in their own."""
    chat, person = update.effective_chat, update.effective_user
    settings = None if chat is None else await context.bot_data.book.settings(chat.id)
    if settings is not None and settings.language is not None:
        return phrases(settings.language)
    return phrases(None if person is None else person.language_code)
