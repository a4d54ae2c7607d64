"""The inbox: updates are on disk before Telegram is told that we have them, and leave when they are answered.

Whoever receives updates (the poller, a webhook) calls `accept`, and tells Telegram only after it returned. A
process may die at any instant; this is what then happens to an update:

* before `accept` has committed it: Telegram delivers it again;
* committed, but not confirmed to Telegram: delivered again, and refused, since its number is known;
* waiting, or in the middle of its handler: handled again from the start after the restart. A handler may run
  twice, so whatever it does, it does by the update's number: a prompt keeps its first random seed and text, a
  setting changes once, and what is said goes through `bot.sending.delivery`, which sends each message once;
* answered, but not yet noted as done: handled again, and finds everything done.

Knows no handlers. Memory holds numbers alone; the content stays on disk until its turn comes.
"""

import asyncio
import datetime as dt
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from bot.clock import ServerClock
from bot.errors import UpdateUnreadable
from bot.incoming.order import Lanes
from bot.observability.request import request
from bot.storage.inbox import Arrival, End, Opened
from bot.storage.mail import Mail

AGE_LIMIT = dt.timedelta(hours=1)
LONGEST_AGE = dt.timedelta(days=1)  # what was begun in time may be finished as long as Telegram keeps updates
CAPACITY = 50_000  # updates that wait; beyond it Telegram keeps them
LANE = 3_600  # updates of one chat: more than a bot may answer there within an hour
# Deaths of the process with an update in hand on which it was still being worked: what waits for its turn to be sent is
# not counted, nor what got on since (see bot.storage.mail). Whatever shares the process with one that kills it is
# counted with it; so after SUSPICIOUS deaths each is begun alone, and all further ones are its own. Between the two lie
# more deaths than an operator's restarts would bring about in the moments that one alone takes.
SUSPICIOUS = 3
ATTEMPTS = 10  # then it is given up
TIDY_EVERY = 1_000  # updates between two looks for what may be forgotten

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class InHand:
    """An update that is being handled.

    `end` is what will be noted of it, `trouble` the error for which it is to be handled again instead.
    """

    place: int
    update_id: int
    sayings: int = 0
    end: End = "done"
    trouble: Exception | None = None

    def next_saying(self) -> int:
        """The number of the next thing said: the same when the update is handled again."""
        self.sayings += 1
        return self.sayings - 1


class Inbox:
    """The updates of one bot, from arrival to end.

    Args:
        mail: Where they are kept.
        clock: The server's time.
        age_limit: How old an update may be when it is begun.
        capacity: How many may wait before `room` makes its callers wait.
    """

    def __init__(
        self, mail: Mail, clock: ServerClock, age_limit: dt.timedelta = AGE_LIMIT, capacity: int = CAPACITY
    ) -> None:
        self.mail = mail
        self.caught_up = asyncio.Event()  # whoever receives updates sets it while none is known to wait outside
        self._clock = clock
        self._age_limit = age_limit
        self._capacity = capacity
        self._lanes = Lanes()
        self._arrived = asyncio.Event()
        self._left = asyncio.Event()
        self._in_hand: dict[int, InHand] = {}
        self._sending: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._ended = 0
        self.suspects = 0  # how many of the first places that `take` gives are to be begun alone

    def __len__(self) -> int:
        """How many updates wait or are in hand."""
        return len(self._lanes)

    @property
    def is_full(self) -> bool:
        """Whether nothing more should come in for now."""
        return len(self) >= self._capacity

    @property
    def places(self) -> list[int]:
        """Where the updates are that wait or are in hand."""
        return self._lanes.places

    def has(self, place: int) -> bool:
        """Whether the update waits or is in hand here."""
        return self._lanes.has(place)

    async def load(self) -> int:
        """Find what an earlier process left unanswered; how many. Raises StorageError.

        Suspects come first: they were in hand, so none of their chats has an earlier one.
        """
        places = sorted(await self.mail.waiting(), key=lambda place: place.attempts < SUSPICIOUS)
        for place in places:
            self._lanes.add(place.id, place.chat_id)
        self.suspects = sum(place.attempts >= SUSPICIOUS for place in places)
        self._arrived.set()
        return len(self)

    # --- in ------------------------------------------------------------------------------------------

    async def accept(self, updates: Sequence[Mapping[str, Any]]) -> int:
        """Keep updates, all or none; how many of them are new.

        Once this returns they are on disk, and Telegram may be told so.
        Raises UpdateUnreadable for what is no update, StorageError where the database fails.
        """
        arrivals = [self._arrival(update) for update in updates]
        places = await self.mail.accept(arrivals)
        for place in places:
            self._lanes.add(place.id, place.chat_id)
            with request(place.update_id):
                _log.debug("an update came in, to place %d", place.id)
        self._arrived.set()
        return len(places)

    async def room(self) -> None:
        """Wait until there is room for more: this is how slow answers slow down the receiving."""
        while self.is_full:
            self._left.clear()
            await self._left.wait()

    def _arrival(self, update: Mapping[str, Any]) -> Arrival:
        update_id = update_id_of(update)
        if update_id is None:
            raise UpdateUnreadable("expected an update of Telegram with its update_id")
        message = _new_message(update)
        chat_id = _integer((message or _reaction(update)).get("chat"), "id")
        message_id = _integer(message, "message_id") if chat_id is not None else None
        flooded = self._lanes.length(chat_id) >= LANE
        return Arrival(
            self.mail.bot_id,
            update_id,
            chat_id,
            message_id,
            self._date(message),
            None if flooded else json.dumps(update),
            "expired" if flooded else "waiting",
        )

    def _date(self, message: Mapping[str, Any]) -> dt.datetime:
        seconds = _integer(message, "date")
        try:
            return self._clock.now() if seconds is None else dt.datetime.fromtimestamp(seconds, dt.UTC)
        except (ValueError, OverflowError, OSError):  # no time at all
            return self._clock.now()

    # --- out -----------------------------------------------------------------------------------------

    async def take(self) -> int:
        """The next place whose turn has come; waits for one. It is in hand until `leave` or `again`."""
        while (place := self._lanes.take()) is None:
            self._arrived.clear()
            await self._arrived.wait()
        return place

    def again(self, place: int) -> None:
        """The place in hand wants another turn; its chat waits behind it."""
        self._lanes.again(place)
        self._arrived.set()

    async def leave(self, place: int, end: End) -> None:
        """Nothing more is to be done for the update. Raises StorageError; then it stays in hand."""
        if self._ended % TIDY_EVERY == 0:
            await self.mail.forget()
        await self.mail.end(place, end)
        self._ended += 1
        self.forget(place)

    def forget(self, place: int) -> None:
        """The place is gone, and the next of its chat may come."""
        self._lanes.done(place)
        self._arrived.set()
        self._left.set()

    def verdict(self, opened: Opened) -> End | None:
        """How an update ends before it is begun, if it does: too old, or too dangerous."""
        limit = self._age_limit if opened.attempts == 0 else max(self._age_limit, LONGEST_AGE)
        if self._clock.now() - opened.sent_at > limit:
            return "expired"
        return "failed" if opened.attempts >= ATTEMPTS else None

    # --- in hand -------------------------------------------------------------------------------------

    def hold(self, place: int, update_id: int) -> InHand:
        """An update begins to be handled; `release` it."""
        held = self._in_hand[update_id] = InHand(place, update_id)
        return held

    def release(self, held: InHand) -> None:
        del self._in_hand[held.update_id]

    def sending(self, chat_id: int) -> asyncio.Lock:
        """Held while a message to the chat may have been sent without our knowing, so that it is only one.

        Buttons are handled at once, and their answers would else be searched for among each other.
        """
        lock = self._sending.get(chat_id)
        if lock is None:
            lock = self._sending[chat_id] = asyncio.Lock()
        return lock

    def held(self, update_id: int) -> InHand:
        """The update that is being handled. Raises KeyError for any other."""
        return self._in_hand[update_id]


def update_id_of(update: object) -> int | None:
    """The number of an update; None for what is none, or has one that no database takes."""
    return _integer(update, "update_id")


def _new_message(update: Mapping[str, Any]) -> Mapping[str, Any]:
    """What somebody says, which has its turn in its chat.

    Nearly everything else is handled at once: a button that stops a reply must not wait for that reply.
    """
    message = update.get("message") or update.get("channel_post")
    return message if isinstance(message, Mapping) else {}


def _reaction(update: Mapping[str, Any]) -> Mapping[str, Any]:
    """What somebody thinks of a message; it has its turn too, or an opinion might replace a later one."""
    reaction = update.get("message_reaction")
    return reaction if isinstance(reaction, Mapping) else {}


def _integer(values: object, name: str) -> int | None:
    found = values.get(name) if isinstance(values, Mapping) else None
    return found if type(found) is int and abs(found) < 2**63 else None
