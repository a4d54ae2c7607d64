"""The seam: what a scripted evening needs of a Telegram with its flood limits, whichever it is."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from telegram import InlineKeyboardButton, Message

PEOPLE = ("You", "Ana", "Bruno", "Chen", "Dora")


class Evening(ABC):
    """A group of five, of whom the first made it, their private chats, a forum with two topics besides the general
    one, and a chat that the bot has not joined.

    Also an async context manager. What people do that is impossible raises.
    """

    token: str
    username: str
    people: Sequence[int]
    group: int
    forum: int
    topics: Sequence[int]
    outside: int

    def __init__(self) -> None:
        self._news: set[asyncio.Future[None]] = set()

    @property
    @abstractmethod
    def api_base_url(self) -> str: ...

    @property
    @abstractmethod
    def refused(self) -> list[str]:
        """The bot's calls that were answered with an error: method and description."""

    @abstractmethod
    async def __aenter__(self) -> Self: ...

    @abstractmethod
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    @abstractmethod
    def messages(self, chat: int) -> list[Message]:
        """What the bot said in a chat, as it stands there."""

    @property
    @abstractmethod
    def untaken(self) -> int:
        """Updates that the bot has not confirmed."""

    # --- what people do -----------------------------------------------------------------------------------

    @abstractmethod
    async def say(self, chat: int, who: int, text: str, reply_to: int | None = None, topic: int = 0) -> None:
        """topic: of the forum; 0 is the general one, whose messages have no thread."""

    @abstractmethod
    async def press_data(self, chat: int, message_id: int, data: str, who: int) -> str:
        """What the bot says to it."""

    @abstractmethod
    async def vote(self, chat: int, message_id: int, who: int, option: int) -> None: ...

    @abstractmethod
    async def react(self, chat: int, message_id: int, who: int, emoji: str) -> None: ...

    @abstractmethod
    async def offered(self, who: int, words: str) -> list[tuple[str, str]]:
        """The ids and texts of what is offered to somebody who types `@bot words` in the group."""

    @abstractmethod
    async def choose(self, who: int, words: str, result_id: str) -> None: ...

    # --- what becomes of them -----------------------------------------------------------------------------

    @abstractmethod
    async def set_role(self, chat: int, who: int | None, role: str, *, anonymous: bool = False) -> None:
        """`who` None: the bot's own. role: member, administrator, restricted (to silence) or left."""

    @abstractmethod
    async def block(self, who: int) -> None: ...

    @abstractmethod
    async def migrate(self, chat: int) -> int:
        """The group becomes a supergroup; its id."""

    # --- waiting ------------------------------------------------------------------------------------------

    def changed(self) -> None:
        """Somebody may see something new."""
        for waiting in self._news:
            if not waiting.done():
                waiting.set_result(None)

    async def until(self, chat: int, fits: Callable[[Message], bool]) -> Message:
        """The newest message of the bot that fits, once there is one."""
        async with asyncio.timeout(1_200):
            while (found := next(filter(fits, reversed(self.messages(chat))), None)) is None:
                news = asyncio.get_running_loop().create_future()
                self._news.add(news)
                try:
                    await news
                finally:
                    self._news.discard(news)
        return found

    async def press(self, message: Message, label: str, who: int) -> str:
        """Press the button whose label begins so; what the bot says to it."""
        (now,) = [each for each in self.messages(message.chat.id) if each.message_id == message.message_id]
        # The chosen one of several is marked.
        exact = [each for each in buttons(now) if each.text in (label, f"✓ {label}")]
        found = exact or [each for each in buttons(now) if each.text.startswith(label)]
        if len(found) != 1:
            raise AssertionError(f"expected one button {label!r}, got {[each.text for each in buttons(now)]}")
        return await self.press_data(message.chat.id, message.message_id, str(found[0].callback_data), who)


def buttons(message: Message) -> list[InlineKeyboardButton]:
    rows = () if message.reply_markup is None else message.reply_markup.inline_keyboard
    return [button for row in rows for button in row]
