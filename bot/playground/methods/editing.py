"""Editing the bot's own messages, in a chat or by their inline_message_id."""

from typing import Any

from telegram import InlineKeyboardMarkup, Message

from bot.playground.errors import bad_request
from bot.playground.methods.content import (
    Formatted,
    read_caption,
    read_keyboard,
    read_link_preview,
    read_text,
)
from bot.playground.methods.registry import Request, method
from bot.playground.world import Room, as_json

_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a "
    "current content and reply markup of the message"
)
Answer = dict[str, Any] | bool


@method("editMessageText")
async def edit_message_text(request: Request) -> Answer:
    """A new text and keyboard for one of the bot's own messages."""
    room, message = _own(request)
    if message.text is None:
        raise bad_request("there is no text in the message to edit")
    new = read_text(request.parameters)
    preview = read_link_preview(request.parameters)
    also = {} if preview is None else {"link_preview_options": preview.to_dict()}
    return _edit(request, room, message, "text", "entities", new, also)


@method("editMessageCaption")
async def edit_message_caption(request: Request) -> Answer:
    """A new caption and keyboard for one of the bot's own files."""
    room, message = _own(request)
    if (message.photo is None and message.document is None) or message.text is not None:
        raise bad_request("there is no caption in the message to edit")
    return _edit(request, room, message, "caption", "caption_entities", read_caption(request.parameters), {})


@method("editMessageReplyMarkup")
async def edit_message_reply_markup(request: Request) -> Answer:
    """A new keyboard, or none, for one of the bot's own messages."""
    room, message = _own(request)
    keyboard = read_keyboard(request.parameters, only_inline=True)
    if keyboard == message.reply_markup:
        raise bad_request(_NOT_MODIFIED)
    edited = request.service.change(room, message, by_bot=True, mark=False, reply_markup=keyboard_json(keyboard))
    return _answer(request, edited)


def keyboard_json(keyboard: InlineKeyboardMarkup | None) -> dict[str, Any] | None:
    """A keyboard as a field of a message's JSON."""
    return None if keyboard is None else keyboard.to_dict()


def _own(request: Request) -> tuple[Room, Message]:
    if request.parameters.has("inline_message_id"):
        return request.inline_message()
    room = request.room_to_act()
    message = request.message(room, "edit")
    if not request.service.is_own(message):
        raise bad_request("message can't be edited")
    return room, message


def _edit(
    request: Request,
    room: Room,
    message: Message,
    name: str,
    entities_name: str,
    new: Formatted,
    also: dict[str, Any],
) -> Answer:
    keyboard = read_keyboard(request.parameters, only_inline=True)
    old = (getattr(message, name) or "", tuple(getattr(message, entities_name)))
    if (*old, message.reply_markup) == (*new, keyboard):
        raise bad_request(_NOT_MODIFIED)
    changes = {
        name: new[0] or None,
        entities_name: [entity.to_dict() for entity in new[1]] or None,
        "reply_markup": keyboard_json(keyboard),
        **also,
    }
    return _answer(request, request.service.change(room, message, by_bot=True, **changes))


def _answer(request: Request, edited: Message) -> Answer:
    """The message, or only that it is done, if it was named by its inline_message_id."""
    return True if request.parameters.has("inline_message_id") else as_json(edited)
