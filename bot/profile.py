"""The profile: Telegram is told the menus and the descriptions, where they are not as they should be. Decoration."""

import logging
from collections.abc import Iterable

from telegram import BotCommand, BotCommandScopeChat, BotDescription, BotShortDescription
from telegram.error import BadRequest, TelegramError

from bot.languages import LANGUAGES, SOURCE, phrases
from bot.menus import DESCRIPTION, SHORT_DESCRIPTION, Menu, menus
from bot.sending.outgoing import PacedBot

# What python-telegram-bot raises where a server answers something else than Telegram would.
_UNREADABLE = (TypeError, ValueError, AttributeError, LookupError)
_log = logging.getLogger(__name__)


async def tell_profile(bot: PacedBot, admin_ids: Iterable[int]) -> None:
    """Set what differs; reading costs nothing, while Telegram allows few changes an hour.

    What the operator told @BotFather of the bot stays. The name is theirs in any case.
    """
    try:
        for menu in menus(admin_ids):
            await _offer(bot, menu)
        await _describe(bot)
    except (TelegramError, *_UNREADABLE) as error:  # the bot talks without it
        _log.warning("the menus or the description were not set: %s", type(error).__name__)


async def _offer(bot: PacedBot, menu: Menu) -> None:
    try:
        # Typed by hand: python-telegram-bot's rate limiter hides what the calls return.
        offered: tuple[BotCommand, ...] = await bot.get_my_commands(menu.scope, menu.language)
        if offered != menu.commands:
            await bot.set_my_commands(menu.commands, menu.scope, menu.language)
    except BadRequest as error:
        if not isinstance(menu.scope, BotCommandScopeChat):
            raise
        _log.debug("an administrator of the bot has not opened a chat with it: %s", type(error).__name__)


async def _describe(bot: PacedBot) -> None:
    ours = {phrases(language)(text) for language in LANGUAGES for text in (DESCRIPTION, SHORT_DESCRIPTION)}
    described: BotDescription = await bot.get_my_description()
    if described.description in ("", *ours):
        for language, words in _by_language(DESCRIPTION):
            described = await bot.get_my_description(language)
            if described.description != words:
                await bot.set_my_description(words, language)
    shortly: BotShortDescription = await bot.get_my_short_description()
    if shortly.short_description in ("", *ours):
        for language, words in _by_language(SHORT_DESCRIPTION):
            shortly = await bot.get_my_short_description(language)
            if shortly.short_description != words:
                await bot.set_my_short_description(words, language)


def _by_language(text: str) -> list[tuple[str | None, str]]:
    return [(None if language == SOURCE else language, phrases(language)(text)) for language in LANGUAGES]
