"""What the bot is and how to use it: `/start`, `/help`, and commands that do not exist."""

from telegram import BotCommand, Update

from bot.context import BotContext, is_private
from bot.handlers.commands import Call
from bot.replies import reply

START = (
    "Hello! I am a parrot made of numbers: I read a text, character by character, and now I talk like it.\n\n"
    "Give me a beginning and I will go on:\n/seed Once upon a time\n\n/help says more."
)
HELP = (
    "/seed <text>: I continue your text.\n"
    "/temp: how wild I am in this chat.\n"
    "/temp <value>: make me tamer (0.3) or wilder (1).\n"
    "/privacy: whether I may keep your words. /mydata: all that I keep about you. /forget: erase it.\n\n"
    "In a private chat you can leave out /seed and just write."
)
UNKNOWN = "I don't know that command. /help says what I can do."

MENU = (
    BotCommand("seed", "Continue a text"),
    BotCommand("temp", "Show or set how wild I am"),
    BotCommand("privacy", "Whether I may keep your words"),
    BotCommand("mydata", "All that I keep about you, as a file"),
    BotCommand("forget", "Erase all that I keep about you"),
    BotCommand("help", "What I can do"),
)


async def start_command(update: Update, call: Call, context: BotContext) -> None:
    """`/start`, which Telegram sends when somebody opens the chat."""
    await reply(update, START, context)


async def help_command(update: Update, call: Call, context: BotContext) -> None:
    """`/help`."""
    await reply(update, HELP, context)


async def unknown_command(update: Update, call: Call, context: BotContext) -> None:
    """Any other command, where it can only be meant for this bot."""
    if call.by_name or is_private(call.message):
        await reply(update, UNKNOWN, context)
