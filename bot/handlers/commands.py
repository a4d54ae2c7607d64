"""A command as people write it: in a text or in a caption, with or without the bot's name."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from telegram import Message, MessageEntity, Update
from telegram.ext import BaseHandler

from bot.context import BotContext, said


@dataclass(frozen=True)
class Call:
    """One command: its name in small letters, what follows it, and whether it names this bot."""

    message: Message
    name: str
    argument: str
    by_name: bool


def parse_call(message: Message, username: str) -> Call | None:
    """The command that a message begins with; None where there is none or it is for another bot.

    Only the command and the one space or line break after it are left out of the argument.
    """
    text = message.text or message.caption or ""
    entities = message.entities or message.caption_entities
    first = next((entity for entity in entities if entity.offset == 0), None)
    if first is None or first.type != MessageEntity.BOT_COMMAND:
        return None
    name, _, addressee = text[1 : first.length].partition("@")
    if addressee and addressee.lower() != username.lower():
        return None
    argument = text[first.length :]
    return Call(message, name.lower(), argument[1:] if argument[:1].isspace() else argument, bool(addressee))


Answer = Callable[[Update, Call, BotContext], Awaitable[None]]


class Command(BaseHandler[Update, BotContext, None]):
    """Handles one command in new messages and channel posts; never in edited ones.

    python-telegram-bot's own CommandHandler reads no captions, splits the argument at every space and
    fires on edited messages.
    """

    def __init__(self, name: str | None, answer: Answer) -> None:
        """`name` None stands for every command."""
        super().__init__(self._handle)
        self._name = name
        self._answer = answer

    def check_update(self, update: object) -> Call | None:
        message = said(update) if isinstance(update, Update) else None
        call = message and parse_call(message, message.get_bot().username)
        return call if call and self._name in (None, call.name) else None

    async def handle_update(  # type: ignore[override]
        self, update: Update, application: object, check_result: Call, context: BotContext
    ) -> None:
        await self._answer(update, check_result, context)

    async def _handle(self, update: Update, context: BotContext) -> None:
        """Never called: handle_update passes the parsed command on."""
