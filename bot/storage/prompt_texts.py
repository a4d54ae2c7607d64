"""The words of a prompt, which may be erased while the rest of its row stays."""

import hashlib
from collections.abc import Sequence

from sqlalchemy import bindparam, delete, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.tables import prompt_texts
from bot.text import clean

_ADD = insert(prompt_texts)  # each of them built once
_COMPLETE = update(prompt_texts).where(prompt_texts.c.prompt_id == bindparam("of"))


class PromptTexts:
    """The table `prompt_texts`; commits nothing."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, prompt_id: int, seed_text: str) -> None:
        row = {"prompt_id": prompt_id, "seed_text": seed_text, "seed_hash": hash_of(seed_text)}
        await self._connection.execute(_ADD, row)

    async def complete(self, prompt_id: int, reply_text: str | None) -> None:
        """Add the reply; nothing where the words were erased meanwhile."""
        await self._connection.execute(_COMPLETE, {"of": prompt_id, "reply_text": reply_text})

    async def erase(self, prompt_ids: Sequence[int]) -> int:
        """Erase the words of these prompts; of how many there were any."""
        erased = delete(prompt_texts).where(prompt_texts.c.prompt_id.in_(prompt_ids))
        return (await self._connection.execute(erased)).rowcount


def hash_of(seed_text: str) -> int | None:
    """63 bits that are equal for equal seeds; None for an empty one. Erased with the words."""
    digest = hashlib.blake2b(clean(seed_text).encode("utf-8"), digest_size=8).digest()
    return int.from_bytes(digest) >> 1 if seed_text else None
