"""People and chats by codes: the same code for the same one, and nobody without the key finds out whose it is."""

from functools import lru_cache
from pathlib import Path

from bot.privacy.tombstones import pseudonym, read_key

DIGITS = 16  # hexadecimal: among a million people, two share a code once in 37 million exports
_REMEMBERED = 65_536  # codes in memory


class Pseudonyms:
    """The codes of one data folder's key. Raises LogError where there is no key and none can be made."""

    def __init__(self, folder: Path) -> None:
        key = read_key(folder)

        @lru_cache(_REMEMBERED)
        def code(kind: str, number: int) -> str:
            return pseudonym(key, f"export {kind}", number)[:DIGITS]

        self._code = code

    def person(self, user_id: int | None) -> str | None:
        """The code of a person; None for nobody known."""
        return None if user_id is None else self._code("person", user_id)

    def chat(self, chat_id: int | None) -> str | None:
        """The code of a chat; None for inline mode, which has none."""
        return None if chat_id is None else self._code("chat", chat_id)
