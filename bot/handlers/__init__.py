"""One file per conversation; here they are joined to an application, in the order they are asked."""

from telegram import Update
from telegram.ext import (
    CallbackQueryHandler,
    ChatMemberHandler,
    ChosenInlineResultHandler,
    InlineQueryHandler,
    MessageHandler,
    MessageReactionHandler,
    PollAnswerHandler,
    TypeHandler,
    filters,
)

from bot.context import BotApplication
from bot.handlers.about import about_command
from bot.handlers.addressed import Addressed
from bot.handlers.admin import of_operator, reload_command, stats_command
from bot.handlers.chime_in import ChimeIn
from bot.handlers.commands import Answer, Command
from bot.handlers.duel import ACTIONS as DUEL
from bot.handlers.duel import duel_command
from bot.handlers.errors import on_error
from bot.handlers.etiquette import etiquette
from bot.handlers.gate import gate
from bot.handlers.guest import on_guest_message
from bot.handlers.help import help_command, start_command, unknown_command
from bot.handlers.inline import Inline, on_choice
from bot.handlers.membership import on_membership, on_migration, skip_silent
from bot.handlers.presses import Presses
from bot.handlers.privacy import ACTIONS as PRIVACY
from bot.handlers.privacy import ask_once, forget_command, my_data_command, privacy_command
from bot.handlers.quiz import ACTIONS as QUIZ
from bot.handlers.quiz import on_poll_answer, quiz_command, top_command
from bot.handlers.reactions import on_reaction
from bot.handlers.seed import plain_message, seed_command
from bot.handlers.settings import ACTIONS as SETTINGS
from bot.handlers.settings import length_command, settings_command, voice_command
from bot.handlers.surprise import surprise_command
from bot.handlers.takes import ACTIONS as TAKES
from bot.handlers.takes import again_command, more_command
from bot.handlers.temperature import temperature_command
from bot.handlers.why import why_command

# What Telegram is asked for: the kinds of updates that some handler here answers to, and no other.
UPDATES = (
    "message",
    "channel_post",
    "callback_query",
    "poll_answer",
    "message_reaction",
    "inline_query",
    "chosen_inline_result",
    "guest_message",
    "my_chat_member",
)

COMMANDS: tuple[tuple[str, Answer], ...] = (
    ("start", start_command),
    ("help", help_command),
    ("about", about_command),
    ("stats", of_operator(stats_command)),
    ("reload", of_operator(reload_command)),
    ("seed", seed_command),
    ("more", more_command),
    ("again", again_command),
    ("why", why_command),
    ("temp", temperature_command),
    ("surprise", surprise_command),
    ("quiz", quiz_command),
    ("top", top_command),
    ("duel", duel_command),
    ("length", length_command),
    ("settings", settings_command),
    ("voice", voice_command),
    ("privacy", privacy_command),
    ("mydata", my_data_command),
    ("forget", forget_command),
)

_FIRST, _SECOND, _THIRD = -3, -2, -1  # before all others
_AFTER_ALL = 1


def add_handlers(application: BotApplication) -> None:
    """Everything that the bot answers to."""
    application.add_handler(TypeHandler(Update, gate), group=_FIRST)
    application.add_handler(TypeHandler(Update, skip_silent), group=_SECOND)
    application.add_handler(TypeHandler(Update, etiquette), group=_THIRD)
    for name, answer in COMMANDS:
        application.add_handler(Command(name, answer))
    application.add_handler(Command(None, unknown_command))
    application.add_handler(Addressed())
    new_private = filters.ChatType.PRIVATE & filters.UpdateType.MESSAGE & ~filters.StatusUpdate.ALL
    application.add_handler(MessageHandler(new_private, plain_message))
    application.add_handler(CallbackQueryHandler(Presses({**PRIVACY, **TAKES, **SETTINGS, **QUIZ, **DUEL}).handle))
    application.add_handler(PollAnswerHandler(on_poll_answer))
    application.add_handler(MessageReactionHandler(on_reaction))
    application.add_handler(InlineQueryHandler(Inline().on_query))
    application.add_handler(ChosenInlineResultHandler(on_choice))
    application.add_handler(MessageHandler(filters.UpdateType.GUEST_MESSAGE, on_guest_message))
    application.add_handler(ChatMemberHandler(on_membership))
    application.add_handler(MessageHandler(filters.StatusUpdate.MIGRATE, on_migration))
    application.add_handler(ChimeIn())
    application.add_handler(TypeHandler(Update, ask_once), group=_AFTER_ALL)
    application.add_error_handler(on_error)
