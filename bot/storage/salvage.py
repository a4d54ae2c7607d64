"""Salvage: what a damaged database still held unanswered, read place by place, and put into the one in its place.

What was begun comes along with what was said of it, so that a half-written reply is finished and none is sent twice;
and what was answered since the backup was made is not answered again. Lost are the prompts, settings and decisions
since the backup, and the updates whose own pages are damaged; a reply begun whose page is may be sent again.
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from bot.storage.database import Database
from bot.storage.deliveries import Deliveries, Delivery
from bot.storage.errors import StorageError
from bot.storage.inbox import Arrival, Inboxes


@dataclass(frozen=True)
class Unanswered:
    """An update that waited or was in hand, and the messages of its answer so far."""

    arrival: Arrival
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True)
class Salvage:
    """What a database knew of one bot's updates: whole, of those that nothing had come of; the others by number."""

    unanswered: tuple[Unanswered, ...] = ()
    ended: tuple[int, ...] = ()


async def read_salvage(database: Database, bot_id: int, places: Iterable[int]) -> Salvage:
    """What can still be read of the updates in these places, and of which ones something has come."""
    unanswered = []
    for place in sorted(places):
        try:
            async with database.reading() as connection:
                arrival = await Inboxes(connection).arrival(place)
                said = await Deliveries(connection).all_of(place)
        except StorageError:  # on its page, or on the way to it, lies the damage
            continue
        if arrival is not None:
            unanswered.append(Unanswered(arrival, tuple(said)))
    try:
        async with database.reading() as connection:
            ended = await Inboxes(connection).ended(bot_id)
    except StorageError:
        ended = []
    return Salvage(tuple(unanswered), tuple(ended))


async def put_back(database: Database, bot_id: int, salvage: Salvage) -> int:
    """Have the database know what the other one knew, all or nothing; how many updates it did not have.

    An update is told by its `update_id`; doing it again changes nothing. Raises StorageError.
    """
    async with database.writing() as connection:
        updates, table = Inboxes(connection), Deliveries(connection)
        for place in await updates.end_known(bot_id, salvage.ended):
            await table.drop_texts(place)
        ids = [each.arrival.update_id for each in salvage.unanswered]
        places = await updates.places(bot_id, ids)
        new = [_uncounted(each.arrival) for each in salvage.unanswered if each.arrival.update_id not in places]
        places |= {place.update_id: place.id for place in await updates.add(new)}
        for each in salvage.unanswered:
            place = places[each.arrival.update_id]
            await table.forget_place(place)  # what the backup knew of it is older
            for delivery in each.deliveries:
                await table.add(dataclasses.replace(delivery, inbox_id=place))
    return len(new)


def _uncounted(arrival: Arrival) -> Arrival:
    """It was not the update's fault that the life of the bot ended; that it was begun once stays known."""
    return dataclasses.replace(arrival, attempts=arrival.attempts - 1 if arrival.attempts > 1 else arrival.attempts)
