"""A message whose text still grows is sent at once or not at all: decoration, which nothing waits for."""

import asyncio
from typing import Any

from telegram import Chat, Message
from telegram.error import TelegramError

from bot.incoming.inbox import Inbox
from bot.sending.delivery import show_first
from bot.sending.spot import Spot
from bot.storage.deliveries import Delivery

SPOT = Spot(7, Chat.PRIVATE)
MEANT = Delivery(inbox_id=1, saying=0, part=0, chat_id=7, text=None)
PERHAPS_SENT = Delivery(inbox_id=1, saying=0, part=0, chat_id=7, text=None, above=3)


class Telegram:
    """Counts what is sent, and takes none of it."""

    def __init__(self) -> None:
        self.calls = 0

    async def send_message(self, *args: Any, **kwargs: Any) -> Message:
        self.calls += 1
        raise TelegramError("expected no message")


async def test_it_does_not_wait_while_another_message_to_the_chat_is_looked_for() -> None:
    bot, inbox = Telegram(), _inbox()
    async with asyncio.timeout(10), inbox.sending(SPOT.chat_id):
        assert await show_first(MEANT, "Dom", SPOT, _any(bot), inbox, None) is None
    assert bot.calls == 0


async def test_one_that_may_have_arrived_is_not_sent_again() -> None:
    bot = Telegram()
    assert await show_first(PERHAPS_SENT, "Dom", SPOT, _any(bot), _inbox(), None) is None
    assert bot.calls == 0


def _inbox() -> Inbox:
    return Inbox(_any(None), _any(None))


def _any(fake: object) -> Any:
    return fake
