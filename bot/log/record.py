"""The record: what an exported prompt consists of, field by field, and how it is made from the tables."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.log.filters import Filter, is_consented
from bot.log.pseudonyms import Pseudonyms
from bot.log.schema import Field, Schema, Value
from bot.storage.ratings import Rating, Ratings
from bot.storage.tables import chats, consents, prompt_texts, prompts, users
from bot.text import clean
from model.masking import masked

SCHEMA_VERSION = 1

FIELDS = (
    Field("schema_version", "integer", f"{SCHEMA_VERSION}: of the meaning of these fields"),
    Field("id", "integer", "of the prompt; parent_id and continues_id refer to it"),
    Field("asked_at", "time", "when the bot read it, UTC"),
    Field("kind", "text", "how it was asked: seed, more, again, reply, mention, chime-in, inline, guest, quiz or duel"),
    Field("person", "text", "a code for who asked; empty where Telegram hides the person"),
    Field("chat", "text", "a code for where; empty in inline mode"),
    Field("chat_kind", "text", "private, group, supergroup or channel"),
    Field("language", "text", "of the person's Telegram, an IETF tag"),
    Field("consent", "text", "allowed: every author of the words allowed this use, and none took it back; else none"),
    Field("consent_version", "text", "of the terms that were allowed; the data card has the sentence"),
    Field("consent_language", "text", "in which they were shown"),
    Field("seed_text", "text", "what was asked, masked; empty where it was erased", words=True),
    Field("reply_text", "text", "seed and continuation as they were sent, masked", words=True),
    Field("outcome", "text", "answered, stopped, failed, refused, expired, or pending"),
    Field("temperature", "number", "of the sampling, 0.05 to 2"),
    Field("top_p", "number", "of the sampling, above 0 and up to 1"),
    Field("repetition_brake", "number", "of the sampling, nats a character"),
    Field("length", "integer", "characters asked for, at most"),
    Field("ending", "text", "where a reply ends: length, sentence or line"),
    Field("rng_seed", "integer", "of the random stream; up to 63 bits"),
    Field("fingerprint", "text", "which weights on which engine"),
    Field("parent_id", "integer", "the prompt whose button was pressed, or whose words are the seed"),
    Field("continues_id", "integer", "the prompt whose last state this began from; empty: from nothing read"),
    Field("part", "integer", "0, 1, 2 where one message made several replies"),
    Field("characters", "integer", "that the network drew and the reply kept"),
    Field("latency_ms", "integer", "from the message's arrival to the reply's delivery"),
    Field("waiting_ms", "integer", "of it, for the engine"),
    Field("generating_ms", "integer", "of it, the engine's own work"),
    Field("characters_per_second", "number", "of the engine, while it worked on this reply"),
    Field("reactions", "text", "the reply's reactions, with spaces between them"),
    Field("again", "integer", "how often another take was asked for"),
    Field("warmer", "integer", "how often a wilder one"),
    Field("colder", "integer", "how often a tamer one"),
    Field("chosen", "integer", "how often it was chosen among inline results"),
    Field("quiz", "text", "votes in quizzes that it was part of, with spaces between them"),
    Field("duel", "text", "votes in duels that it was part of, with spaces between them"),
    Field("masked", "integer", "placeholders in this record's texts: [user], [email], [link], [phone], [card], [id]"),
)
SCHEMA = Schema(f"cotorra-prompts-{SCHEMA_VERSION}", "prompts", "asked_at", FIELDS)

_PLAIN = (  # columns that go out as they are
    *("outcome", "temperature", "top_p", "repetition_brake", "length", "ending", "rng_seed", "fingerprint"),
    *("parent_id", "continues_id", "part", "characters", "latency_ms", "waiting_ms", "generating_ms"),
    "characters_per_second",
)
_COUNTED = ("again", "warmer", "colder", "chosen")
_LISTED = ("quiz", "duel")


def select_records(only: Filter) -> Select[Any]:
    """The rows that records are made from, the oldest first."""
    tables = (
        prompts.outerjoin(prompt_texts, prompt_texts.c.prompt_id == prompts.c.id)
        .outerjoin(users, users.c.id == prompts.c.user_id)
        .outerjoin(chats, chats.c.id == prompts.c.chat_id)
        .outerjoin(consents, consents.c.id == prompts.c.consent_id)
    )
    columns = (
        *(prompts.c[name] for name in ("id", "asked_at", "kind", "user_id", "chat_id")),
        *(chats.c.kind.label("chat_kind"), users.c.language),
        is_consented().label("is_consented"),
        *(consents.c.version, consents.c.language.label("consent_language")),
        *(prompt_texts.c.seed_text, prompt_texts.c.reply_text),
        *(prompts.c[name] for name in _PLAIN),
    )
    return select(*columns).select_from(tables).where(*only.conditions(by_id=True)).order_by(prompts.c.id)


async def records_of_prompts(
    connection: AsyncConnection, rows: Sequence[Row[Any]], pseudonyms: Pseudonyms, found: Counter[str]
) -> list[tuple[Value, ...]]:
    """The records of rows. `found`: is added to: which placeholders were put in."""
    ratings: dict[int, list[Rating]] = defaultdict(list)
    for rating in await Ratings(connection).of_prompts([row.id for row in rows]):
        ratings[rating.prompt_id].append(rating)
    return [_record(row, ratings[row.id], pseudonyms, found) for row in rows]


def _record(row: Row[Any], ratings: Sequence[Rating], pseudonyms: Pseudonyms, found: Counter[str]) -> tuple[Value, ...]:
    """A value for each of FIELDS."""
    allowed = bool(row.is_consented)
    here: Counter[str] = Counter()
    words = [None if text is None else clean(masked(text, here)) for text in (row.seed_text, row.reply_text)]
    found.update(here)
    values = {kind: [rating.value for rating in ratings if rating.kind == kind] for kind in ("reaction", *_LISTED)}
    counts: Counter[str] = Counter(rating.kind for rating in ratings)
    return (
        SCHEMA_VERSION,
        row.id,
        row.asked_at,
        row.kind,
        pseudonyms.person(row.user_id),
        pseudonyms.chat(row.chat_id),
        row.chat_kind,
        row.language,
        "allowed" if allowed else "none",
        row.version if allowed else None,
        row.consent_language if allowed else None,
        *words,
        *(row[-len(_PLAIN) :]),
        " ".join(values["reaction"]),
        *(counts[kind] for kind in _COUNTED),
        *(" ".join(values[kind]) for kind in _LISTED),
        here.total(),
    )
