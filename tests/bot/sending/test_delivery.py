"""What is noted of a message when Telegram does not take it, and how it is sent."""

import datetime as dt
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from telegram import Chat
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.clock import ServerClock
from bot.incoming.inbox import Inbox
from bot.sending.delivery import deliver
from bot.sending.rate_limiter import Dropped
from bot.sending.spot import Spot
from bot.storage.database import Database
from bot.storage.deliveries import Delivery
from bot.storage.inbox import Arrival
from bot.storage.mail import Mail
from bot.storage.schema import prepare_schema

NOON = dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
CHAT = 7
SPOT = Spot(CHAT, Chat.PRIVATE)


class Telegram:
    """Answers as a test says, and remembers how messages were sent."""

    def __init__(self, *, send: Exception | None = None, edit: Exception | None = None) -> None:
        self._send, self._edit = send, edit
        self.sent: list[dict[str, Any]] = []

    async def send_message(self, chat_id: int, text: str, **how: Any) -> SimpleNamespace:
        await how["rate_limit_args"].about_to_go()
        if self._send is not None:
            raise self._send
        self.sent.append({"text": text, **how})
        return SimpleNamespace(message_id=50 + len(self.sent))

    async def edit_message_text(self, *_: Any, **__: Any) -> bool:
        if self._edit is not None:
            raise self._edit
        return True


@pytest.fixture
async def inbox(address: str) -> AsyncIterator[Inbox]:
    async with Database(address) as database:
        await prepare_schema(database, address)
        yield Inbox(Mail(database, 1), ServerClock())


async def meant(inbox: Inbox, text: str = "Domingo") -> Delivery:
    """A message that answers an update that has just come, not sent yet."""
    await inbox.mail.accept([Arrival(1, 1, CHAT, 1, NOON, "{}")])
    (place,) = await inbox.mail.waiting()
    (delivery,) = await inbox.mail.plan(place.id, 0, CHAT, [text])
    return delivery


async def tell(delivery: Delivery, text: str, inbox: Inbox, telegram: Any, spot: Spot = SPOT) -> int:
    return await deliver(delivery, text, spot, telegram, inbox)


async def noted(inbox: Inbox, delivery: Delivery) -> Delivery:
    (row,) = await inbox.mail.plan(delivery.inbox_id, delivery.saying, CHAT, [])
    return row


with pytest.MonkeyPatch.context() as environment:
    environment.setenv("PTB_TIMEDELTA", "true")  # as the application does; the library asks for it when it makes one
    SLOWLY = RetryAfter(dt.timedelta(seconds=20))


def caused(error: TelegramError, cause: Exception) -> TelegramError:
    """As python-telegram-bot raises what its HTTP library does."""
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        BadRequest("Message is too long"),
        Forbidden("Forbidden: bot was blocked by the user"),
        ChatMigrated(-1_000_000_000_007),
        SLOWLY,
        Conflict("Conflict: terminated by other getUpdates request"),
        InvalidToken("Unauthorized"),
        Dropped("no room for sendmessage now"),
        caused(NetworkError("x"), httpx.ConnectError("refused")),
        caused(TimedOut(), httpx.ConnectTimeout("no answer")),
        caused(TimedOut(), httpx.PoolTimeout("no free connection")),
    ],
    ids=lambda error: type(error.__cause__ or error).__name__,
)
async def test_what_certainly_was_not_sent_is_not_looked_for(inbox: Inbox, error: TelegramError) -> None:
    delivery = await meant(inbox)
    with pytest.raises(type(error)):
        await tell(delivery, "Domingo", inbox, Telegram(send=error))
    assert (await noted(inbox, delivery)).above is None


@pytest.mark.parametrize(
    "error",
    [
        caused(TimedOut(), httpx.ReadTimeout("no answer")),
        caused(NetworkError("x"), httpx.RemoteProtocolError("closed")),
        NetworkError("Bad Gateway"),
    ],
    ids=lambda error: type(error.__cause__ or error).__name__,
)
async def test_what_may_have_been_sent_is_known_to_be_looked_for(inbox: Inbox, error: TelegramError) -> None:
    delivery = await meant(inbox)
    with pytest.raises(type(error)):
        await tell(delivery, "Domingo", inbox, Telegram(send=error))
    assert (await noted(inbox, delivery)).above is not None


@pytest.mark.parametrize(
    "words", ["Message can't be edited", "Message to edit not found", "MESSAGE_ID_INVALID"], ids=lambda words: words
)
async def test_a_message_that_cannot_become_the_whole_text_any_more_is_sent_anew(inbox: Inbox, words: str) -> None:
    """Somebody deleted it, or Telegram finds it too old to be edited."""
    began = await inbox.mail.sent(await meant(inbox, "Dom"), 40)
    telegram = Telegram(edit=BadRequest(words))
    assert await tell(began, "Domingo", inbox, telegram) == 51
    assert [message["text"] for message in telegram.sent] == ["Domingo"]
    assert (await noted(inbox, began)).message_id == 51


async def test_a_text_that_telegram_does_not_take_is_not_sent_anew(inbox: Inbox) -> None:
    began = await inbox.mail.sent(await meant(inbox, "Dom"), 40)
    telegram = Telegram(edit=BadRequest("Message is too long"))
    with pytest.raises(BadRequest, match="too long"):
        await tell(began, "Domingo", inbox, telegram)
    assert telegram.sent == []
    assert (await noted(inbox, began)).message_id == 40


@pytest.mark.parametrize("silent", [False, True])
async def test_a_message_rings_unless_it_is_silent_and_is_sent_also_where_what_it_answers_is_gone(
    inbox: Inbox, silent: bool
) -> None:
    telegram = Telegram()
    await tell(await meant(inbox), "Domingo", inbox, telegram, Spot(CHAT, Chat.PRIVATE, reply_to=3, silent=silent))
    (message,) = telegram.sent
    assert bool(message["disable_notification"]) is silent
    assert message["reply_parameters"].message_id == 3
    assert message["reply_parameters"].allow_sending_without_reply
    assert message["link_preview_options"].is_disabled
