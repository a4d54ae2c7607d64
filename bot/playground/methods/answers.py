"""Answers to what people ask the bot: presses of buttons, inline queries, guest messages."""

from typing import Any

from bot.playground.entities import clean, utf16_length
from bot.playground.errors import bad_request
from bot.playground.inline import InlineAnswer, InlineResult
from bot.playground.methods.content import read_keyboard, read_link_preview, read_text
from bot.playground.methods.registry import Request, method
from bot.playground.parameters import Parameters, nested
from bot.playground.service import CallbackAnswer

_MAX_RESULTS = 50
_MAX_NAME = 64  # bytes
_CACHE_TIME = 300  # seconds, unless the bot says another


@method("answerCallbackQuery")
async def answer_callback_query(request: Request) -> bool:
    """Answer a press of a button; once, and not too late."""
    given = request.parameters
    query_id = given.text("callback_query_id")
    request.service.presses.check(query_id)
    text = clean(given.text("text"))
    if utf16_length(text) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    request.service.presses.answer(query_id, CallbackAnswer(text, given.boolean("show_alert"), given.text("url")))
    return True


@method("answerInlineQuery")
async def answer_inline_query(request: Request) -> bool:
    """Offer at most 50 results to an inline query; once, and not too late."""
    given, queries = request.parameters, request.service.inline_queries
    query_id = given.text("inline_query_id")
    asked = queries.asked(query_id)
    results = given.json_list("results")
    if results is None:
        raise bad_request('parameter "results" is required')
    if len(results) > _MAX_RESULTS:
        raise bad_request("RESULTS_TOO_MUCH")
    read = tuple(_read_result(each) for each in results)
    if len({each.id for each in read}) < len(read):
        raise bad_request("RESULT_ID_DUPLICATE")
    if len((offset := given.text("next_offset")).encode()) > _MAX_NAME:
        raise bad_request("NEXT_OFFSET_INVALID")
    answer = InlineAnswer(asked.query, read, offset, _button(given))
    cache_time = given.integer("cache_time", _CACHE_TIME)
    queries.answer(query_id, answer, cache_time, is_personal=given.boolean("is_personal"))
    return True


@method("answerGuestQuery")
async def answer_guest_query(request: Request) -> dict[str, Any]:
    """Say one thing in a chat that the bot is not in, to whoever called it there; once, and not too late."""
    given, service = request.parameters, request.service
    query_id = given.text("guest_query_id")
    service.guest_queries.check(query_id)
    result = given.json_object("result")
    if result is None:
        raise bad_request('parameter "result" is required')
    read = _read_result(result)
    return {"inline_message_id": service.answer_summons(query_id, read.content, read.keyboard)}


def _read_result(given: Any) -> InlineResult:
    if not isinstance(given, dict):
        raise bad_request("can't parse InlineQueryResult: expected an Object")
    if given.get("type") != "article":
        raise bad_request("can't parse InlineQueryResult: the playground shows results of type article only")
    name, title, content = given.get("id"), given.get("title"), given.get("input_message_content")
    if not isinstance(name, str) or not 1 <= len(name.encode()) <= _MAX_NAME:
        raise bad_request("RESULT_ID_INVALID")
    if not isinstance(title, str) or not title.strip():
        raise bad_request("can't parse InlineQueryResult: title is empty")
    if not isinstance(content, dict):
        raise bad_request("can't parse InlineQueryResult: message content is not specified")
    description = given.get("description")
    return InlineResult(
        name,
        clean(title),
        clean(description) if isinstance(description, str) else "",
        _read_content(nested({**content, "text": content.get("message_text")})),
        read_keyboard(nested(given), only_inline=True),
    )


def _read_content(given: Parameters) -> dict[str, Any]:
    text, entities = read_text(given)
    return {"text": text, "entities": entities, "link_preview_options": read_link_preview(given)}


def _button(given: Parameters) -> str | None:
    button = given.json_object("button")
    if button is None:
        return None
    actions = [name for name in ("web_app", "start_parameter") if button.get(name)]
    if not isinstance(button.get("text"), str) or len(actions) != 1:
        raise bad_request("can't parse InlineQueryResultsButton: expected a text and one action")
    return clean(button["text"])
