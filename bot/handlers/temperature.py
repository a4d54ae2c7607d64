"""How wild a chat's replies are: `/temp` shows it, `/temp <value>` sets it."""

from telegram import Update

from bot.context import BotContext, occasion, phrases_for
from bot.handlers.commands import Call
from bot.handlers.settings import allowed
from bot.languages import N_
from bot.rules.rights import ADMINS_ONLY
from bot.sending.manners import defuse
from bot.sending.replies import reply
from model.config import HIGHEST_TEMPERATURE, LOWEST_TEMPERATURE, parse_temperature
from model.errors import ConfigError

SHOWN = N_(
    "The temperature in this chat is {value:g}. Lower is tamer, higher is wilder: "
    "/temp 0.3 or /temp 1, anything from {low:g} to {high:g}."
)
CHANGED = N_("The temperature is now {new:g}. It was {old:g}.")
REFUSED = N_("I need a temperature from {low:g} to {high:g}, such as 0.7, but got “{got}”. It stays at {value:g}.")

_LIMITS = {"low": LOWEST_TEMPERATURE, "high": HIGHEST_TEMPERATURE}
_SHOWN_CHARACTERS = 20


async def temperature_command(update: Update, call: Call, context: BotContext) -> None:
    """`/temp [value]`; settings belong to the chat."""
    book = context.bot_data.book
    say = await phrases_for(update, context)
    given = call.argument.strip()
    if not given:
        settings = await book.settings(call.message.chat.id)
        await reply(update, say(SHOWN, value=settings.temperature, **_LIMITS), context)
        return
    try:
        new = parse_temperature(given)
    except ConfigError:
        settings = await book.settings(call.message.chat.id)
        got = defuse(given[:_SHOWN_CHARACTERS]) + "…" * (len(given) > _SHOWN_CHARACTERS)
        await reply(update, say(REFUSED, value=settings.temperature, got=got, **_LIMITS), context)
        return
    if not await allowed("temperature", update, call.message, context):
        await reply(update, say(ADMINS_ONLY), context)
        return
    old = await book.set_temperature(occasion(update, call.message, context), new)
    await reply(update, say(CHANGED, new=new, old=old.temperature), context)
