"""What the bot says of itself: its commands by scope and language, its name and descriptions.

It knows no chat and no HTTP.
"""

import re
from typing import Any

from telegram import BotCommand

from bot.playground.errors import bad_request
from bot.playground.world import Room

_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"[a-z]{2}|")
_MAX_COMMANDS = 100
_SCOPES: dict[str, tuple[str, ...]] = {
    "default": (),
    "all_private_chats": (),
    "all_group_chats": (),
    "all_chat_administrators": (),
    "chat": ("chat_id",),
    "chat_administrators": ("chat_id",),
    "chat_member": ("chat_id", "user_id"),
}
Scope = tuple[str, ...]


def read_scope(given: dict[str, Any] | None) -> Scope:
    """A scope as a key.

    Raises:
        ApiError: There is no such scope, or it lacks its chat or user.
    """
    given = given or {"type": "default"}
    kind = given.get("type")
    if not isinstance(kind, str) or kind not in _SCOPES:
        raise bad_request("can't parse BotCommandScope: unsupported type specified")
    if missing := [name for name in _SCOPES[kind] if name not in given]:
        raise bad_request(f"can't parse BotCommandScope: {missing[0]} is required")
    return (kind, *(str(given[name]) for name in _SCOPES[kind]))


def read_language(code: str) -> str:
    """A two-letter language code, or an empty one for all languages."""
    if not _LANGUAGE.fullmatch(code):
        raise bad_request("invalid language code specified")
    return code


def read_commands(given: list[Any] | None) -> tuple[BotCommand, ...]:
    """A list of commands with their descriptions.

    Raises:
        ApiError: One of them is not a command, or they are too many.
    """
    if given is None:
        raise bad_request('parameter "commands" is required')
    if len(given) > _MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    return tuple(_read_command(each) for each in given)


def _read_command(given: Any) -> BotCommand:
    if not isinstance(given, dict):
        raise bad_request("expected an Object as BotCommand")
    command, description = given.get("command"), given.get("description")
    name = command.removeprefix("/") if isinstance(command, str) else ""
    if not _COMMAND.fullmatch(name):
        raise bad_request("BOT_COMMAND_INVALID")
    if not isinstance(description, str) or not 1 <= len(description.strip()) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return BotCommand(name, description.strip())


class Profile:
    """The bot's commands and its texts, by language."""

    def __init__(self) -> None:
        self._commands: dict[tuple[Scope, str], tuple[BotCommand, ...]] = {}
        self._texts: dict[tuple[str, str], str] = {}

    def set_commands(self, scope: Scope, language: str, commands: tuple[BotCommand, ...]) -> None:
        """Set the commands of a scope in a language; none deletes them."""
        if commands:
            self._commands[scope, language] = commands
        else:
            self._commands.pop((scope, language), None)

    def commands(self, scope: Scope, language: str) -> tuple[BotCommand, ...]:
        """The commands of exactly this scope and language."""
        return self._commands.get((scope, language), ())

    def menu(self, room: Room, user_id: int, language: str) -> tuple[BotCommand, ...]:
        """The commands this person sees in this chat, the narrowest scope first."""
        chat, user = str(room.chat.id), str(user_id)
        scopes: list[Scope] = [("chat", chat)]
        if room.is_private:
            scopes += [("all_private_chats",)]
        else:
            scopes.insert(0, ("chat_member", chat, user))
            if room.members.get(user_id) in ("creator", "administrator"):
                scopes.insert(1, ("chat_administrators", chat))
                scopes += [("all_chat_administrators",)]
            scopes += [("all_group_chats",)]
        for scope in (*scopes, ("default",)):
            for code in dict.fromkeys((language[:2], "")):
                if found := self.commands(scope, code):
                    return found
        return ()

    def set_text(self, kind: str, language: str, text: str) -> None:
        """Set the name, description or short_description in a language; an empty one deletes it."""
        if text:
            self._texts[kind, language] = text
        else:
            self._texts.pop((kind, language), None)

    def text(self, kind: str, language: str, default: str = "") -> str:
        """The text in the language, or else in no language."""
        return self._texts.get((kind, language)) or self._texts.get((kind, "")) or default
