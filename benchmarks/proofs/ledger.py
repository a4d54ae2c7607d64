"""The ledger: what the bot's database holds, read from outside, and whether it agrees with what people saw."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from benchmarks.proofs.people import key_of
from benchmarks.proofs.witness import Witness

_UNFINISHED = "SELECT count(*) FROM inbox WHERE state = 'waiting'"
_UNCERTAIN = (
    "SELECT count(*) FROM deliveries JOIN inbox ON inbox.id = inbox_id "
    "WHERE state = 'waiting' AND above IS NOT NULL AND deliveries.message_id IS NULL"
)
_GROWING = (
    "SELECT count(*) FROM deliveries JOIN inbox ON inbox.id = inbox_id "
    "WHERE state = 'waiting' AND deliveries.message_id IS NOT NULL AND text IS NULL"
)
_STATES = "SELECT state, count(*) FROM inbox GROUP BY state"
_PROMPTS = (
    "SELECT seed_text, reply_text, outcome, reply_message_id FROM prompts JOIN prompt_texts ON prompt_id = prompts.id"
)
_KEPT_WORDS = (
    "SELECT (SELECT count(*) FROM inbox WHERE state <> 'waiting' AND payload IS NOT NULL) + (SELECT count(*) "
    "FROM deliveries JOIN inbox ON inbox.id = inbox_id WHERE state <> 'waiting' AND text IS NOT NULL)"
)


class Ledger:
    """A SQLite file of the bot, which may be in use."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=10)) as connection:
            yield connection

    def unfinished(self) -> int:
        """Updates in the inbox that nothing has come of yet."""
        return self._count(_UNFINISHED)

    def uncertain(self) -> int:
        """Messages of which the bot knows that it began to send them, and no more."""
        return self._count(_UNCERTAIN)

    def growing(self) -> int:
        """Messages that people see half-written."""
        return self._count(_GROWING)

    def _count(self, query: str) -> int:
        """0 where there are no tables yet."""
        try:
            with self._open() as connection:
                return int(connection.execute(query).fetchone()[0])
        except sqlite3.OperationalError as error:
            if "unable to open" in str(error) or "no such table" in str(error):
                return 0
            raise

    def inbox(self) -> dict[str, int]:
        """How many updates are in which state."""
        with self._open() as connection:
            return dict(connection.execute(_STATES).fetchall())

    def size(self) -> int:
        """Bytes in use, without what waits in the write-ahead log and without free pages."""
        with self._open() as connection:
            values = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in _SIZES]
        return int((values[0] - values[1]) * values[2])

    def complaints(self, witness: Witness) -> list[str]:
        """What is wrong with the file, and where it says something else than people saw."""
        with self._open() as connection:
            found = [f"integrity_check: {row[0]}" for row in connection.execute("PRAGMA integrity_check")]
            found = [words for words in found if not words.endswith(": ok")]
            found += [f"foreign_key_check: a row of {row[0]}" for row in connection.execute("PRAGMA foreign_key_check")]
            if kept := connection.execute(_KEPT_WORDS).fetchone()[0]:
                found.append(f"expected no words of what is done with, found {kept} rows with some")
            rows = connection.execute(_PROMPTS).fetchall()
        states = self.inbox()
        if wrong := {state: count for state, count in states.items() if state != "done"}:
            found.append(f"expected every update done, found {wrong}")
        return found + _disagreements(rows, witness)


def _disagreements(rows: list[tuple[str, str | None, str, int | None]], witness: Witness) -> list[str]:
    found = []
    missing = set(witness.replies)
    for seed_text, reply_text, outcome, message_id in rows:
        key = key_of(seed_text)
        if key not in missing:
            found.append(f"expected one row for each prompt, found another one for {seed_text[:30]!r}")
            continue
        missing.remove(key)
        seen = witness.replies[key].messages
        if outcome != "answered":
            found.append(f"expected prompt {key[1]} of chat {key[0]} answered, found it {outcome}")
        elif {message_id: (reply_text or "").strip()} != seen:
            found.append(
                f"the reply to prompt {key[1]} of chat {key[0]} is another one in the database than in the chat"
            )
    return found + [f"prompt {number} of chat {chat} is not in the database" for chat, number in sorted(missing)]


_SIZES = ("page_count", "freelist_count", "page_size")
