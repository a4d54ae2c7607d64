"""The tables, as the newest migration leaves them.

A prompt is two rows: `prompts` holds what is counted and kept, `prompt_texts` the words, which are erased where
nobody allowed them to be kept. Kinds and outcomes are checked by the program alone: a CHECK that learns a new
word would make SQLite write ten million rows anew.
"""

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
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

# --- who and where ---------------------------------------------------------------------------------------

chats = Table(
    "chats",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),  # private, group, supergroup, channel
    Column("title", CleanText),
    Column("username", CleanText),
    Column("first_seen_at", UtcTime, nullable=False),
    Column("last_seen_at", UtcTime, nullable=False),
    Column("left_at", UtcTime),  # since when the bot may not write there; NULL while it may
    Column("former_id", BigId),  # of the group that this supergroup was before
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
    Column("asked_version", String(16)),  # the question about consent that they were shown last
)

# --- consent ---------------------------------------------------------------------------------------------

consent_texts = Table(
    "consent_texts",  # every question that was ever put, word for word
    metadata,
    Column("version", String(16), primary_key=True),  # of the terms, the same in every language
    Column("language", String(35), primary_key=True),
    Column("sentence", CleanText, nullable=False),
    Column("first_shown_at", UtcTime, nullable=False),
)

consents = Table(
    "consents",  # every decision; the one in force has no end
    metadata,
    Column("id", BigId, primary_key=True),
    Column("user_id", BigId, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("version", String(16), nullable=False),
    Column("language", String(35), nullable=False),
    Column("decision", String(16), nullable=False),  # allowed, refused
    Column("decided_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    ForeignKeyConstraint(["version", "language"], ["consent_texts.version", "consent_texts.language"]),
    Index(
        "uq_consents_in_force",
        "user_id",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
    Index(None, "user_id"),
)

tombstones = Table(
    "tombstones",  # who was forgotten, by a keyed hash that tells nobody who it was
    metadata,
    Column("subject", String(64), primary_key=True),
    Column("forgotten_at", UtcTime, nullable=False),
)

# --- settings --------------------------------------------------------------------------------------------

settings = Table(
    "settings",
    metadata,
    Column("chat_id", BigId, ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("temperature", Float(53), nullable=False),
    Column("top_p", Float(53), nullable=False),
    Column("length", Integer, nullable=False),  # characters
    Column("ending", String(16), nullable=False),  # where a reply ends: length, sentence, line
    Column("chime_in_percent", Integer, nullable=False),  # of the messages that are none of the bot's business
    Column("chime_in_cooldown", Integer, nullable=False),  # seconds
    Column("quiet_from", SmallInteger),  # minutes since midnight in UTC; NULL: no quiet hours
    Column("quiet_until", SmallInteger),
    Column("who_may_change", String(16), nullable=False),  # admins, everybody
    Column("who_may_press", String(16), nullable=False),  # asker, admins, everybody
    Column("language", String(35)),  # NULL: each person's own
    Column("voice", String(255)),  # one of the operator's checkpoints; NULL: the first
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
    Column("bot_id", BigId),  # the update that asked for it, which may be handled twice
    Column("update_id", BigId),
    Index(None, "chat_id", "changed_at"),
    Index(None, "user_id"),
    Index(None, "bot_id", "update_id", "name", unique=True),
)

# --- prompts ---------------------------------------------------------------------------------------------

prompts = Table(
    "prompts",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("bot_id", BigId, nullable=False),  # update ids count per bot
    Column("update_id", BigId, nullable=False),
    Column("part", SmallInteger, nullable=False),  # 0, 1, 2 where one update makes several replies
    Column("chat_id", BigId, ForeignKey("chats.id", ondelete="CASCADE")),  # NULL in inline mode
    Column("user_id", BigId, ForeignKey("users.id", ondelete="SET NULL")),  # NULL where Telegram hides the person
    Column("message_id", BigId),
    Column("thread_id", BigId),  # the topic of a forum
    Column("kind", String(16), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("temperature", Float(53), nullable=False),
    Column("top_p", Float(53), nullable=False),
    Column("repetition_brake", Float(53), nullable=False, server_default="0.05"),  # the program's own, not a chat's
    Column("length", Integer, nullable=False),  # characters, at most
    Column("ending", String(16), nullable=False),
    Column("rng_seed", BigId, nullable=False),
    Column("fingerprint", String(128), nullable=False),  # which weights on which engine
    # No foreign keys: each deletion would search ten million rows, and an id that leads nowhere tells something.
    Column("parent_id", BigId),  # the prompt whose button was pressed, or whose words are the seed
    Column("continues_id", BigId),  # the prompt whose last state this began from; NULL: from nothing read
    Column("consent_id", BigId),  # in force for every author of its words when it was asked; NULL: none
    Column("outcome", String(16), nullable=False),
    Column("reply_message_id", BigId),  # of the first message, where the reply took several
    Column("inline_message_id", String(128)),
    Column("characters", Integer),  # kept of those drawn; the state is the one after the last of them
    Column("latency_ms", Integer),  # from the update to the reply's delivery
    Column("waiting_ms", Integer),  # of it, for the engine
    Column("generating_ms", Integer),  # of it, the engine's own work
    Column("characters_per_second", Float(53)),  # of the generator, while it worked on this turn
    Column("erased_at", UtcTime),  # when the words were erased; NULL while they are there
    UniqueConstraint("bot_id", "update_id", "part"),
    Index(None, "asked_at"),
    Index(None, "chat_id", "asked_at"),
    Index(None, "user_id"),
    # The two that `cotorra logs stats` walks along instead of the table.
    Index("ix_prompts_figures", "kind", "outcome", "temperature", "characters"),
    Index(None, "latency_ms"),
    Index(
        "ix_prompts_parent_id",
        "parent_id",
        sqlite_where=text("parent_id IS NOT NULL"),
        postgresql_where=text("parent_id IS NOT NULL"),
    ),
    Index(
        "ix_prompts_expiring",  # whose words nobody allowed to be kept
        "asked_at",
        sqlite_where=text("consent_id IS NULL AND erased_at IS NULL"),
        postgresql_where=text("consent_id IS NULL AND erased_at IS NULL"),
    ),
)

prompt_texts = Table(
    "prompt_texts",
    metadata,
    Column("prompt_id", BigId, ForeignKey("prompts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("seed_text", CleanText, nullable=False),
    Column("reply_text", CleanText),
    Column("seed_hash", BigId),  # to count equal seeds by; NULL for an empty one
    Index(None, "seed_hash"),
)

quotations = Table(
    "quotations",  # whose words a prompt has that are not its asker's own; gone with the words
    metadata,
    Column("prompt_id", BigId, ForeignKey("prompts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("author_id", BigId, nullable=False),  # no foreign key: they need not have used the bot
    Index(None, "author_id"),
)

reply_messages = Table(
    "reply_messages",  # which message of the bot belongs to which prompt
    metadata,
    Column("chat_id", BigId, primary_key=True, autoincrement=False),
    Column("message_id", BigId, primary_key=True, autoincrement=False),
    Column("prompt_id", BigId, ForeignKey("prompts.id", ondelete="CASCADE"), nullable=False),
    Index(None, "prompt_id"),
)

states = Table(
    "states",  # what the network remembers after a reply, for /more
    metadata,
    Column("prompt_id", BigId, ForeignKey("prompts.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("chat_id", BigId, ForeignKey("chats.id", ondelete="CASCADE"), nullable=False),
    Column("state", LargeBinary, nullable=False),
    Column("saved_at", UtcTime, nullable=False),
    Index(None, "chat_id"),
    Index(None, "saved_at"),
)

ratings = Table(
    "ratings",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("prompt_id", BigId, ForeignKey("prompts.id", ondelete="CASCADE"), nullable=False),
    Column("user_id", BigId, ForeignKey("users.id", ondelete="CASCADE")),
    Column("kind", String(16), nullable=False),  # reaction, again, warmer, colder, chosen, quiz, duel
    Column("value", CleanText, nullable=False),
    Column("rated_at", UtcTime, nullable=False),
    Index(None, "prompt_id"),
    Index(None, "user_id"),
)

# --- games -----------------------------------------------------------------------------------------------

games = Table(
    "games",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("chat_id", BigId, ForeignKey("chats.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),  # quiz, duel
    Column("poll_id", String(64)),  # of Telegram
    Column("message_id", BigId),
    Column("correct_option", SmallInteger),  # of a quiz
    Column("opened_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime),
    UniqueConstraint("poll_id"),
    Index(None, "chat_id", "opened_at"),
    Index(None, "opened_at"),
)

game_options = Table(
    "game_options",
    metadata,
    Column("game_id", BigId, ForeignKey("games.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("option", SmallInteger, primary_key=True, autoincrement=False),
    Column("prompt_id", BigId, ForeignKey("prompts.id", ondelete="SET NULL")),  # whose reply, or whose own words
    Column("line", CleanText),  # of the corpus, which is no person's of this database
    Index(None, "prompt_id"),
)

votes = Table(
    "votes",
    metadata,
    Column("game_id", BigId, ForeignKey("games.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("user_id", BigId, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("option", SmallInteger, nullable=False),
    Column("voted_at", UtcTime, nullable=False),
    Index(None, "user_id"),
)

scores = Table(
    "scores",
    metadata,
    Column("chat_id", BigId, ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("week", String(8), primary_key=True),  # ISO 8601: 2026-W05
    Column("user_id", BigId, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("points", Integer, nullable=False),
    Index(None, "user_id"),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", BigId, primary_key=True),  # the order of arrival
    Column("bot_id", BigId, nullable=False),
    Column("update_id", BigId, nullable=False),
    Column("chat_id", BigId),  # None where no order has to be kept
    Column("message_id", BigId),  # of the new message that the update brings, if it brings one
    Column("sent_at", UtcTime, nullable=False),  # by Telegram's clock
    Column("state", String(16), nullable=False),  # waiting, done, expired, failed
    Column("attempts", Integer, nullable=False),  # how often it was begun since something last came of it
    Column("payload", Text),  # the update's JSON in ASCII; gone once it is done with
    UniqueConstraint("bot_id", "update_id"),
    Index(None, "chat_id", "message_id"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("inbox_id", BigId, ForeignKey("inbox.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("saying", Integer, primary_key=True, autoincrement=False),  # the first thing said, the second, ...
    Column("part", Integer, primary_key=True, autoincrement=False),  # a long text takes several messages
    Column("chat_id", BigId, nullable=False),
    Column("text", CleanText),  # gone once the update is done with
    Column("above", BigId),  # once we begin to send it: the chat's last message id that we knew
    Column("message_id", BigId),  # once Telegram said that it has it
    Index(None, "chat_id", "message_id"),
)

chat_pauses = Table(
    "chat_pauses",  # until when Telegram wants nothing in a chat; gone when that is over
    metadata,
    Column("chat_id", BigId, primary_key=True, autoincrement=False),
    Column("told_at", UtcTime, nullable=False),  # by this machine's clock, as is the next
    Column("over_at", UtcTime, nullable=False),
)

group_calls = Table(
    "group_calls",  # what was written into groups, frames and edits too; gone after a minute
    metadata,
    Column("id", BigId, primary_key=True),
    Column("chat_id", BigId, nullable=False),
    Column("called_at", UtcTime, nullable=False),  # by this machine's clock
    Index(None, "called_at"),
)
