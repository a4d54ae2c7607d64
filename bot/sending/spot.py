"""A spot: where something is said: the chat, its topic, and the message that it answers."""

from dataclasses import dataclass, replace

from telegram import Chat, MaybeInaccessibleMessage, Message


@dataclass(frozen=True)
class Spot:
    """Where something is said.

    thread_id: the topic of a forum; None outside of topics. reply_to: the message that is answered, which Telegram
    quotes; None where it needs no quoting. silent: nobody's phone rings for it.
    """

    chat_id: int
    chat_type: str
    thread_id: int | None = None
    reply_to: int | None = None
    silent: bool = False

    @property
    def is_private(self) -> bool:
        """Whether it is a chat of one person with the bot."""
        return self.chat_type == Chat.PRIVATE

    @property
    def follow_up(self) -> "Spot":
        """Where a text goes on that takes more than one message: neither quoting nor ringing again."""
        return replace(self, reply_to=None, silent=True)


def spot_of(message: MaybeInaccessibleMessage, thread_id: int | None = None, *, silent: bool = False) -> Spot:
    """In answer to a message: quoted in groups, in the topic it stands in.

    thread_id: the topic, where the message is too old for Telegram to tell it.
    """
    chat = message.chat
    reply_to = None if chat.type == Chat.PRIVATE else message.message_id
    return Spot(chat.id, chat.type, thread_of(message) or thread_id, reply_to, silent)


def thread_of(message: MaybeInaccessibleMessage) -> int | None:
    """The topic of a forum that a message stands in. What else has a thread, such as comments, is none."""
    if isinstance(message, Message) and message.is_topic_message:
        return message.message_thread_id
    return None
