"""What the bot is and how to use it: `/start`, `/help`, and commands that do not exist."""

from telegram import BotCommand, Update

from bot.context import BotContext, is_private, phrases_for
from bot.handlers.commands import Call
from bot.languages import N_, Phrases
from bot.replies import reply

START = N_(
    "Hello! I am a parrot made of numbers: I read a text, character by character, and now I talk like it.\n\n"
    "Give me a beginning and I will go on:\n/seed Once upon a time\n\n/help says more."
)
HELP = N_(
    "/seed <text>: I continue your text.\n"
    "/more: I go on where I stopped. /again: another take. In answer to a reply of mine: of that one.\n"
    "/why: how I came to say that.\n"
    "/temp: how wild I am in this chat.\n"
    "/temp <value>: make me tamer (0.3) or wilder (1).\n"
    "/privacy: whether I may keep your words. /mydata: all that I keep about you. /forget: erase it.\n\n"
    "In a private chat you can leave out /seed and just write."
)
UNKNOWN = N_("I don't know that command. /help says what I can do.")

MENU = (
    ("seed", N_("Continue a text")),
    ("more", N_("Go on where I stopped")),
    ("again", N_("Another take of my last reply")),
    ("why", N_("How I came to say that")),
    ("temp", N_("Show or set how wild I am")),
    ("surprise", N_("A picture of what surprised me in a text")),
    ("quiz", N_("Which of four lines is real?")),
    ("duel", N_("Two of me go on with your text; you vote")),
    ("top", N_("Who saw through me most often")),
    ("length", N_("Show or set how much I write")),
    ("settings", N_("How I talk in this chat")),
    ("voice", N_("Whose voice I have")),
    ("privacy", N_("Whether I may keep your words")),
    ("mydata", N_("All that I keep about you, as a file")),
    ("forget", N_("Erase all that I keep about you")),
    ("help", N_("What I can do")),
)


def menu(say: Phrases) -> list[BotCommand]:
    """The commands that Telegram offers while one types."""
    return [BotCommand(name, say(description)) for name, description in MENU]


async def start_command(update: Update, call: Call, context: BotContext) -> None:
    """`/start`, which Telegram sends when somebody opens the chat."""
    say = await phrases_for(update, context)
    await reply(update, say(START), context)


async def help_command(update: Update, call: Call, context: BotContext) -> None:
    """`/help`."""
    say = await phrases_for(update, context)
    await reply(update, say(HELP), context)


async def unknown_command(update: Update, call: Call, context: BotContext) -> None:
    """Any other command, where it can only be meant for this bot."""
    if call.by_name or is_private(call.message):
        say = await phrases_for(update, context)
        await reply(update, say(UNKNOWN), context)
