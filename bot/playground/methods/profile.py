"""The bot itself: who it is, its commands, its name and descriptions."""

from typing import Any

from bot.playground.errors import bad_request
from bot.playground.methods.registry import Request, method
from bot.playground.profile import read_commands, read_language, read_scope

# parameter and method suffix -> the most characters
_TEXTS = {"name": 64, "description": 512, "short_description": 120}


@method("getMe")
async def get_me(request: Request) -> dict[str, Any]:
    """The bot's own user, with what only the bot is told."""
    return {
        **request.service.world.bot.to_dict(),
        "can_join_groups": True,
        "supports_inline_queries": request.service.inline,
        "supports_guest_queries": request.service.guests,
        "can_read_all_group_messages": not request.service.privacy,
    }


@method("setMyCommands")
async def set_my_commands(request: Request) -> bool:
    """The commands of a scope in a language."""
    commands = read_commands(request.parameters.json_list("commands"))
    request.service.profile.set_commands(*_scope(request), commands)
    request.service.changed_world()
    return True


@method("deleteMyCommands")
async def delete_my_commands(request: Request) -> bool:
    """No commands in a scope and a language."""
    request.service.profile.set_commands(*_scope(request), ())
    request.service.changed_world()
    return True


@method("getMyCommands")
async def get_my_commands(request: Request) -> list[dict[str, Any]]:
    """The commands of exactly this scope and language."""
    return [command.to_dict() for command in request.service.profile.commands(*_scope(request))]


def _scope(request: Request) -> tuple[tuple[str, ...], str]:
    given = request.parameters
    return read_scope(given.json_object("scope")), read_language(given.text("language_code"))


def _set(kind: str, request: Request) -> bool:
    text = request.parameters.text(kind)
    if len(text) > _TEXTS[kind]:
        raise bad_request(f"{kind} is too long")
    request.service.profile.set_text(kind, read_language(request.parameters.text("language_code")), text)
    return True


def _get(kind: str, request: Request, default: str = "") -> dict[str, str]:
    language = read_language(request.parameters.text("language_code"))
    return {kind: request.service.profile.text(kind, language, default)}


@method("setMyName")
async def set_my_name(request: Request) -> bool:
    """The bot's name in a language."""
    return _set("name", request)


@method("getMyName")
async def get_my_name(request: Request) -> dict[str, str]:
    """The bot's name in a language."""
    return _get("name", request, request.service.world.bot.first_name)


@method("setMyDescription")
async def set_my_description(request: Request) -> bool:
    """What an empty chat with the bot shows."""
    return _set("description", request)


@method("getMyDescription")
async def get_my_description(request: Request) -> dict[str, str]:
    """What an empty chat with the bot shows."""
    return _get("description", request)


@method("setMyShortDescription")
async def set_my_short_description(request: Request) -> bool:
    """What the bot's profile shows."""
    return _set("short_description", request)


@method("getMyShortDescription")
async def get_my_short_description(request: Request) -> dict[str, str]:
    """What the bot's profile shows."""
    return _get("short_description", request)
