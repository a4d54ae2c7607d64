"""Where in a chat a message stands: its topic, and what it answers.

It knows no update and no HTTP.
"""

from typing import Any

from telegram import Chat, Message

from bot.playground.world import Room, changed


def placement(room: Room, reply_to: Message | None, thread: int) -> dict[str, Any]:
    """The fields of a new message that tell its topic and what it answers.

    An answer goes to the topic of the message it answers, unless another is named. In a topic, what answers
    nothing answers the message that opened the topic, as on Telegram. In a supergroup without topics the
    answers to a message carry its id as their thread, although no message can be sent to that thread.
    """
    here = reply_to is not None and reply_to.chat.id == room.chat.id
    if room.chat.is_forum:
        return _in_forum(room, reply_to, thread or _thread_of(reply_to if here else None))
    if reply_to is None:
        return {}
    fields: dict[str, Any] = {"reply_to_message": _bare(reply_to)}
    if room.chat.type == Chat.SUPERGROUP and here:
        fields["message_thread_id"] = reply_to.message_thread_id or reply_to.message_id
    return fields


def _in_forum(room: Room, reply_to: Message | None, thread: int) -> dict[str, Any]:
    opening = room.messages.get(thread) if thread else None
    answered = reply_to if reply_to is not None else opening
    fields: dict[str, Any] = {} if answered is None else {"reply_to_message": _bare(answered)}
    if thread:
        fields |= {"message_thread_id": thread, "is_topic_message": True}
    return fields


def _thread_of(message: Message | None) -> int:
    return message.message_thread_id or 0 if message is not None and message.is_topic_message else 0


def _bare(message: Message) -> Message:
    """The message as another one quotes it: without what it answers itself."""
    return changed(message, reply_to_message=None)
