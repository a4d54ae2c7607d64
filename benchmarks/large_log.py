"""A prompt log as years of use would leave it, of any size: who is in it, and how it is made.

It goes past the bot's own tables and their checks, as ten million prompts one by one would take a day.
"""

import datetime as dt
import random
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.log.filters import KINDS
from bot.privacy.terms import Terms
from bot.storage import schema
from bot.storage.prompt_texts import hash_of
from bot.storage.states import KEPT

NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
DAYS = 730  # that the log spans
UNPURGED = 45  # days of words that nobody allowed to be kept: half a month of them is due
STATE = 16_384  # bytes of two layers of 1024
PAGE = 50_000  # prompts generated at a time
_FINGERPRINT = "0123456789abcdef0123456789abcdef/litert-int8"
_WORDS = ("la", "cotorra", "no", "calla", "ni", "debajo", "del", "agua", "y", "lo", "que", "oye", "lo", "cuenta")
# As every reply does in its chat: a chat that had more would have its next reply delete them all at once.
_PRUNE = (
    "DELETE FROM states WHERE prompt_id IN (SELECT prompt_id FROM (SELECT prompt_id, row_number() OVER "
    "(PARTITION BY chat_id ORDER BY prompt_id DESC) AS place FROM states) WHERE place > ?)"
)


@dataclass(frozen=True)
class World:
    """Who is in the generated log. A person's number is from 1 to `people`, a chat's below zero."""

    rows: int

    @property
    def people(self) -> int:
        return max(self.rows // 200, 10)

    @property
    def chats(self) -> int:
        return max(self.rows // 2_000, 5)

    def allowed(self, user: int) -> bool:
        """Two in five allowed their words to be kept."""
        return user % 5 < 2


def generate(path: Path, world: World) -> None:
    """A database of so many prompts, in order of time; indexes are made at the end, which is quicker."""
    address = f"sqlite:///{path}"
    schema.upgrade(address)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        made = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        found = f"{made} AND tbl_name LIKE 'prompt%'"
        indexes = connection.execute(found).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        _people(connection, world)
        chance = random.Random(1)
        text = " ".join(chance.choice(_WORDS) for _ in range(20_000))
        for first in range(1, world.rows + 1, PAGE):
            _insert_prompts(connection, world, first, min(PAGE, world.rows + 1 - first), text)
            connection.commit()
        connection.execute(_PRUNE, [KEPT])
        for _, sql in indexes:
            connection.execute(sql)
        connection.commit()
        connection.execute("PRAGMA journal_mode = WAL")


def _people(connection: sqlite3.Connection, world: World) -> None:
    then = _stored(NOW - dt.timedelta(days=DAYS))
    people = ((n, f"Person {n}", None, "es", then, _stored(NOW), "1") for n in range(1, world.people + 1))
    connection.executemany("INSERT INTO users VALUES (?, ?, ?, ?, ?, ?, ?)", people)
    places = ((-n, "group", f"Group {n}", None, then, _stored(NOW), None) for n in range(1, world.chats + 1))
    connection.executemany("INSERT INTO chats VALUES (?, ?, ?, ?, ?, ?, ?, NULL)", places)
    question = Terms().question()
    connection.execute(
        "INSERT INTO consent_texts VALUES (?, ?, ?, ?)", (question.version, "en", question.sentence, then)
    )
    decisions = (
        (n, n, question.version, "en", "allowed", then, None) for n in range(1, world.people + 1) if world.allowed(n)
    )
    connection.executemany("INSERT INTO consents VALUES (?, ?, ?, ?, ?, ?, ?)", decisions)


_COLUMNS = (
    *("id", "bot_id", "update_id", "part", "chat_id", "user_id", "message_id", "kind", "asked_at", "temperature"),
    *("top_p", "repetition_brake", "length", "ending", "rng_seed", "fingerprint", "consent_id", "outcome"),
    *("reply_message_id", "characters", "latency_ms", "waiting_ms", "generating_ms", "characters_per_second"),
    "erased_at",
)


def _insert_prompts(connection: sqlite3.Connection, world: World, first: int, count: int, text: str) -> None:
    """The prompts with so many ids from `first` on: a few people, chats and seeds have most of them."""
    chance = np.random.default_rng(first)
    ids = range(first, first + count)
    begin = (NOW - dt.timedelta(days=DAYS)).timestamp()
    seconds = begin + DAYS * 86_400 * np.arange(first, first + count) / world.rows
    asked_at = [f"{time} " for time in np.datetime_as_string(seconds.astype("datetime64[s]"), unit="s")]
    asked_at = [time.replace("T", " ").strip() + ".000000" for time in asked_at]
    users = np.minimum(chance.pareto(0.6, count) + 1, world.people).astype(int).tolist()
    chats = (-np.minimum(chance.pareto(0.5, count) + 1, world.chats).astype(int)).tolist()
    seeds = (np.minimum(chance.pareto(0.4, count), 1e12).astype(int) % 1_000_000).tolist()
    characters = np.minimum(chance.exponential(250, count) + 20, 2_000).astype(int).tolist()
    kinds = np.where(chance.random(count) < 0.7, "seed", chance.choice(KINDS, count)).tolist()
    temperatures = chance.choice((0.3, 0.5, 0.5, 0.5, 0.7, 1.0, 1.3), count).tolist()
    outcomes = np.where(chance.random(count) < 0.98, "answered", "failed").tolist()
    latencies = chance.lognormal(5.5, 0.7, count).astype(int).tolist()
    rng_seeds = chance.integers(0, 2**63 - 1, count).tolist()
    places = chance.integers(0, len(text) - 2_000, count).tolist()
    is_recent = (seconds > NOW.timestamp() - UNPURGED * 86_400).tolist()
    allowed = [world.allowed(user) for user in users]
    rows = (
        (
            *(
                id_,
                1,
                id_,
                0,
                chats[n],
                users[n],
                id_,
                kinds[n],
                asked_at[n],
                temperatures[n],
                1.0,
                0.05,
                300,
                "length",
            ),
            *(rng_seeds[n], _FINGERPRINT, users[n] if allowed[n] else None, outcomes[n], id_, characters[n]),
            *(latencies[n], 5, characters[n] // 8, 8_000.0, None if allowed[n] or is_recent[n] else asked_at[n]),
        )
        for n, id_ in enumerate(ids)
    )
    into = f"INSERT INTO prompts ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608
    connection.executemany(into, rows)
    asked = [f"{_WORDS[seed % len(_WORDS)]} {seed} " for seed in seeds]
    words = (
        (id_, asked[n], asked[n] + text[places[n] : places[n] + characters[n]], hash_of(asked[n]))
        for n, id_ in enumerate(ids)
        if allowed[n] or is_recent[n]
    )
    connection.executemany("INSERT INTO prompt_texts VALUES (?, ?, ?, ?)", words)
    messages = ((chats[n], id_, id_) for n, id_ in enumerate(ids[:1_000]))
    connection.executemany("INSERT INTO reply_messages VALUES (?, ?, ?)", messages)
    states = ((id_, chats[n], bytes(STATE), asked_at[n]) for n, id_ in enumerate(ids) if not id_ % 1_000)
    connection.executemany("INSERT INTO states (prompt_id, chat_id, state, saved_at) VALUES (?, ?, ?, ?)", states)


def _stored(time: dt.datetime) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S.%f")
