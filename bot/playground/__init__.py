"""A Telegram for one machine: a Bot API server and a chat page, in one process."""

from bot.playground.errors import ApiError, NotInTheWorld, PlaygroundError, PortTaken
from bot.playground.limits import FloodLimits
from bot.playground.playground import DEFAULT_TOKEN, Playground
from bot.playground.roles import Permissions

__all__ = [
    "DEFAULT_TOKEN",
    "ApiError",
    "FloodLimits",
    "NotInTheWorld",
    "Permissions",
    "Playground",
    "PlaygroundError",
    "PortTaken",
]
