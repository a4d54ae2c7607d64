"""Reading what a message shall contain: its text, its keyboard, its link preview, what it replies to."""

from typing import Any
from urllib.parse import urlsplit

from telegram import (
    ExternalReplyInfo,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    MessageEntity,
    MessageOrigin,
    MessageOriginHiddenUser,
    MessageOriginUser,
    TextQuote,
)

from bot.playground.entities import MAX_CAPTION, MAX_TEXT, formatted, is_blank, utf16_length
from bot.playground.errors import bad_request
from bot.playground.methods.registry import Request, find_room
from bot.playground.parameters import Parameters
from bot.playground.world import Room

Formatted = tuple[str, tuple[MessageEntity, ...]]
_MAX_COPIED = 256  # UTF-16 units
_OTHER_MARKUP = ("keyboard", "remove_keyboard", "force_reply")
_ACTIONS = [
    "callback_data",
    "url",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
]


def read_text(given: Parameters) -> Formatted:
    """The text of a message and its entities, checked.

    Raises:
        ApiError: It is empty or too long.
    """
    text, entities = _formatted(given, "text", "entities")
    if is_blank(text):
        raise bad_request("message text is empty")
    if utf16_length(text) > MAX_TEXT:
        raise bad_request("message is too long")
    return text, entities


def read_caption(given: Parameters) -> Formatted:
    """The caption of a file, perhaps empty, and its entities, checked."""
    text, entities = _formatted(given, "caption", "caption_entities")
    if is_blank(text):
        return "", ()
    if utf16_length(text) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    return text, entities


def _formatted(given: Parameters, name: str, entities_name: str) -> Formatted:
    if given.has("parse_mode"):
        raise bad_request("the playground reads no parse_mode: send entities")
    entities = tuple(_entity(each) for each in given.json_list(entities_name) or [])
    return formatted(given.text(name), entities)


def _entity(value: Any) -> MessageEntity:
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        raise bad_request("can't parse MessageEntity: expected an Object with a type")
    places = (value.get("offset"), value.get("length"))
    if not all(isinstance(each, int) and not isinstance(each, bool) and each >= 0 for each in places):
        raise bad_request("can't parse MessageEntity: offset and length must be numbers")
    known = {name: value[name] for name in ("type", "offset", "length", "url", "language") if name in value}
    return MessageEntity.de_json(known, None)


def read_keyboard(given: Parameters, *, only_inline: bool = False) -> InlineKeyboardMarkup | None:
    """The inline keyboard below a message; other keyboards are accepted and not shown.

    Raises:
        ApiError: A button has no text, no action, or callback data of more than 64 bytes.
    """
    markup = given.json_object("reply_markup")
    if not markup:
        return None
    if "inline_keyboard" not in markup:
        if only_inline or not any(name in markup for name in _OTHER_MARKUP):
            raise bad_request("inline keyboard expected" if only_inline else "object expected as reply markup")
        return None
    rows = markup["inline_keyboard"]
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    kept = [[_button(button) for button in row] for row in rows if row]
    if sum(map(len, kept)) > 100:
        raise bad_request("reply markup is too long")
    return InlineKeyboardMarkup.de_json({"inline_keyboard": kept}, None) if kept else None


def _button(button: Any) -> dict[str, Any]:
    if not isinstance(button, dict):
        raise bad_request("can't parse inline keyboard button: InlineKeyboardButton must be an Object")
    if not isinstance(button.get("text"), str) or not button["text"].strip():
        raise bad_request("can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard")
    actions = [name for name in _ACTIONS if name in button]
    if len(actions) != 1:
        raise bad_request("can't parse inline keyboard button: expected exactly one action")
    value = button[actions[0]]
    if actions[0] == "callback_data":
        _check_callback_data(value)
    if actions[0] == "url" and not _is_link(value):
        raise bad_request("BUTTON_URL_INVALID")
    if actions[0] == "copy_text":
        _check_copied(value)
    return button


def _check_callback_data(value: Any) -> None:
    try:
        fits = isinstance(value, str) and 1 <= len(value.encode()) <= 64
    except UnicodeEncodeError as error:
        raise bad_request("strings must be encoded in UTF-8") from error
    if not fits:
        raise bad_request("BUTTON_DATA_INVALID")


def _check_copied(value: Any) -> None:
    text = value.get("text") if isinstance(value, dict) else None
    if not isinstance(text, str) or not 1 <= utf16_length(text) <= _MAX_COPIED:
        raise bad_request("BUTTON_COPY_TEXT_INVALID")


def _is_link(value: Any) -> bool:
    try:
        return isinstance(value, str) and urlsplit(value).scheme in ("http", "https", "tg")
    except ValueError:
        return False


def read_link_preview(given: Parameters) -> LinkPreviewOptions | None:
    """What shall be shown of the first link; None if the bot does not say."""
    value = given.json_object("link_preview_options")
    if value is None and given.boolean("disable_web_page_preview"):
        return LinkPreviewOptions(is_disabled=True)
    return None if value is None else LinkPreviewOptions.de_json(value, None)


def read_reply(request: Request, room: Room) -> dict[str, Any]:
    """What the new message answers: arguments of Service.post; none if it answers none, or may do without.

    Raises:
        ApiError: "message to be replied not found", or the quote is not in that message.
    """
    given = request.parameters
    asked = given.json_object("reply_parameters") or {}
    message_id = asked.get("message_id", given.integer("reply_to_message_id", 0))
    if not message_id:
        return {}
    where = find_room(request.service, str(asked["chat_id"])) if "chat_id" in asked else room
    message = where.messages.get(message_id) if where and isinstance(message_id, int) else None
    may_be_missing = asked.get("allow_sending_without_reply") is True and where is room
    if message is None:
        if may_be_missing or given.boolean("allow_sending_without_reply"):
            return {}
        raise bad_request("message to be replied not found")
    quote = _read_quote(asked, message)
    if where is not room:
        return {**quote, "external_reply": _external(message)}
    return {**quote, "reply_to": message}


def _read_quote(asked: dict[str, Any], message: Message) -> dict[str, TextQuote]:
    quote = asked.get("quote")
    if quote is None:
        return {}
    text = message.text or message.caption or ""
    if not isinstance(quote, str) or not quote or quote not in text or utf16_length(quote) > MAX_CAPTION:
        raise bad_request("QUOTE_TEXT_INVALID")
    position = utf16_length(text[: text.index(quote)])
    return {"quote": TextQuote(quote, position, is_manual=True)}


def _external(message: Message) -> ExternalReplyInfo:
    sender = message.from_user
    origin: MessageOrigin = MessageOriginHiddenUser(message.date, message.chat.title or "somebody")
    if sender is not None and message.sender_chat is None:
        origin = MessageOriginUser(message.date, sender)
    return ExternalReplyInfo(origin, chat=None if message.chat.type == "private" else message.chat)
