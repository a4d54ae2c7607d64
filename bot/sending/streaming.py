"""A reply that writes itself: drafts in private chats, elsewhere one message that is edited as its text grows.

All of it is decoration, at a pace that Telegram allows: a frame goes at once or not at all, and the next one shows
the newest text. Only what is said at the end counts, and a frame under way holds it up for a moment at most. The
message is in the database before it is sent, so whoever goes on after a crash finishes it in place.

Knows no prompts and no settings; what the text looks like and which buttons it has while it grows, it is told.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import TypeVar

from telegram import InlineKeyboardMarkup
from telegram.constants import ChatAction
from telegram.error import BadRequest, NetworkError, TelegramError

from bot.authorization import TokenRefused
from bot.generating.turns import Watch
from bot.incoming.inbox import Inbox, InHand
from bot.observability.logging_setup import outline
from bot.sending.budgets import SECOND
from bot.sending.delivery import FRAME_ANSWER, deliver, finish, show_first, show_more
from bot.sending.outgoing import PacedBot
from bot.sending.rate_limiter import Dropped
from bot.sending.spot import Spot
from bot.storage.deliveries import Delivery
from bot.storage.errors import StorageError
from bot.talking.underway import Underway
from bot.text import split_message

BLINK = 0.3  # seconds; a reply that comes sooner is one message, and nothing is shown before
PACE = SECOND + 0.02  # seconds from one frame to the next: a little more than the limiter wants, or half were dropped
DRAFTS_LAST = 1.5  # seconds; a draft has no buttons: a reply that takes longer becomes a message that can be stopped
PATIENCE = 1.0  # seconds without a word, after which a message says what is waited for, and can be stopped
STILL = 5.0  # seconds until it says so anew: its edits count as those of the text do
MOMENT = 0.5  # seconds that the text waits for the answer to a frame under way
SETTLED = 2.0  # seconds after which a frame that nobody waited for has arrived, if it does
TYPING_LASTS = 4.5  # seconds; Telegram shows an action for five

T = TypeVar("T")
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

    draft_id: of the drafts, not 0. looks: what people are shown of a text. meanwhile: and before there is any, while
    so many are in line before. keyboard: under both.
    """

    def __init__(
        self,
        scene: Scene,
        draft_id: int,
        looks: Callable[[str], str],
        meanwhile: Callable[[int], str],
        keyboard: InlineKeyboardMarkup | None,
    ) -> None:
        self._scene = scene
        self._draft_id = draft_id
        self._looks = looks
        self._meanwhile = meanwhile
        self._keyboard = keyboard
        # The same number when the update is handled again, whatever is said besides.
        self._saying = scene.held.next_saying()
        self.delivered: list[int] = []  # the messages that say their part of the text
        self._message: Delivery | None = None
        self._patience: float | None = 0.0  # how long to wait for the frame under way; None: until it is answered
        self._is_doubtful = False  # an edit was not answered: it may arrive after later ones
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
            await self._end(frames)

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
        if self._is_doubtful:
            await self._say_again(rows[0], parts[0], keyboard if len(parts) == 1 else None)
        return self.delivered

    async def _end(self, frames: asyncio.Task[None]) -> None:
        try:
            _, late = await asyncio.wait([frames], timeout=self._patience)
            self._is_doubtful |= bool(late and self._patience and self._message)
        finally:
            frames.cancel()
        await asyncio.wait([frames])
        if not frames.cancelled() and (error := frames.exception()) is not None:  # a bug; the text is not kept back
            _log.error("the frames failed: %s", outline(error))

    async def _say_again(self, row: Delivery, text: str, keyboard: InlineKeyboardMarkup | None) -> None:
        """Should a frame that was given up have arrived after the text, the text replaces it once more."""
        await asyncio.sleep(SETTLED)
        try:
            await finish(row, self.delivered[0], text, self._scene.bot, keyboard)
        except TelegramError as error:
            _log.debug("the text was not said again: %s", type(error).__name__)

    # --- frames ---------------------------------------------------------------------------------------

    async def _show(self, watch: Watch) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(BLINK)
        drafts_until = loop.time() + DRAFTS_LAST
        excused_at = loop.time() + PATIENCE - BLINK
        typed_at, shown = -TYPING_LASTS, ""
        while not self._is_over:
            frame = next(iter(split_message(self._looks(watch.text))), "") if watch.text else ""
            if not frame and loop.time() >= excused_at:
                frame = self._meanwhile(watch.ahead)
            if self._message is None and loop.time() >= drafts_until:
                shown = ""  # what was a draft becomes a message, also where the text does not grow
            if _ends_soon(watch, loop.time()):
                pass  # the text itself would have to wait until Telegram wants something again
            elif frame and frame != shown:
                as_draft = bool(watch.text) and loop.time() < drafts_until and self._message is None and self._may_draft
                is_shown, goes_on = await (self._draft(frame) if as_draft else self._write(frame))
                if self._is_over or not goes_on:
                    return
                if is_shown:
                    shown, excused_at = frame, loop.time() + STILL
            elif not shown and loop.time() - typed_at >= TYPING_LASTS:
                typed_at = loop.time()
                await self._type()
            await asyncio.sleep(PACE)

    @property
    def _may_draft(self) -> bool:
        spot = self._scene.spot
        return spot.is_private and self._scene.underway.takes_drafts(spot.chat_id)

    async def _waited_for(self, call: Coroutine[None, None, T], patience: float | None) -> T:
        """A call that is given up when the text is there and it has not come back so many seconds later."""
        self._patience = patience
        try:
            return await call
        finally:
            self._patience = 0.0

    async def _type(self) -> None:
        spot = self._scene.spot
        try:
            await self._scene.bot.send_chat_action(spot.chat_id, ChatAction.TYPING, message_thread_id=spot.thread_id)
        except TelegramError as error:  # the reply itself will tell whether the chat is gone
            _log.debug("no typing action: %s", type(error).__name__)

    async def _draft(self, frame: str) -> _Shown:
        spot = self._scene.spot
        try:
            draft = self._scene.bot.send_message_draft(
                spot.chat_id, self._draft_id, frame, message_thread_id=spot.thread_id, read_timeout=FRAME_ANSWER
            )
            await self._waited_for(draft, MOMENT)
        except Dropped:
            return False, True
        except TelegramError as error:
            _log.debug("no draft: %s", type(error).__name__)
            if not _passes(error) and not isinstance(error, TokenRefused):
                self._scene.underway.drafts_failed(spot.chat_id)
            return False, True
        return True, True

    async def _write(self, frame: str) -> _Shown:
        if self._message is not None and self._message.message_id is not None:
            return await self._waited_for(self._edit(self._message, frame), MOMENT)
        # Waited for to the end: whoever gives up a message that may have been sent has to search for it.
        return await self._waited_for(self._begin(frame), None)

    async def _begin(self, frame: str) -> _Shown:
        """The message that will grow. One that may have been sent is left to `finish`, which finds out."""
        scene = self._scene
        try:
            if self._message is None:
                self._message = await scene.inbox.mail.reserve(scene.held.place, self._saying, scene.spot.chat_id)
            sent = await show_first(self._message, frame, scene.spot, scene.bot, scene.inbox, self._keyboard)
        except (TelegramError, StorageError) as error:
            _log.debug("no frame: %s", outline(error))
            return False, False
        self._message = sent or self._message
        return sent is not None, True

    async def _edit(self, message: Delivery, frame: str) -> _Shown:
        try:
            return await show_more(message, frame, self._scene.bot, self._keyboard), True
        except TelegramError as error:
            _log.debug("no frame: %s", type(error).__name__)
            self._is_doubtful |= _passes(error)
            return False, _passes(error)


def _ends_soon(watch: Watch, now: float) -> bool:
    """Whether it was told to end, or may end before a frame has cost its time, at the speed it has had so far."""
    if watch.is_stopped or watch.began_at is None:
        return watch.is_stopped
    return (watch.least - len(watch.text)) * (now - watch.began_at) < (PACE + MOMENT) * len(watch.text)


def _passes(error: TelegramError) -> bool:
    """Whether it is about the connection, and not about what was asked."""
    return isinstance(error, NetworkError) and not isinstance(error, BadRequest)
