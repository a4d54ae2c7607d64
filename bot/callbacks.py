"""Callback data: what a button carries, signed and bound to its chat, so that a crafted one does nothing.

Knows no handlers: `bot.handlers.presses` finds the one for an action. The key comes from the bot's token, so that
buttons survive a restart, and die with the token.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass

from bot.errors import CallbackRefused
from bot.languages import N_

OLD = N_("This button is from another time. Please ask again.")
LONGEST = 64  # bytes, Telegram's limit
_MAC = 12  # bytes: 96 bits, since nobody can try out more than Telegram delivers
_FORM = re.compile(r"([a-z.]{1,12}):([A-Za-z0-9_,-]{0,22}):([0-9a-z]{0,11}):([A-Za-z0-9_-]{16})")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Callback:
    """What a button means.

    action: which handler, in small letters and dots. argument: up to 22 letters, digits, `_`, `,` or `-`.
    owner: the only person it is for, as far as the handler cares; None for nobody in particular.
    """

    action: str
    argument: str = ""
    owner: int | None = None

    def numbers(self, count: int = 1) -> list[int]:
        """The argument as so many numbers with dashes between. Raises CallbackRefused, as for an older version's."""
        parts = self.argument.split("-")
        if len(parts) != count or not all(re.fullmatch(r"[0-9]{1,18}", part) for part in parts):
            raise CallbackRefused(OLD)
        return [int(part) for part in parts]


class Callbacks:
    """Writes callback data and reads it back."""

    def __init__(self, token: str) -> None:
        self._key = hashlib.blake2b(b"cotorra callbacks 1", key=hashlib.sha256(token.encode()).digest()).digest()

    def data(self, callback: Callback, chat_id: int | None) -> str:
        """The data for a button in this chat (None: of an inline message), 64 bytes at most.

        Raises ValueError for an action or an argument outside its form.
        """
        owner = "" if callback.owner is None else _base36(callback.owner)
        head = f"{callback.action}:{callback.argument}:{owner}"
        data = f"{head}:{self._mac(head, chat_id)}"
        if not _FORM.fullmatch(data) or len(data) > LONGEST:
            raise ValueError(f"expected a short action and argument, got {head!r}")
        return data

    def read(self, data: str, chat_id: int | None) -> Callback:
        """What data() was given for this chat. Raises CallbackRefused for everything else."""
        form = _FORM.fullmatch(data)
        if form is None:
            raise CallbackRefused(OLD)
        action, argument, owner, mac = form.groups()
        if not hmac.compare_digest(mac, self._mac(f"{action}:{argument}:{owner}", chat_id)):
            raise CallbackRefused(OLD)
        return Callback(action, argument, int(owner, 36) if owner else None)

    def _mac(self, head: str, chat_id: int | None) -> str:
        message = f"{head}@{'' if chat_id is None else chat_id}".encode()
        digest = hmac.digest(self._key, message, "sha256")[:_MAC]
        return base64.urlsafe_b64encode(digest).decode()


def _base36(number: int) -> str:
    if number < 0:
        raise ValueError(f"expected the id of a person, got {number}")
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
        if not number:
            return text
