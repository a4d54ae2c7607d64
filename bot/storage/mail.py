"""What came in and what goes out, written down; each method is one transaction over the tables it concerns."""

import dataclasses
import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.storage.chat_pauses import ChatPauses
from bot.storage.database import Database
from bot.storage.deliveries import Deliveries, Delivery
from bot.storage.group_calls import GroupCalls
from bot.storage.inbox import Arrival, End, Inboxes, Opened, Waiting

KEPT = 100_000  # updates done with: a few megabytes, and far more than Telegram ever delivers again


@dataclass(frozen=True)
class MessageIds:
    """What is known of the messages that may be newer than one.

    `here` and `elsewhere` are their ids, in the chat and in others; `uncertain` counts the messages that
    may have been sent without our knowing.
    """

    here: frozenset[int]
    elsewhere: tuple[tuple[int, int], ...]  # (chat, message)
    uncertain: int


class Mail:
    """The inbox of one bot and the deliveries that it led to. Every method raises StorageError."""

    def __init__(self, database: Database, bot_id: int) -> None:
        self.bot_id = bot_id
        self._database = database

    async def accept(self, arrivals: Sequence[Arrival]) -> list[Waiting]:
        """Keep them, all or none; the places of those that had not come before and are to be answered."""
        by_id = {arrival.update_id: arrival for arrival in reversed(arrivals)}  # of two that are the same, the first
        async with self._database.writing() as connection:
            updates = Inboxes(connection)
            known = await updates.places(self.bot_id, list(by_id))
            new = [arrival for arrival in reversed(by_id.values()) if arrival.update_id not in known]
            places = await updates.add(new)
        return [place for place, arrival in zip(places, new, strict=True) if arrival.state == "waiting"]

    async def waiting(self) -> list[Waiting]:
        """Every update that nothing has come of yet, in order of arrival."""
        async with self._database.reading() as connection:
            return await Inboxes(connection).waiting(self.bot_id)

    async def open(self, place: int) -> Opened | None:
        """The update, counted as begun once more; None if it waits no longer."""
        async with self._database.writing() as connection:
            return await Inboxes(connection).open(place)

    async def end(self, place: int, state: End) -> None:
        """Nothing more is to be done for the update; its content and what was said go."""
        async with self._database.writing() as connection:
            await Inboxes(connection).end(place, state)
            await Deliveries(connection).drop_texts(place)

    async def excuse(self, place: int) -> None:
        """It was not the update's fault that nothing came of it this time."""
        async with self._database.writing() as connection:
            await Inboxes(connection).set_attempts(place, 1)

    async def forget(self, keep: int = KEPT) -> int:
        """Delete the oldest updates that are done with; how many they were."""
        async with self._database.writing() as connection:
            return await Inboxes(connection).forget(self.bot_id, keep)

    # --- what goes out ------------------------------------------------------------------------------

    async def plan(self, place: int, saying: int, chat_id: int, texts: Sequence[str]) -> list[Delivery]:
        """What is to be said, message by message, decided once: what an earlier attempt decided stands.

        The attempt does not count any more: what is said next waits for its chat's turn, and that kills no process.
        """
        async with self._database.writing() as connection:
            table = Deliveries(connection)
            if not (planned := await table.of(place, saying)):
                planned = [Delivery(place, saying, part, chat_id, text) for part, text in enumerate(texts)]
                for delivery in planned:
                    await table.add(delivery)
            if any(delivery.message_id is None for delivery in planned):
                await Inboxes(connection).uncount(place)
        return planned

    async def reserve(self, place: int, saying: int, chat_id: int) -> Delivery:
        """The first message of something said whose text is not decided yet: it shows the text as it grows."""
        async with self._database.writing() as connection:
            table = Deliveries(connection)
            if planned := await table.of(place, saying):
                return planned[0]
            delivery = Delivery(place, saying, 0, chat_id, None)
            await table.add(delivery)
        return delivery

    async def revise(self, place: int, saying: int, chat_id: int, texts: Sequence[str]) -> list[Delivery]:
        """What is to be said, decided now, whatever was decided before: a message that stands has to be edited to it.

        A row whose message is known keeps the text it has until `sent` notes the new one, so that nothing is forgotten.
        The attempt does not count any more, as in `plan`.
        """
        async with self._database.writing() as connection:
            table = Deliveries(connection)
            rows = {row.part: row for row in await table.of(place, saying)}
            for part, text in enumerate(texts):
                row = rows.get(part)
                if row is None:
                    rows[part] = Delivery(place, saying, part, chat_id, text)
                    await table.add(rows[part])
                elif row.message_id is None:
                    rows[part] = dataclasses.replace(row, text=text)
                    await table.put(rows[part])
            if any(rows[part].message_id is None or rows[part].text != text for part, text in enumerate(texts)):
                await Inboxes(connection).uncount(place)
        return [rows[part] for part in range(len(texts))]

    async def begin(self, delivery: Delivery, is_in: Callable[[int], bool] = bool) -> Delivery | None:
        """From now on the message may have been sent; None while another update's may have been, to the same chat.

        is_in: whether an update waits here; a restored backup may have others.
        Of two such messages in one chat, the search for the first could take the second for it.
        """
        async with self._database.writing() as connection:
            table = Deliveries(connection)
            above = delivery.above  # after an uncertain attempt the first bound stays: its message may still turn up
            if above is None:
                if any(is_in(place) for place in await table.others_uncertain(self.bot_id, delivery)):
                    return None
                above = await table.last_message_id(self.bot_id, delivery.chat_id)
            begun = dataclasses.replace(delivery, above=above)
            await table.put(begun)
        return begun

    async def take_back(self, delivery: Delivery) -> Delivery:
        """It is certain that the message was not sent."""
        return await self._put(dataclasses.replace(delivery, above=None))

    async def sent(self, delivery: Delivery, message_id: int) -> Delivery:
        """Telegram has the message, under this id, with the delivery's text."""
        return await self._put(dataclasses.replace(delivery, message_id=message_id), progress=True)

    async def lost(self, delivery: Delivery) -> Delivery:
        """The message was there, and is not any more."""
        return await self._put(dataclasses.replace(delivery, message_id=None, above=None))

    async def note_call(self, chat_id: int, now: dt.datetime) -> None:
        """A group is about to be written to."""
        async with self._database.writing() as connection:
            await GroupCalls(connection).add(chat_id, now)

    async def recent_calls(self, now: dt.datetime) -> list[tuple[int, dt.datetime]]:
        """(group, time) of all that was written into groups within the last minute, in order."""
        async with self._database.reading() as connection:
            return await GroupCalls(connection).recent(now)

    async def note_pause(self, chat_id: int, now: dt.datetime, over_at: dt.datetime) -> None:
        """Telegram wants nothing in a chat before then."""
        async with self._database.writing() as connection:
            await ChatPauses(connection).put(chat_id, now, over_at)

    async def pauses(self, now: dt.datetime) -> list[tuple[int, dt.datetime]]:
        """(chat, end) of the pauses that go on."""
        async with self._database.reading() as connection:
            return await ChatPauses(connection).left(now)

    async def message_ids(self, chat_id: int, above: int) -> MessageIds:
        """What is known of the messages above an id."""
        async with self._database.reading() as connection:
            came = await Inboxes(connection).message_ids(self.bot_id, above)
            went = await Deliveries(connection).message_ids(self.bot_id, above)
            uncertain = await Deliveries(connection).uncertain(self.bot_id)
        here = frozenset(message for chat, message in (*came, *went) if chat == chat_id)
        return MessageIds(here, tuple(pair for pair in (*came, *went) if pair[0] != chat_id), uncertain)

    async def _put(self, delivery: Delivery, progress: bool = False) -> Delivery:
        async with self._database.writing() as connection:
            await Deliveries(connection).put(delivery)
            if progress:  # an update that gets on is none that brings the process down
                await Inboxes(connection).set_attempts(delivery.inbox_id, 1)
        return delivery
