"""The tables, as the newest migration leaves them: chats, users, settings and their changes, prompts."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

from bot.storage.types import BigId, CleanText, UtcTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

chats = Table(
    "chats",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),  # private, group, supergroup, channel
    Column("title", CleanText),
    Column("username", CleanText),
    Column("first_seen_at", UtcTime, nullable=False),
    Column("last_seen_at", UtcTime, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("name", CleanText, nullable=False),
    Column("username", CleanText),
    Column("language", String(35)),  # an IETF tag, RFC 5646, is at most this long
    Column("first_seen_at", UtcTime, nullable=False),
    Column("last_seen_at", UtcTime, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    Column("chat_id", BigId, ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("temperature", Float(53), nullable=False),
    Column("top_p", Float(53), nullable=False),
    Column("length", Integer, nullable=False),  # characters
)

settings_changes = Table(
    "settings_changes",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("chat_id", BigId, ForeignKey("chats.id", ondelete="CASCADE"), nullable=False),
    Column("user_id", BigId, ForeignKey("users.id", ondelete="SET NULL")),  # unknown in a channel
    Column("name", String(32), nullable=False),
    Column("old", CleanText, nullable=False),
    Column("new", CleanText, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Index(None, "chat_id", "changed_at"),
)

prompts = Table(
    "prompts",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("bot_id", BigId, nullable=False),  # update ids count per bot
    Column("update_id", BigId, nullable=False),
    Column("chat_id", BigId, ForeignKey("chats.id", ondelete="CASCADE"), nullable=False),
    Column("user_id", BigId, ForeignKey("users.id", ondelete="SET NULL")),
    Column("message_id", BigId, nullable=False),
    Column("kind", String(16), nullable=False),  # seed, message
    Column("asked_at", UtcTime, nullable=False),
    Column("seed_text", CleanText, nullable=False),
    Column("temperature", Float(53), nullable=False),
    Column("top_p", Float(53), nullable=False),
    Column("length", Integer, nullable=False),
    Column("rng_seed", BigId, nullable=False),
    Column("fingerprint", String(128), nullable=False),  # which weights on which engine
    Column("outcome", String(16), nullable=False),
    Column("reply_text", CleanText),
    Column("reply_message_id", BigId),  # of the first message, where the reply took several
    Column("latency_ms", Integer),  # from the update to the reply's delivery
    Column("characters_per_second", Float(53)),  # of the generator, while it worked on this turn
    UniqueConstraint("bot_id", "update_id"),
    CheckConstraint("outcome IN ('pending', 'answered', 'failed', 'refused')", name="outcome"),
    Index(None, "asked_at"),
    Index(None, "chat_id", "asked_at"),
)
