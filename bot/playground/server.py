"""The HTTP face of the Bot API: addresses, bodies, downloads, and connections that break on request."""

import asyncio
import hmac
import json
from collections.abc import Coroutine
from typing import Any

from tornado.web import HTTPError

from bot.playground.api import Answer, Api, error_body
from bot.playground.errors import ApiError
from bot.playground.faults import Moment
from bot.playground.parameters import Parameters, Upload, from_form, from_json
from bot.playground.web import Guarded

MAX_BODY = 52 * 2**20  # bytes; a bot may send files of 50 MB
_OWN_SITES = ("none", "same-origin")  # what browsers say of an address typed in, and of the playground's own page
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class Tasks:
    """Owns the calls that run, so that stopping ends them all."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Answer]] = set()

    def start(self, call: Coroutine[Any, Any, Answer]) -> asyncio.Task[Answer]:
        task = asyncio.create_task(call, name="playground call")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def stop(self) -> None:
        """Cancel what runs, and wait until it has ended."""
        for task in (running := tuple(self._running)):
            task.cancel()
        if running:
            await asyncio.wait(running)


class ApiHandler(Guarded):
    """/bot<TOKEN>/<method>."""

    def initialize(self, api: Api, tasks: Tasks) -> None:
        self._api = api
        self._tasks = tasks
        self._call: asyncio.Task[Answer] | None = None
        self._is_poll = False

    def prepare(self) -> None:
        """Refuse pages of other sites too: of what they ask by GET, as for a picture, no Origin tells.

        The token is no secret to them: it stands in the source.
        """
        super().prepare()
        if self.request.headers.get("Sec-Fetch-Site", "none") not in _OWN_SITES:
            raise HTTPError(403, reason="Forbidden")

    def check_xsrf_cookie(self) -> None:
        """A token in the address is all the authority there is."""

    async def get(self, token: str, name: str) -> None:
        await self._respond(token, name)

    async def post(self, token: str, name: str) -> None:
        await self._respond(token, name)

    async def _respond(self, token: str, name: str) -> None:
        try:
            if not hmac.compare_digest(token.encode(), self._api.token.encode()):
                raise ApiError(401, "Unauthorized")
            given = self._read()
        except ApiError as error:
            self.finish_json(*error_body(error))
            return
        self._is_poll = name.lower() == "getupdates"
        self._call = self._tasks.start(self._api.call(name, given))
        await asyncio.wait({self._call})
        if self._call.cancelled():
            self._hang_up(b"")
        else:
            self._answer(self._call.result())

    def on_connection_close(self) -> None:
        """A poller that went away waits for nothing; any other call is done all the same."""
        if self._is_poll and self._call is not None:
            self._call.cancel()

    def _read(self) -> Parameters:
        request = self.request
        kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind == "application/json":
            query = from_form(request.query_arguments)
            return Parameters({**query.values, **from_json(request.body)})
        if request.body and kind not in _FORMS:
            raise ApiError(400, "Bad Request: unsupported content type")
        files = {name: Upload(given[-1].filename, given[-1].body) for name, given in request.files.items() if given}
        return from_form(request.arguments, files)

    def _answer(self, answer: Answer) -> None:
        if answer.moment in (Moment.DROP_BEFORE, Moment.DROP_AFTER):
            self._hang_up(b"")
        elif answer.moment is Moment.HALF_BODY:
            body = json.dumps(answer.body).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            self._hang_up(head.encode() + body[: len(body) // 2])
        else:
            self.finish_json(answer.status, answer.body)

    def _hang_up(self, last_words: bytes) -> None:
        stream = self.detach()
        if not last_words or stream.closed():
            stream.close()
            return

        def close(written: asyncio.Future[None]) -> None:
            written.exception()  # a reader that has gone meanwhile is no trouble: the stream was to be closed
            stream.close()

        stream.write(last_words).add_done_callback(close)


class DownloadHandler(Guarded):
    """/file/bot<TOKEN>/<path>."""

    def initialize(self, api: Api) -> None:
        self._api = api

    async def get(self, token: str, path: str) -> None:
        if not hmac.compare_digest(token.encode(), self._api.token.encode()):
            raise HTTPError(401)
        if (stored := self._api.service.files.by_path(path)) is None:
            raise HTTPError(404)
        self.set_header("Content-Type", "application/octet-stream")
        self.finish(stored.content)


class MediaHandler(Guarded):
    """/media/<file_id>: a picture shown, or a document saved, by the page."""

    def initialize(self, api: Api) -> None:
        self._api = api

    async def get(self, file_id: str) -> None:
        if (stored := self._api.service.files.by_id(file_id)) is None:
            raise HTTPError(404)
        self.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
        self.set_header("Cache-Control", "private, max-age=86400")
        self.set_header("Content-Type", stored.mime_type if stored.is_photo else "application/octet-stream")
        if not stored.is_photo:
            name = stored.name.encode("ascii", "replace").decode().replace("?", "_")
            self.set_header("Content-Disposition", f'attachment; filename="{name}"')
        self.finish(stored.content)
