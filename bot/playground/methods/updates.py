"""Receiving updates: long polling and webhooks."""

from typing import Any

from telegram import WebhookInfo

from bot.playground.errors import bad_request, conflict
from bot.playground.methods.registry import Request, method
from bot.playground.updates import DEFAULT_KINDS, MAX_LIMIT


def _allow(request: Request) -> None:
    kinds = request.parameters.json_list("allowed_updates")
    if kinds is not None and not all(isinstance(kind, str) for kind in kinds):
        raise bad_request("allowed_updates must be a list of strings")
    request.service.updates.allow(kinds)


@method("getUpdates")
async def get_updates(request: Request) -> list[dict[str, Any]]:
    """The updates from an offset on; waits for one at most `timeout` seconds."""
    given, updates = request.parameters, request.service.updates
    limit = given.integer("limit", MAX_LIMIT)
    offset, timeout = given.integer("offset", 0), given.integer("timeout", 0)
    if not updates.webhook_active:
        _allow(request)
    return await updates.poll(
        offset=offset, limit=limit if 1 <= limit <= MAX_LIMIT else MAX_LIMIT, timeout=max(timeout, 0)
    )


@method("setWebhook")
async def set_webhook(request: Request) -> bool:
    """Push updates to an address from now on; an empty one ends it."""
    service, given = request.service, request.parameters
    if not given.has("url"):
        return bool(await delete_webhook(request))
    await service.webhook.set(given.text("url"), given.text("secret_token"))
    _allow(request)
    service.updates.end_poll(conflict("terminated by setWebhook request"))
    if given.boolean("drop_pending_updates"):
        service.updates.clear()
    return True


@method("deleteWebhook")
async def delete_webhook(request: Request) -> bool:
    """Go back to long polling."""
    await request.service.webhook.remove()
    if request.parameters.boolean("drop_pending_updates"):
        request.service.updates.clear()
    return True


@method("getWebhookInfo")
async def get_webhook_info(request: Request) -> dict[str, Any]:
    """Where updates go, and how many wait."""
    updates, state = request.service.updates, request.service.webhook.state
    info = WebhookInfo(
        url="" if state is None else state.url,
        has_custom_certificate=False,
        pending_update_count=len(updates),
        allowed_updates=None if updates.allowed == DEFAULT_KINDS else sorted(updates.allowed),
        last_error_message=None if state is None else state.last_error_message,
    ).to_dict()
    if state is not None and state.last_error_date is not None:
        info["last_error_date"] = state.last_error_date
    return info


@method("logOut")
async def log_out(_: Request) -> bool:
    """Nothing to log out of: there is one server."""
    return True


@method("close")
async def close(_: Request) -> bool:
    """Nothing to move to another server."""
    return True
