"""A reply that writes itself: drafts in private chats, elsewhere one message that is edited as its text grows.

All of it is decoration, at a pace that Telegram allows: a frame goes at once or not at all, and the next one shows
the newest text. Only what is said at the end counts, and it waits for no frame but the one under way. The message is
in the database before it is sent, so whoever goes on after a crash finishes it in place.

Knows no prompts and no settings; what the text looks like and which buttons it has while it grows, it is told.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass

from telegram import InlineKeyboardMarkup
from telegram.constants import ChatAction
from telegram.error import BadRequest, NetworkError, TelegramError

from bot.generating.turns import Watch
from bot.incoming.inbox import Inbox, InHand
from bot.observability.logging_setup import outline
from bot.sending.budgets import SECOND
from bot.sending.delivery import deliver, show_first, show_more
from bot.sending.outgoing import PacedBot
from bot.sending.rate_limiter import Dropped
from bot.sending.spot import Spot
from bot.storage.deliveries import Delivery
from bot.storage.errors import StorageError
from bot.talking.underway import Underway
from bot.text import split_message

BLINK = 0.3  # seconds; a reply that comes sooner is one message, and nothing is shown before
PACE = SECOND + 0.02  # seconds from one frame to the next: a little more than the limiter wants, or half were dropped
DRAFTS_LAST = 4.0  # seconds; a reply that takes longer becomes a message, which has a button to stop it
TYPING_LASTS = 4.5  # seconds; Telegram shows an action for five

_Shown = tuple[bool, bool]  # whether a frame is on the screen, and whether there may be another

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Scene:
    """Where a text is said and with what."""

    spot: Spot
    bot: PacedBot
    inbox: Inbox
    held: InHand
    underway: Underway


class Stream:
    """One thing said in answer to an update: first its frames, then its text.

    draft_id: of the drafts, not 0. looks: what people are shown of a text. keyboard: while it grows.
    """

    def __init__(
        self, scene: Scene, draft_id: int, looks: Callable[[str], str], keyboard: InlineKeyboardMarkup | None
    ) -> None:
        self._scene = scene
        self._draft_id = draft_id
        self._looks = looks
        self._keyboard = keyboard
        # The same number when the update is handled again, whatever is said besides.
        self._saying = scene.held.next_saying()
        self.delivered: list[int] = []  # the messages that say their part of the text
        self._message: Delivery | None = None
        self._is_calling = False
        self._is_over = False

    @contextlib.asynccontextmanager
    async def growing(self, watch: Watch) -> AsyncIterator[None]:
        """Frames are shown within, from a blink on."""
        frames = asyncio.create_task(self._show(watch))
        try:
            yield
        except asyncio.CancelledError:
            frames.cancel()
            raise
        finally:
            self._is_over = True
            if not self._is_calling:
                frames.cancel()
            # A call under way is waited for: if it were cancelled, nobody could tell what had come of it.
            (ended,) = await asyncio.gather(frames, return_exceptions=True)
            if isinstance(ended, Exception):  # a bug, and no reason to keep the text back
                _log.error("the frames failed: %s", outline(ended))

    async def finish(self, text: str, keyboard: InlineKeyboardMarkup | None = None) -> list[int]:
        """The whole text, in as many messages as it takes, with a keyboard under the last; their ids.

        It may be called again with another text, which then stands in the place of the first. Raises TelegramError
        where Telegram does not take it, StorageError where the database fails.
        """
        scene = self._scene
        parts = split_message(text) or ["…"]
        rows = await scene.inbox.mail.revise(scene.held.place, self._saying, scene.spot.chat_id, parts)
        self.delivered = []
        for number, (row, part) in enumerate(zip(rows, parts, strict=True), 1):
            under = keyboard if number == len(parts) else None
            spot = scene.spot if number == 1 else scene.spot.follow_up
            self.delivered.append(await deliver(row, part, spot, scene.bot, scene.inbox, under))
        return self.delivered

    # --- frames ---------------------------------------------------------------------------------------

    async def _show(self, watch: Watch) -> None:
        await asyncio.sleep(BLINK)
        loop = asyncio.get_running_loop()
        drafts_until = loop.time() + DRAFTS_LAST
        typed_at, shown = -TYPING_LASTS, ""
        while not self._is_over:
            frame = next(iter(split_message(self._looks(watch.text))), "") if watch.text else ""
            if frame and frame != shown:
                as_draft = loop.time() < drafts_until and self._message is None and self._may_draft
                is_shown, goes_on = await self._calling(self._draft(frame) if as_draft else self._write(frame))
                if not goes_on:
                    return
                shown = frame if is_shown else shown
            elif not shown and loop.time() - typed_at >= TYPING_LASTS:
                typed_at = loop.time()
                await self._calling(self._type())
            await asyncio.sleep(PACE)

    @property
    def _may_draft(self) -> bool:
        spot = self._scene.spot
        return spot.is_private and self._scene.underway.takes_drafts(spot.chat_id)

    async def _calling(self, call: Coroutine[None, None, _Shown]) -> _Shown:
        """A call that is not cancelled when the text is there."""
        self._is_calling = True
        try:
            return await call
        finally:
            self._is_calling = False

    async def _type(self) -> _Shown:
        spot = self._scene.spot
        try:
            await self._scene.bot.send_chat_action(spot.chat_id, ChatAction.TYPING, message_thread_id=spot.thread_id)
        except TelegramError as error:  # the reply itself will tell whether the chat is gone
            _log.debug("no typing action: %s", type(error).__name__)
        return False, True

    async def _draft(self, frame: str) -> _Shown:
        spot = self._scene.spot
        try:
            await self._scene.bot.send_message_draft(
                spot.chat_id, self._draft_id, frame, message_thread_id=spot.thread_id
            )
        except Dropped:
            return False, True
        except TelegramError as error:
            _log.debug("no draft: %s", type(error).__name__)
            if not _passes(error):
                self._scene.underway.drafts_failed(spot.chat_id)
            return False, True
        return True, True

    async def _write(self, frame: str) -> _Shown:
        """The message that grows, sent or edited. One that may have been sent is left to `finish`, which finds out."""
        scene = self._scene
        try:
            if self._message is None:
                self._message = await scene.inbox.mail.reserve(scene.held.place, self._saying, scene.spot.chat_id)
            if self._message.message_id is not None:
                return await show_more(self._message, frame, scene.bot, self._keyboard), True
            sent = await show_first(self._message, frame, scene.spot, scene.bot, scene.inbox, self._keyboard)
            self._message = sent or self._message
        except TelegramError as error:
            _log.debug("no frame: %s", type(error).__name__)
            return False, self._message is not None and self._message.message_id is not None and _passes(error)
        except StorageError as error:
            _log.debug("no frame: %s", error)
            return False, False
        return sent is not None, True


def _passes(error: TelegramError) -> bool:
    """Whether it is about the connection, and not about what was asked."""
    return isinstance(error, NetworkError) and not isinstance(error, BadRequest)
