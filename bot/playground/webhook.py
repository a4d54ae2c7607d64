"""Updates pushed to the bot's own address, tried again with a growing pause until it takes them.

It knows no chat. One update at a time, in order.
"""

import asyncio
import contextlib
import ipaddress
import json
import re
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from bot.playground.errors import bad_request
from bot.playground.updates import UpdateQueue

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  the header's name
_SECRET = re.compile(r"[A-Za-z0-9_-]{0,256}")
_LONGEST_PAUSE = 60.0  # seconds
_PATIENCE = 60.0  # seconds for one call
_ADDRESS = re.compile(r"[!-~]{1,2048}")  # printable ASCII without spaces: nothing that could end a header


@dataclass
class WebhookState:
    """Where updates go, and how that went last."""

    url: str
    secret: str
    last_error_date: int | None = None
    last_error_message: str | None = None


class Webhook:
    """Pushes each update of a queue to an address on this machine.

    Args:
        updates: The queue.
        first_pause: Seconds before the second try; each later pause is twice as long.
    """

    def __init__(self, updates: UpdateQueue, first_pause: float = 0.5) -> None:
        self._updates = updates
        self._first_pause = first_pause
        self._task: asyncio.Task[None] | None = None
        self._failed = asyncio.Event()
        self.state: WebhookState | None = None

    async def set(self, url: str, secret: str) -> None:
        """Send updates to this address from now on.

        Raises:
            ApiError: The address is not on this machine, or the secret has other characters than A-Za-z0-9_-.
        """
        check_url(url)
        if not _SECRET.fullmatch(secret):
            raise bad_request("secret token contains unallowed characters")
        await self.remove()
        self.state = WebhookState(url, secret)
        self._failed.clear()
        self._updates.webhook_active = True
        self._task = asyncio.create_task(self._push(self.state), name="playground webhook")

    async def remove(self) -> None:
        """Go back to long polling."""
        self._updates.webhook_active = False
        self.state = None
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def failed(self) -> None:
        """Return as soon as an update was not taken."""
        await self._failed.wait()

    async def _push(self, state: WebhookState) -> None:
        pause = self._first_pause
        while True:
            update = await self._updates.first()
            problem = await _post(state, update)
            if problem is None:
                self._updates.confirm_below(update["update_id"] + 1)
                pause = self._first_pause
                continue
            self._failed.set()
            state.last_error_date, state.last_error_message = int(time.time()), problem
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)


async def _post(state: WebhookState, update: dict[str, Any]) -> str | None:
    """Send one update; None if it was taken, else what went wrong.

    By plain streams, so that a call cancelled half-way closes its connection and is over.
    """
    parts = urlsplit(state.url)
    secure = parts.scheme == "https"
    try:
        async with asyncio.timeout(_PATIENCE):
            reader, writer = await asyncio.open_connection(
                parts.hostname, parts.port or (443 if secure else 80), ssl=secure or None
            )
            try:
                writer.write(_request(parts, state.secret, json.dumps(update).encode()))
                await writer.drain()
                status = (await reader.readline()).decode("latin-1").split(maxsplit=2)[1:]
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except TimeoutError:
        return "Read timeout expired"
    except (OSError, ValueError) as error:
        return f"Connection failed: {error}"
    if status and status[0].startswith("2"):
        return None
    return f"Wrong response from the webhook: {' '.join(status).strip() or 'none'}"


def _request(parts: SplitResult, secret: str, body: bytes) -> bytes:
    """The bytes of one POST."""
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [
        f"POST {target} HTTP/1.1",
        f"Host: {parts.netloc.rpartition('@')[2]}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *([f"{SECRET_HEADER}: {secret}"] if secret else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def check_url(url: str) -> None:
    """See that a webhook address is on this machine: the playground calls nobody else.

    Raises:
        ApiError: It is not.
    """
    if not _ADDRESS.fullmatch(url):
        raise bad_request("bad webhook: invalid URL specified")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError as error:
        raise bad_request("bad webhook: invalid URL specified") from error
    if parts.scheme not in ("http", "https") or not _is_loopback(host):
        raise bad_request("bad webhook: the playground sends updates only to this machine")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
