"""What the bot is and how to use it: `/start`, `/help`, and commands that do not exist."""

from telegram import Update

from bot.context import BotContext, is_private, person_of, phrases_for
from bot.handlers.commands import Call
from bot.languages import N_
from bot.menus import Place, commands
from bot.sending.replies import reply

START = N_(
    "Hello! I am a parrot made of numbers: I read a text, character by character, and now I talk like it.\n\n"
    "Give me a beginning and I will go on:\n/seed Once upon a time\n\n/help says more."
)
HELP = N_("/seed <text>: I continue your text. /temp <value> makes me tamer (0.3) or wilder (1).")
IN_PRIVATE = N_("In a private chat you can leave out /seed and just write.")
IN_GROUPS = N_("I speak when I am asked: with a command, by my name, or in answer to what I said.")
_SAID = frozenset({"seed", "temp", "help"})  # what the first sentence says, and what was just asked

UNKNOWN = N_("I don't know that command. /help says what I can do.")


async def start_command(update: Update, call: Call, context: BotContext) -> None:
    """`/start`, which Telegram sends when somebody opens the chat."""
    say = await phrases_for(update, context)
    await reply(update, say(START), context)


async def help_command(update: Update, call: Call, context: BotContext) -> None:
    """`/help`."""
    say = await phrases_for(update, context)
    offered = commands(_place(call, context), say)
    listed = [f"/{command.command}: {command.description}" for command in offered if command.command not in _SAID]
    hint = say(IN_PRIVATE if is_private(call.message) else IN_GROUPS)
    await reply(update, "\n".join([say(HELP), "", *listed, "", hint]), context)


def _place(call: Call, context: BotContext) -> Place:
    if not is_private(call.message):
        return "group"
    person = person_of(call.message)
    return "operator" if person and context.bot_data.access.is_admin(person.id) else "private"


async def unknown_command(update: Update, call: Call, context: BotContext) -> None:
    """Any other command, where it can only be meant for this bot."""
    if call.by_name or is_private(call.message):
        say = await phrases_for(update, context)
        await reply(update, say(UNKNOWN), context)
