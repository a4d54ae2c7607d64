"""Menus: which commands Telegram offers where, in whose language, and what the bot says of itself in its profile."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from telegram import (
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeDefault,
)

from bot.languages import LANGUAGES, N_, SOURCE, Phrases, phrases

Place = Literal["private", "group", "operator"]

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
    ("about", N_("What I am, and who runs me")),
    ("help", N_("What I can do")),
)
OPERATOR = (
    ("stats", N_("How I am doing")),
    ("reload", N_("Load checkpoints that have changed")),
)
DESCRIPTION = N_(
    "I am a parrot made of numbers: I read a text, character by character, and now I talk like it. Give me a beginning "
    "and I will go on, here or in a group. I am a small network and not a person: what I say is made up."
)
SHORT_DESCRIPTION = N_("A parrot made of numbers. Give me a beginning and I will go on.")

# What the same commands do in a group.
_IN_GROUPS = {
    "mydata": N_("All that I keep about you, as a file in our private chat"),
    "forget": N_("Erase all that I keep about you, or about this group"),
}


@dataclass(frozen=True)
class Menu:
    """The commands of one place in one language; `language` None for everybody whose language has none."""

    scope: BotCommandScope
    language: str | None
    commands: tuple[BotCommand, ...]


def commands(place: Place, say: Phrases) -> tuple[BotCommand, ...]:
    """The commands that one can use in such a place: Telegram offers them while one types, /help lists them."""
    offered = (*MENU, *OPERATOR) if place == "operator" else MENU
    otherwise = _IN_GROUPS if place == "group" else {}
    return tuple(BotCommand(name, say(otherwise.get(name, description))) for name, description in offered)


def menus(admin_ids: Iterable[int] = ()) -> list[Menu]:
    """Every menu: for each place in each language, and for the private chats of those who run the bot."""
    places: list[tuple[BotCommandScope, Place]] = [
        (BotCommandScopeDefault(), "private"),
        (BotCommandScopeAllPrivateChats(), "private"),
        (BotCommandScopeAllGroupChats(), "group"),
        *((BotCommandScopeChat(admin_id), "operator") for admin_id in sorted(admin_ids)),
    ]
    return [
        Menu(scope, None if language == SOURCE else language, commands(place, phrases(language)))
        for scope, place in places
        for language in LANGUAGES
    ]
