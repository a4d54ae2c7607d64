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
from urllib.parse import urlsplit

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

from bot.playground.errors import bad_request
from bot.playground.updates import UpdateQueue

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  the header's name
_SECRET = re.compile(r"[A-Za-z0-9_-]{0,256}")
_LONGEST_PAUSE = 60.0  # seconds


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
        self._client: AsyncHTTPClient | None = None
        self._task: asyncio.Task[None] | None = None
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
        self._updates.webhook_active = True
        self._client = AsyncHTTPClient(force_instance=True)
        self._task = asyncio.create_task(self._push(self._client, self.state), name="playground webhook")

    async def remove(self) -> None:
        """Go back to long polling."""
        self._updates.webhook_active = False
        self.state = None
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        if self._client is not None:
            self._client.close()
            self._client = None

    async def _push(self, client: AsyncHTTPClient, state: WebhookState) -> None:
        pause = self._first_pause
        while True:
            update = await self._updates.first()
            problem = await _post(client, state, update)
            if problem is None:
                self._updates.confirm_below(update["update_id"] + 1)
                pause = self._first_pause
                continue
            state.last_error_date, state.last_error_message = int(time.time()), problem
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)


async def _post(client: AsyncHTTPClient, state: WebhookState, update: dict[str, Any]) -> str | None:
    """Send one update; None if it was taken, else what went wrong."""
    headers = {"Content-Type": "application/json"}
    if state.secret:
        headers[SECRET_HEADER] = state.secret
    request = HTTPRequest(state.url, "POST", headers, json.dumps(update), request_timeout=60, follow_redirects=False)
    try:
        await client.fetch(request)
    except HTTPClientError as error:
        return f"Wrong response from the webhook: {error.code} {error.message}"
    except OSError as error:
        return f"Connection failed: {error.strerror or error}"
    return None


def check_url(url: str) -> None:
    """See that a webhook address is on this machine: the playground calls nobody else.

    Raises:
        ApiError: It is not.
    """
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
