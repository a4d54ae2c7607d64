"""What is said in answer to updates, message by message: meant, being sent, sent."""

from dataclasses import asdict, dataclass

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import deliveries, inbox


@dataclass(frozen=True)
class Delivery:
    """One message of an answer.

    Meant, while both numbers are None; perhaps sent, once `above` is known; sent, once `message_id` is. `text` is then
    what the message says, and before what it will say; None where that is not decided yet, as the text still grows,
    and once the update is done with.
    """

    inbox_id: int
    saying: int
    part: int
    chat_id: int
    text: str | None
    above: int | None = None  # the chat's last message id that we knew when we began to send
    message_id: int | None = None


_UNCERTAIN = deliveries.c.above.is_not(None) & deliveries.c.message_id.is_(None) & (inbox.c.state == "waiting")
_COLUMNS = [deliveries.c[name] for name in Delivery.__dataclass_fields__]


class Deliveries:
    """The table `deliveries`; commits nothing."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def of(self, inbox_id: int, saying: int) -> list[Delivery]:
        """The messages of one thing said, in order."""
        mine = (deliveries.c.inbox_id == inbox_id) & (deliveries.c.saying == saying)
        rows = await self._connection.execute(select(*_COLUMNS).where(mine).order_by(deliveries.c.part))
        return [Delivery(*row) for row in rows]

    async def all_of(self, inbox_id: int) -> list[Delivery]:
        """The messages of everything said in answer to an update."""
        rows = await self._connection.execute(select(*_COLUMNS).where(deliveries.c.inbox_id == inbox_id))
        return [Delivery(*row) for row in rows]

    async def forget_place(self, inbox_id: int) -> None:
        """Everything said in answer to an update."""
        await self._connection.execute(delete(deliveries).where(deliveries.c.inbox_id == inbox_id))

    async def add(self, delivery: Delivery) -> None:
        await self._connection.execute(insert(deliveries).values(**asdict(delivery)))

    async def put(self, delivery: Delivery) -> None:
        """Note how far it has come."""
        key = ("inbox_id", "saying", "part")
        statement = update(deliveries).values(text=delivery.text, above=delivery.above, message_id=delivery.message_id)
        for name in key:
            statement = statement.where(deliveries.c[name] == getattr(delivery, name))
        await self._connection.execute(statement)

    async def drop_texts(self, inbox_id: int) -> None:
        """Forget the words; that something was sent, and where, stays known."""
        await self._connection.execute(update(deliveries).where(deliveries.c.inbox_id == inbox_id).values(text=None))

    async def forget_chat(self, chat_id: int) -> None:
        """What was and what is to be said in a chat."""
        await self._connection.execute(delete(deliveries).where(deliveries.c.chat_id == chat_id))

    async def message_ids(self, bot_id: int, above: int) -> list[tuple[int, int]]:
        """(chat, message) of the messages with higher ids that were sent."""
        joined = select(deliveries.c.chat_id, deliveries.c.message_id).join(inbox, inbox.c.id == deliveries.c.inbox_id)
        rows = await self._connection.execute(
            joined.where((inbox.c.bot_id == bot_id) & (deliveries.c.message_id > above))
        )
        return [(row.chat_id, row.message_id) for row in rows]

    async def last_message_id(self, bot_id: int, chat_id: int) -> int:
        """The highest id of the messages that came from a chat or were sent to it; 0 where there are none."""
        # Not max() of what was sent: over a join it would read all of it, where the index begins with the last.
        joined = select(deliveries.c.message_id).join(inbox, inbox.c.id == deliveries.c.inbox_id)
        ours = (inbox.c.bot_id == bot_id) & (deliveries.c.chat_id == chat_id) & deliveries.c.message_id.is_not(None)
        went = joined.where(ours).order_by(deliveries.c.message_id.desc()).limit(1).scalar_subquery()
        theirs = (inbox.c.bot_id == bot_id) & (inbox.c.chat_id == chat_id)
        came = select(func.max(inbox.c.message_id)).where(theirs).scalar_subquery()
        row = (await self._connection.execute(select(went, came))).one()
        return max(row[0] or 0, row[1] or 0)

    async def uncertain(self, bot_id: int) -> int:
        """How many messages may have been sent, without our knowing."""
        joined = select(func.count()).select_from(deliveries).join(inbox, inbox.c.id == deliveries.c.inbox_id)
        return (await self._connection.execute(joined.where((inbox.c.bot_id == bot_id) & _UNCERTAIN))).scalar_one()

    async def others_uncertain(self, bot_id: int, delivery: Delivery) -> list[int]:
        """The places of other updates that may have sent a message to the same chat, without our knowing."""
        joined = select(deliveries.c.inbox_id).join(inbox, inbox.c.id == deliveries.c.inbox_id)
        others = (deliveries.c.chat_id == delivery.chat_id) & (deliveries.c.inbox_id != delivery.inbox_id)
        found = joined.where((inbox.c.bot_id == bot_id) & others & _UNCERTAIN)
        return list((await self._connection.execute(found)).scalars())
