"""Messages: sending and deleting them, and what is shown while one is written."""

from typing import Any

from telegram import LinkPreviewOptions, Message
from telegram.constants import ChatAction

from bot.playground.entities import MAX_TEXT, clean, utf16_length
from bot.playground.errors import bad_request
from bot.playground.methods.content import read_keyboard, read_link_preview, read_reply, read_text
from bot.playground.methods.registry import Request, method
from bot.playground.roles import is_administrator
from bot.playground.world import Room, as_json


@method("sendMessage")
async def send_message(request: Request) -> dict[str, Any]:
    """A text of 1 to 4096 UTF-16 units."""
    room = request.room_to_write()
    text, entities = read_text(request.parameters)
    preview: LinkPreviewOptions | None = read_link_preview(request.parameters)
    return send(request, room, text=text, entities=entities, link_preview_options=preview)


def send(request: Request, room: Room, **content: Any) -> dict[str, Any]:
    """Post what the bot sends, with its keyboard, its topic and its reply; the message as JSON."""
    return as_json(post(request, room, **content))


def post(request: Request, room: Room, **content: Any) -> Message:
    """Post what the bot sends, with its keyboard, its topic and its reply."""
    given = request.parameters
    keyboard, reply = read_keyboard(given), read_reply(request, room)
    thread = given.integer("message_thread_id", 0)
    if given.boolean("protect_content"):
        content["has_protected_content"] = True
    bot = request.service.world.bot
    return request.service.post(room, bot, thread=thread, reply_markup=keyboard, **reply, **content)


@method("deleteMessage")
async def delete_message(request: Request) -> bool:
    """Take back a message: its own anywhere, anybody's in private, or in groups as an administrator."""
    room = request.room_to_act()
    message = request.message(room, "delete")
    if not _may_delete(request, room, message):
        raise bad_request("message can't be deleted")
    request.service.delete(room, message.message_id)
    return True


@method("deleteMessages")
async def delete_messages(request: Request) -> bool:
    """Take back up to 100 messages; those that cannot be found are skipped."""
    room = request.room_to_act()
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
    return request.service.is_own(message) or room.is_private or is_administrator(room, bot.id)


@method("sendChatAction")
async def send_chat_action(request: Request) -> bool:
    """Show for five seconds that the bot is typing, or does something else."""
    room, action = request.room_to_write(), request.parameters.text("action")
    if action not in list(ChatAction):
        raise bad_request("wrong parameter action in request")
    thread = request.parameters.integer("message_thread_id", 0)
    request.service.feed.publish("action", chat_id=room.chat.id, action=action, thread=thread)
    return True


@method("sendMessageDraft")
async def send_message_draft(request: Request) -> bool:
    """Show a message that is still being written; in private chats only. An empty text shows that it is thought of."""
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
