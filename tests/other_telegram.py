"""Another fake Telegram, as small as the proofs allow: what they find must not hang on how the playground does things.

What it does its own way: one counter of message ids for all private chats, as Telegram has it; limits that are exact
windows, without a burst; connections that are closed after every answer; ids that need more than 32 bits; updates that
are brought over one connection, which stays open.
"""

import asyncio
import json
import time
from collections import defaultdict, deque
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import httpx
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from benchmarks.proofs.telegram import Seat, Shown

BOT = {"id": 5_000_000_001, "is_bot": True, "first_name": "Bot", "username": "other_bot"}
_NODDED = ("sendChatAction", "setMyCommands", "setMyDescription", "setMyShortDescription")
_AGAIN = 0.5  # seconds until an update is brought again that was not taken
_WRITES = ("sendMessage", "sendMessageDraft", "editMessageText", "editMessageReplyMarkup")


class Refused(Exception):
    """What is answered in place of a result."""

    def __init__(self, code: int, words: str, **parameters: Any) -> None:
        super().__init__(words)
        self.body = {"ok": False, "error_code": code, "description": words, "parameters": parameters}


class Window:
    """So many calls within so many seconds, and not one more."""

    def __init__(self, allowed: int, seconds: float) -> None:
        self._times: deque[float] = deque(maxlen=allowed)
        self._allowed = allowed
        self._seconds = seconds

    def wait(self, now: float) -> float:
        return self._times[0] + self._seconds - now if len(self._times) == self._allowed else 0.0

    def count(self, now: float) -> None:
        self._times.append(now)


class OtherTelegram:
    """One bot, its chats, its updates; also an async context manager."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.token = f"{BOT['id']}:other-token-no-secret"
        self.refusals = 0
        self._chats: dict[int, dict[int, dict[str, Any]]] = defaultdict(dict)  # chat -> message -> as JSON
        self._people = 7_000_000_000
        self._private_ids = 10_000
        self._updates: dict[int, dict[str, Any]] = {}
        self._update_id = 2**33
        self._arrived = asyncio.Event()
        self._webhook = ""
        self._bringing: asyncio.Task[None] | None = None
        self._see: Callable[[Shown], None] = lambda shown: None
        self._overall = Window(30, 1)
        self._of_chats: dict[int, list[Window]] = {}

    # --- people ---------------------------------------------------------------------------------------

    def private_chat(self) -> Seat:
        self._people += 1
        return Seat(self._people, self._people)

    def group(self, people: int) -> tuple[Seat, ...]:
        self._people += 1
        chat_id = -1_000_000_000_000 - self._people
        return tuple(Seat(chat_id, self.private_chat().user_id) for _ in range(people))

    async def say(self, seat: Seat, text: str) -> None:
        person = {"id": seat.user_id, "is_bot": False, "first_name": "P", "language_code": "en"}
        message = self._new(seat.chat_id, text, person)
        if text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
        self._update_id += 1
        self._updates[self._update_id] = {"update_id": self._update_id, "message": message}
        self._arrived.set()

    def watch(self, see: Callable[[Shown], None]) -> None:
        self._see = see

    @property
    def untaken(self) -> int:
        return len(self._updates)

    def _new(self, chat_id: int, text: str, sender: dict[str, Any]) -> dict[str, Any]:
        if chat_id > 0:
            self._private_ids += 1
        number = self._private_ids if chat_id > 0 else len(self._chats[chat_id]) + 1
        chat = {"id": chat_id, "type": "private", "first_name": "P"}
        if chat_id < 0:
            chat = {"id": chat_id, "type": "supergroup", "title": "G"}
        message = {"message_id": number, "date": int(time.time()), "chat": chat, "from": sender, "text": text}
        self._chats[chat_id][number] = message
        return message

    # --- methods --------------------------------------------------------------------------------------

    async def answer(self, method: str, given: dict[str, str]) -> dict[str, Any]:
        """The body of an answer."""
        try:
            if method in _WRITES:
                self._check(int(given["chat_id"]))
            if (do := getattr(self, f"do_{method}", None)) is not None:
                return {"ok": True, "result": await do(given)}
            if method in _NODDED:
                return {"ok": True, "result": True}
            raise Refused(404, "Not Found: method not found")
        except Refused as refusal:
            self.refusals += refusal.body["error_code"] == 429
            return refusal.body

    def _check(self, chat_id: int) -> None:
        now = self._clock()
        own = self._of_chats.setdefault(chat_id, [Window(1, 1)] + ([Window(20, 60)] if chat_id < 0 else []))
        if (wait := max(window.wait(now) for window in (self._overall, *own))) > 0:
            raise Refused(429, "Too Many Requests: retry later", retry_after=int(wait) + 1)
        for window in (self._overall, *own):
            window.count(now)

    async def do_getMe(self, given: dict[str, str]) -> dict[str, Any]:  # noqa: N802  named as Telegram names them
        return BOT

    async def do_getUpdates(self, given: dict[str, str]) -> list[dict[str, Any]]:  # noqa: N802
        for number in [number for number in self._updates if number < int(given.get("offset", "0"))]:
            del self._updates[number]
        if not self._updates:
            self._arrived.clear()
            try:
                await asyncio.wait_for(self._arrived.wait(), float(given.get("timeout", "0")))
            except TimeoutError:
                return []
        return list(self._updates.values())[: int(given.get("limit", "100"))]

    async def do_setWebhook(self, given: dict[str, str]) -> bool:  # noqa: N802
        await self.do_deleteWebhook(given)
        self._webhook = given["url"]
        self._bringing = asyncio.create_task(self._bring(self._webhook, given["secret_token"]))
        return True

    async def do_deleteWebhook(self, given: dict[str, str]) -> bool:  # noqa: N802
        self._webhook = ""
        if self._bringing is not None:
            self._bringing.cancel()
            await asyncio.wait([self._bringing])
            self._bringing = None
        return True

    async def do_getWebhookInfo(self, given: dict[str, str]) -> dict[str, Any]:  # noqa: N802
        waiting = len(self._updates)
        return {"url": self._webhook, "has_custom_certificate": False, "pending_update_count": waiting}

    async def _bring(self, url: str, secret: str) -> None:
        """One update after another, each until it is taken."""
        async with httpx.AsyncClient(headers={"X-Telegram-Bot-Api-Secret-Token": secret}, timeout=60) as client:
            while True:
                if not self._updates:
                    self._arrived.clear()
                    await self._arrived.wait()
                    continue
                number, update = next(iter(self._updates.items()))
                if await _is_taken(client, url, update):
                    del self._updates[number]
                else:
                    await asyncio.sleep(_AGAIN)

    async def do_sendMessage(self, given: dict[str, str]) -> dict[str, Any]:  # noqa: N802
        message = self._new(int(given["chat_id"]), given["text"].strip(), BOT)
        self._show(message)
        return message

    async def do_sendMessageDraft(self, given: dict[str, str]) -> bool:  # noqa: N802
        self._see(Shown(int(given["chat_id"]), None, given["text"]))
        return True

    async def do_editMessageText(self, given: dict[str, str]) -> dict[str, Any]:  # noqa: N802
        message = self._chats[int(given["chat_id"])].get(int(given["message_id"]))
        if message is None:
            raise Refused(400, "Bad Request: message to edit not found")
        if message["from"] is not BOT:
            raise Refused(400, "Bad Request: message can't be edited")
        if message["text"] == given["text"].strip():
            raise Refused(400, "Bad Request: message is not modified")
        message["text"] = given["text"].strip()
        self._show(message)
        return message

    def _show(self, message: dict[str, Any]) -> None:
        self._see(Shown(message["chat"]["id"], message["message_id"], message["text"]))

    # --- the server -----------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        (listening,) = bind_sockets(0, "127.0.0.1")
        self.api_base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        handler = (r"/bot[^/]+/(\w+)", _Handler, {"telegram": self})
        self._server = HTTPServer(Application([handler], log_function=lambda _: None), no_keep_alive=True)
        self._server.add_socket(listening)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._arrived.set()
        await self.do_deleteWebhook({})
        self._server.stop()
        await self._server.close_all_connections()


async def _is_taken(client: httpx.AsyncClient, url: str, update: dict[str, Any]) -> bool:
    try:
        return (await client.post(url, json=update)).is_success
    except httpx.TransportError:  # nobody is there, or was killed while it took the update
        return False


class _Handler(RequestHandler):
    def initialize(self, telegram: OtherTelegram) -> None:
        self._telegram = telegram

    def check_xsrf_cookie(self) -> None:
        """There are no cookies."""

    async def post(self, method: str) -> None:
        body = await self._telegram.answer(method, _fields(self.request))
        self.set_status(body.get("error_code", 200))
        self.finish(json.dumps(body))


def _fields(request: HTTPServerRequest) -> dict[str, str]:
    return {name: values[-1].decode() for name, values in request.arguments.items()}
