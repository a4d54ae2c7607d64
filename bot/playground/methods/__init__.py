"""The methods of the Bot API, one small function each, found by name."""

from bot.playground.methods import answers, chats, editing, files, messages, polls, profile, reactions, updates
from bot.playground.methods.registry import METHODS, Request

__all__ = [
    "METHODS",
    "Request",
    "answers",
    "chats",
    "editing",
    "files",
    "messages",
    "polls",
    "profile",
    "reactions",
    "updates",
]
