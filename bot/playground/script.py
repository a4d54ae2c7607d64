"""The script: what people do in the playground, one method for each thing, for tests and demonstrations."""

from telegram import Message

from bot.playground.gestures import Ask, Gestures, Press
from bot.playground.inline import InlineAnswer
from bot.playground.members import Members
from bot.playground.people import People
from bot.playground.roles import Permissions
from bot.playground.service import Service


class Script:
    """What people do. Chats come first, then messages, then who does it; people and chats go by their ids.

    Writing      say, edit, delete, forward, send_photo, send_document; `topic=` for the topic of a forum
    Doing        press and press_label (the bot's answer is awaitable), react, vote
    Inline mode  ask_inline, then choose one of what `await ask.answer` offers
    Guest mode   say "@the_bot ..." in a chat without the bot
    Members      join, leave, promote, demote, restrict, block, open_topic, migrate
    The bot      privacy, guests and inline are switches
    Time         expire (what waits for the bot), close_poll

    Impossible things raise PlaygroundError; what the bot does, `Playground.calls` and `Playground.until` await.
    """

    service: Service
    members: Members
    people: People
    gestures: Gestures

    # --- writing ----------------------------------------------------------------------------------

    async def say(
        self,
        chat_id: int,
        user_id: int,
        text: str,
        reply_to: int | None = None,
        *,
        quote: str | None = None,
        topic: int = 0,
    ) -> Message:
        """Somebody writes a text of 1 to 4096 UTF-16 units, perhaps in answer to a message or a part of it."""
        return self.people.say(chat_id, user_id, text, reply_to, quote=quote, topic=topic)

    async def edit(self, chat_id: int, message_id: int, user_id: int, text: str) -> Message:
        """Somebody changes the text of their own message."""
        return self.people.edit(chat_id, message_id, user_id, text)

    async def delete(self, chat_id: int, message_id: int, user_id: int) -> None:
        """Somebody takes back their own message, or as an administrator anybody's."""
        self.people.delete(chat_id, message_id, user_id)

    async def forward(
        self, from_chat_id: int, message_id: int, user_id: int, to_chat_id: int, topic: int = 0
    ) -> Message:
        """Somebody passes a message on."""
        return self.people.forward(from_chat_id, message_id, user_id, to_chat_id, topic)

    async def send_photo(
        self, chat_id: int, user_id: int, content: bytes, caption: str = "", topic: int = 0
    ) -> Message:
        """Somebody sends a picture."""
        return self.people.send_photo(chat_id, user_id, content, caption, topic)

    async def send_document(
        self, chat_id: int, user_id: int, content: bytes, name: str = "file.txt", caption: str = "", topic: int = 0
    ) -> Message:
        """Somebody sends a file."""
        return self.people.send_document(chat_id, user_id, content, name, caption, topic)

    # --- doing ------------------------------------------------------------------------------------

    async def press(self, chat_id: int, message_id: int, data: str, user_id: int) -> Press:
        """Somebody presses the button with this data; `await press.answer` gives what the bot says to it."""
        return self.gestures.press(chat_id, message_id, data, user_id)

    async def press_label(self, chat_id: int, message_id: int, label: str, user_id: int) -> Press:
        """Somebody presses the button with this label."""
        return self.gestures.press_label(chat_id, message_id, label, user_id)

    async def react(self, chat_id: int, message_id: int, user_id: int, emoji: str | None) -> None:
        """Somebody reacts to a message, or takes the reaction back."""
        self.gestures.react(chat_id, message_id, user_id, emoji)

    async def vote(self, chat_id: int, message_id: int, user_id: int, *options: int) -> None:
        """Somebody votes for options, by number from 0; for none: takes the vote back."""
        self.gestures.vote(chat_id, message_id, user_id, *options)

    async def ask_inline(self, chat_id: int, user_id: int, query: str, offset: str = "") -> Ask:
        """Somebody types "@bot query" in a chat; `await ask.answer` gives what the bot offers."""
        return self.gestures.ask_inline(chat_id, user_id, query, offset)

    async def choose(self, chat_id: int, user_id: int, answer: InlineAnswer, result_id: str, topic: int = 0) -> Message:
        """Somebody sends one of the offered results."""
        return self.gestures.choose(chat_id, user_id, answer, result_id, topic)

    # --- members ----------------------------------------------------------------------------------

    async def join(self, chat_id: int, user_id: int, by: int | None = None) -> Message:
        """Somebody, perhaps the bot, comes into a group or is added to it."""
        return self.members.join(chat_id, user_id, by)

    async def leave(self, chat_id: int, user_id: int, by: int | None = None) -> Message:
        """Somebody, perhaps the bot, leaves a group or is removed from it."""
        return self.members.leave(chat_id, user_id, by)

    async def promote(self, chat_id: int, user_id: int, *, anonymous: bool = False, by: int | None = None) -> None:
        """Somebody, perhaps the bot, becomes an administrator, perhaps one who appears as the group."""
        self.members.set_role(chat_id, user_id, "administrator", by, anonymous=anonymous)

    async def demote(self, chat_id: int, user_id: int, by: int | None = None) -> None:
        """Somebody, perhaps the bot, becomes a plain member again: neither administrator nor restricted."""
        self.members.set_role(chat_id, user_id, "member", by)

    async def restrict(self, chat_id: int, user_id: int, may: Permissions | None = None, by: int | None = None) -> None:
        """Somebody, perhaps the bot, may send only this from now on; nothing, if it is not said."""
        self.members.set_role(chat_id, user_id, "restricted", by, may=may)

    async def block(self, user_id: int) -> None:
        """Somebody blocks the bot; whatever they write to it next unblocks it."""
        self.members.block(user_id)

    async def open_topic(self, chat_id: int, user_id: int, name: str) -> int:
        """Somebody opens a topic in a supergroup; the id of its thread."""
        return self.members.open_topic(chat_id, user_id, name)

    async def migrate(self, chat_id: int, by: int | None = None) -> int:
        """A basic group becomes a supergroup; its new id."""
        return self.members.migrate(chat_id, by)

    # --- the bot's switches, and time -------------------------------------------------------------

    @property
    def privacy(self) -> bool:
        """Whether the bot sees only what is meant for it in groups."""
        return self.service.privacy

    @privacy.setter
    def privacy(self, on: bool) -> None:
        self.service.privacy = on
        self.service.changed_world()

    @property
    def guests(self) -> bool:
        """Whether the bot may be called in chats it has not joined."""
        return self.service.guests

    @guests.setter
    def guests(self, on: bool) -> None:
        self.service.guests = on
        self.service.changed_world()

    @property
    def inline(self) -> bool:
        """Whether the bot takes inline queries."""
        return self.service.inline

    @inline.setter
    def inline(self, on: bool) -> None:
        self.service.inline = on
        self.service.changed_world()

    def expire(self) -> None:
        """Let time run out for what waits for the bot: presses, inline queries, guest messages."""
        self.service.expire()

    def close_poll(self, chat_id: int, message_id: int) -> None:
        """Let a poll's time run out."""
        poll = self.service.world.message(chat_id, message_id).poll
        if poll is not None:
            self.service.polls.close(poll.id)
