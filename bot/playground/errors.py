"""The errors of the playground: one tree for who drives it, one answer for the bot.

PlaygroundError          who drives the playground asked for something impossible
├── PortTaken            another program listens on the port
└── NotInTheWorld        no such person, chat, message or button

ApiError                 what the Bot API answers instead of a result
"""

from dataclasses import dataclass


class PlaygroundError(Exception):
    """Who drives the playground asked for something impossible."""


class PortTaken(PlaygroundError):
    """Another program listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} is taken: stop the other program or choose another with --port")
        self.port = port


class NotInTheWorld(PlaygroundError):
    """No such person, chat, message or button."""


@dataclass
class ApiError(Exception):
    """What the Bot API answers instead of a result.

    Args:
        code: The error code, which is the HTTP status too.
        description: The sentence, with its "Bad Request: " in front.
        retry_after: Seconds to wait, with 429 only.
        migrate_to: The supergroup that the group has become.
    """

    code: int
    description: str
    retry_after: int | None = None
    migrate_to: int | None = None

    def __str__(self) -> str:
        return f"{self.code} {self.description}"


def bad_request(reason: str) -> ApiError:
    """An error 400 in Telegram's wording."""
    return ApiError(400, f"Bad Request: {reason}")


def forbidden(reason: str) -> ApiError:
    """An error 403 in Telegram's wording."""
    return ApiError(403, f"Forbidden: {reason}")


def migrated(chat_id: int) -> ApiError:
    """An error 400 that tells where a group has gone."""
    return ApiError(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to=chat_id)


def conflict(reason: str) -> ApiError:
    """An error 409 in Telegram's wording."""
    return ApiError(409, f"Conflict: {reason}")


def too_many_requests(seconds: int) -> ApiError:
    """An error 429 in Telegram's wording."""
    return ApiError(429, f"Too Many Requests: retry after {seconds}", seconds)
