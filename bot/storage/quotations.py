"""Quotations: whose words a prompt has, where somebody else asked with them, as with a forwarded message."""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import quotations


class Quotations:
    """The table `quotations`; commits nothing."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, prompt_id: int, author_id: int) -> None:
        """The prompt has words of this person, who need not have used the bot."""
        await self._connection.execute(insert(quotations), {"prompt_id": prompt_id, "author_id": author_id})

    async def of_author(self, author_id: int) -> list[int]:
        """The ids of the prompts that have somebody's words, the oldest first."""
        found = select(quotations.c.prompt_id).where(quotations.c.author_id == author_id)
        return list((await self._connection.execute(found.order_by(quotations.c.prompt_id))).scalars())

    async def authors(self) -> set[int]:
        """Everybody who is quoted."""
        return set((await self._connection.execute(select(quotations.c.author_id).distinct())).scalars())

    async def drop(self, prompt_ids: Sequence[int]) -> None:
        """The words of these prompts are gone."""
        await self._connection.execute(delete(quotations).where(quotations.c.prompt_id.in_(prompt_ids)))
