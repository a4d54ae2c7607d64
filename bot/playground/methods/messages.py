"""Messages: sending, editing, deleting, and what is shown while one is written."""

from typing import Any

from telegram import InlineKeyboardMarkup, Message
from telegram.constants import ChatAction

from bot.playground.entities import MAX_TEXT, clean, utf16_length
from bot.playground.errors import ApiError, bad_request
from bot.playground.methods.content import Formatted, read_caption, read_keyboard, read_reply, read_text
from bot.playground.methods.registry import Request, method
from bot.playground.service import CallbackAnswer
from bot.playground.world import Room, as_json

_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a "
    "current content and reply markup of the message"
)
_QUERY_TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


@method("sendMessage")
async def send_message(request: Request) -> dict[str, Any]:
    """A text of 1 to 4096 UTF-16 units."""
    room = request.room_to_write()
    text, entities = read_text(request.parameters)
    return send(request, room, text=text, entities=entities)


def send(request: Request, room: Room, **content: Any) -> dict[str, Any]:
    """Post what the bot sends, with its keyboard and its reply; the message as JSON."""
    keyboard, reply_to = read_keyboard(request.parameters), read_reply(request, room)
    bot = request.service.world.bot
    message = request.service.post(room, bot, reply_to=reply_to, reply_markup=keyboard, **content)
    return as_json(message)


@method("editMessageText")
async def edit_message_text(request: Request) -> dict[str, Any]:
    """A new text and keyboard for one of the bot's own messages."""
    room, message = _own(request)
    if message.text is None:
        raise bad_request("there is no text in the message to edit")
    return _edit(request, room, message, "text", "entities", read_text(request.parameters))


@method("editMessageCaption")
async def edit_message_caption(request: Request) -> dict[str, Any]:
    """A new caption and keyboard for one of the bot's own files."""
    room, message = _own(request)
    if message.text is not None:
        raise bad_request("there is no caption in the message to edit")
    return _edit(request, room, message, "caption", "caption_entities", read_caption(request.parameters))


@method("editMessageReplyMarkup")
async def edit_message_reply_markup(request: Request) -> dict[str, Any]:
    """A new keyboard, or none, for one of the bot's own messages."""
    room, message = _own(request)
    keyboard = read_keyboard(request.parameters, only_inline=True)
    if keyboard == message.reply_markup:
        raise bad_request(_NOT_MODIFIED)
    edited = request.service.change(room, message, by_bot=True, reply_markup=_as_json(keyboard))
    return as_json(edited)


def _own(request: Request) -> tuple[Room, Message]:
    room = request.room_to_write()
    message = request.message(room, "edit")
    if message.from_user is None or message.from_user.id != request.service.world.bot.id:
        raise bad_request("message can't be edited")
    return room, message


def _edit(
    request: Request, room: Room, message: Message, name: str, entities_name: str, new: Formatted
) -> dict[str, Any]:
    keyboard = read_keyboard(request.parameters, only_inline=True)
    old = (getattr(message, name) or "", tuple(getattr(message, entities_name)))
    if (*old, message.reply_markup) == (*new, keyboard):
        raise bad_request(_NOT_MODIFIED)
    changes = {
        name: new[0] or None,
        entities_name: [entity.to_dict() for entity in new[1]] or None,
        "reply_markup": _as_json(keyboard),
    }
    return as_json(request.service.change(room, message, by_bot=True, **changes))


def _as_json(keyboard: InlineKeyboardMarkup | None) -> dict[str, Any] | None:
    return None if keyboard is None else keyboard.to_dict()


@method("deleteMessage")
async def delete_message(request: Request) -> bool:
    """Take back a message: its own anywhere, anybody's in private, or in groups as an administrator."""
    room = request.room_to_write()
    message = request.message(room, "delete")
    if not _may_delete(request, room, message):
        raise bad_request("message can't be deleted")
    request.service.delete(room, message.message_id)
    return True


@method("deleteMessages")
async def delete_messages(request: Request) -> bool:
    """Take back up to 100 messages; those that cannot be found are skipped."""
    room = request.room_to_write()
    numbers = request.parameters.json_list("message_ids")
    if not numbers or len(numbers) > 100 or not all(isinstance(number, int) for number in numbers):
        raise bad_request("message identifiers are not specified")
    found = [room.messages[number] for number in dict.fromkeys(numbers) if number in room.messages]
    if not all(_may_delete(request, room, message) for message in found):
        raise bad_request("message can't be deleted")
    for message in found:
        request.service.delete(room, message.message_id)
    return True


def _may_delete(request: Request, room: Room, message: Message) -> bool:
    bot = request.service.world.bot
    own = message.from_user is not None and message.from_user.id == bot.id
    return own or room.is_private or room.members.get(bot.id) in ("administrator", "creator")


@method("sendChatAction")
async def send_chat_action(request: Request) -> bool:
    """Show for five seconds that the bot is typing, or does something else."""
    room, action = request.room_to_write(), request.parameters.text("action")
    if action not in list(ChatAction):
        raise bad_request("wrong parameter action in request")
    request.service.feed.publish("action", chat_id=room.chat.id, action=action)
    return True


@method("sendMessageDraft")
async def send_message_draft(request: Request) -> bool:
    """Show a message that is still being written; in private chats only."""
    room, given = request.room_to_write(), request.parameters
    if not room.is_private:
        raise bad_request("message drafts can be sent only to private chats")
    if (draft_id := given.integer("draft_id")) == 0:
        raise bad_request("draft_id must be non-zero")
    text = clean(given.text("text"))
    if utf16_length(text) > MAX_TEXT:
        raise bad_request("message is too long")
    request.service.drafts[room.chat.id] = (draft_id, text)
    request.service.feed.publish("draft", chat_id=room.chat.id, draft_id=draft_id, text=text)
    return True


@method("answerCallbackQuery")
async def answer_callback_query(request: Request) -> bool:
    """Answer a press of a button; once, and not too late."""
    given = request.parameters
    waiting = request.service.presses.pop(given.text("callback_query_id"), None)
    if waiting is None or waiting.done():
        raise ApiError(400, f"Bad Request: {_QUERY_TOO_OLD}")
    text = clean(given.text("text"))
    if utf16_length(text) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    waiting.set_result(CallbackAnswer(text, given.boolean("show_alert"), given.text("url")))
    return True
