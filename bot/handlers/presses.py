"""What happens when a button is pressed: the data is checked, its action found, and the press always answered."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from telegram import CallbackQuery, InlineKeyboardButton, Message, Update
from telegram.error import BadRequest

from bot.callbacks import OLD, Callback
from bot.context import BotContext, phrases_for
from bot.errors import CallbackRefused, StateGone
from bot.handlers.errors import SORRY, passes
from bot.languages import N_

_log = logging.getLogger(__name__)

NOT_YOURS = N_("This button is for somebody else.")


@dataclass
class Press:
    """A button that somebody pressed, checked. `message` is None where it is too old."""

    query: CallbackQuery
    callback: Callback
    is_answered: bool = False

    @property
    def message(self) -> Message | None:
        message = self.query.message
        return message if isinstance(message, Message) else None

    async def answer(self, said: str | None = None) -> None:
        """End the button's spinning now, as before something that takes long; what the handler returns is said if not.

        said: up to 200 characters.
        """
        self.is_answered = True
        try:
            await self.query.answer(said)
        except BadRequest as error:  # it waited for too long: nobody looks at it any more
            _log.debug("a press came too late: %s", type(error).__name__)


Answer = Callable[[Update, Press, BotContext], Awaitable[str | None]]  # what the press says, if anything


@dataclass(frozen=True)
class Action:
    """What a button does. `owner_only`: nobody but the person it is bound to may press it."""

    answer: Answer
    owner_only: bool = True


class Presses:
    """The one handler of presses: a table from action to what it does."""

    def __init__(self, actions: Mapping[str, Action]) -> None:
        self._actions = dict(actions)

    async def handle(self, update: Update, context: BotContext) -> None:
        """Do what the button says. The press is answered, or the button would spin for a minute.

        What fails for the moment is tried again, and answered then: until it is done, the button may well spin.
        """
        query = update.callback_query
        if query is None:
            return
        press, said = Press(query, Callback("")), SORRY
        try:
            say = await phrases_for(update, context)
            said = say(SORRY)
            press.callback, action = self._read(query, context)
            said = await action.answer(update, press, context) or ""
        except (CallbackRefused, StateGone) as refusal:
            said = say.of(refusal)
        except Exception as error:
            if not passes(error) and not press.is_answered:
                await press.answer(said)
            raise
        if not press.is_answered:
            await press.answer(said or None)

    def _read(self, query: CallbackQuery, context: BotContext) -> tuple[Callback, Action]:
        """Raises CallbackRefused."""
        if query.message is None:  # under an inline message, where no button of ours says anything to us
            raise CallbackRefused(OLD)
        callback = context.bot_data.callbacks.read(query.data or "", query.message.chat.id)
        action = self._actions.get(callback.action)
        if action is None:
            raise CallbackRefused(OLD)
        if action.owner_only and callback.owner != query.from_user.id:
            raise CallbackRefused(NOT_YOURS)
        return callback, action


def button(label: str, callback: Callback, chat_id: int | None, context: BotContext) -> InlineKeyboardButton:
    """A button that does what the callback says, in this chat alone."""
    return InlineKeyboardButton(label, callback_data=context.bot_data.callbacks.data(callback, chat_id))
