"""Batches: much is written in many transactions, each as large as its short time allows, with rests between them.

What is to be done is found while everybody may write; only doing it keeps others waiting.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.database import Database

AIM = 0.01  # seconds that a transaction is to take: a reply writes twice, and may meet one each time
# Times as long as the transaction took. Other processes try again after naps, the first eight of them up to 25 ms
# long (SQLite's own busy handler): in such a rest they are certain to get their turn.
REST = 3.0
LEAST_REST = 0.03  # seconds; the disk has to have all of it, and who waits for the disk waits for that too
FIRST, MOST = 20, 50  # rows in the first transaction and in any, as the disk may have a slow moment
TOGETHER = 5  # rows between two looks at the time: each may be on pages of its own that have to come from the disk

Find = Callable[[int], Select[int]]
Do = Callable[[AsyncConnection, Sequence[int]], Awaitable[None]]


async def in_batches(
    database: Database,
    find: Find,
    do: Do,
    read: Do | None = None,
    clock: Callable[[], float] = time.monotonic,
    aim: float = AIM,
) -> int:
    """Do something to all rows that are found; to how many.

    find: the ids of the next rows, given the last one of those before (at first 0); rows that were done must not be
    found again. read: what is read ahead of doing it, see bot.storage.read_ahead. Each transaction may be the last one
    before the power fails: whoever calls again goes on there. It ends early where the rows it has done took its time.
    Raises StorageError.
    """
    total, last, size = 0, 0, FIRST
    while True:
        async with database.reading() as connection:
            ids = [row[0] for row in await connection.execute(find(last).limit(size))]
            if ids and read is not None:
                await read(connection, ids)
        if not ids:
            return total
        await database.at_rest()  # or the rows would come slowly from the disk, while everybody waits for them
        async with database.writing() as connection:
            began = clock()  # once it has its turn in this process
            done = 0
            while done < len(ids) and (done == 0 or clock() - began < aim):
                await do(connection, ids[done : done + TOGETHER])
                done = min(done + TOGETHER, len(ids))
        took = clock() - began
        total += done
        if done == len(ids) < size:
            return total
        last, size = ids[done - 1], next_size(done, took, aim)
        await asyncio.sleep(max(LEAST_REST, REST * took))


def next_size(size: int, took: float, aim: float = AIM) -> int:
    """How many rows come next after so many took so long: at most twice as many, and far fewer at once."""
    fitting = size * aim / max(took, aim / MOST)
    return max(1, min(round(fitting), 2 * size, MOST))
