"""A call of the Bot API from name to answer: the record, the faults, the flood limits, the method.

It knows no HTTP.
"""

import logging
from dataclasses import dataclass, field
from typing import Any

from bot.playground.calls import Call, CallRecord
from bot.playground.errors import ApiError
from bot.playground.faults import Fault, FaultQueue, Moment
from bot.playground.limits import COUNTED, FloodGuard
from bot.playground.methods import METHODS, Request
from bot.playground.parameters import Parameters
from bot.playground.service import Service

_LOGGER = logging.getLogger(__name__)
_HOLDS = (Moment.HOLD_BEFORE, Moment.HOLD_AFTER)


@dataclass(frozen=True)
class Answer:
    """What goes back over the wire: a status and a JSON body, and how the wire fails, if it does."""

    status: int
    body: dict[str, Any]
    moment: Moment | None = None


@dataclass
class Api:
    """Every method of the Bot API that the playground knows.

    Args:
        service: What the methods act on.
        token: The bot's token.
        guard: Enforces the flood limits; None lets everything through.
    """

    service: Service
    token: str
    guard: FloodGuard | None = None
    calls: CallRecord = field(default_factory=CallRecord)
    faults: FaultQueue = field(default_factory=FaultQueue)

    async def call(self, name: str, given: Parameters) -> Answer:
        """Do what the bot asks; errors become answers."""
        spelled, _ = METHODS.get(name.lower(), (name, None))
        call = self.calls.begin(spelled, given)
        fault = self.faults.take(spelled)
        try:
            answer = await self._do(call, given, fault)
        finally:
            self.calls.end(call)
        if fault is not None and fault.moment is Moment.HOLD_AFTER and fault.release is not None:
            await fault.release.wait()
        return answer

    async def _do(self, call: Call, given: Parameters, fault: Fault | None) -> Answer:
        moment = None if fault is None or fault.moment in _HOLDS else fault.moment
        if fault is not None and fault.moment is Moment.HOLD_BEFORE and fault.release is not None:
            await fault.release.wait()
        if moment is Moment.DROP_BEFORE:
            return Answer(0, {}, moment)
        if fault is not None and fault.error is not None:
            status, body = error_body(fault.error)
        else:
            status, body = await self._execute(call.method, given)
        call.status, call.answer = status, body
        return Answer(status, body, moment)

    async def _execute(self, name: str, given: Parameters) -> tuple[int, dict[str, Any]]:
        request = Request(self.service, given)
        try:
            if (found := METHODS.get(name.lower())) is None:
                raise ApiError(404, "Not Found: method not found")
            if self.guard is not None and name.lower() in COUNTED:
                self.guard.check(request.place())
            return 200, {"ok": True, "result": await found[1](request)}
        except ApiError as error:
            return error_body(error)
        except Exception:  # the server's one outermost edge: the bot gets an answer, the log the traceback
            _LOGGER.exception("the playground failed in %s", name)
            return error_body(ApiError(500, "Internal Server Error"))


def error_body(error: ApiError) -> tuple[int, dict[str, Any]]:
    """The status and the JSON body of an error."""
    body: dict[str, Any] = {"ok": False, "error_code": error.code, "description": error.description}
    hints = {"retry_after": error.retry_after, "migrate_to_chat_id": error.migrate_to}
    if given := {name: value for name, value in hints.items() if value is not None}:
        body["parameters"] = given
    return error.code, body
