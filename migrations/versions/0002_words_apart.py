"""Prompts apart from their words; consent, tombstones, states, ratings and games.

Rewrites the table prompts: SQLite takes a column away by copying the table, row by row.
"""

import hashlib
import logging

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")
UtcTime = sa.DateTime(timezone=True)
PAGE = 5_000  # rows in memory at a time

_log = logging.getLogger("migrations")


def upgrade() -> None:
    _say_what_it_costs()
    op.add_column("chats", sa.Column("left_at", UtcTime))
    op.add_column("users", sa.Column("asked_version", sa.String(16)))
    _create_consent()
    _extend_settings()
    _move_words()
    _rebuild_prompts()
    _create_companions()
    _create_games()


def _say_what_it_costs() -> None:
    rows = op.get_bind().execute(sa.text("SELECT count(*) FROM prompts")).scalar_one()
    if rows:
        _log.warning("version 0002 rewrites the table prompts, %s rows: that takes a while, and room for a copy", rows)


def _user(on_delete: str, table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=f"fk_{table}_user_id_users", ondelete=on_delete)


def _chat(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name=f"fk_{table}_chat_id_chats", ondelete="CASCADE")


def _prompt(table: str, on_delete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_prompt_id_prompts"
    return sa.ForeignKeyConstraint(["prompt_id"], ["prompts.id"], name=name, ondelete=on_delete)


def _game(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["game_id"], ["games.id"], name=f"fk_{table}_game_id_games", ondelete="CASCADE")


def _create_consent() -> None:
    op.create_table(
        "consent_texts",
        sa.Column("version", sa.String(16), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("sentence", sa.Text, nullable=False),
        sa.Column("first_shown_at", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("version", "language", name="pk_consent_texts"),
    )
    op.create_table(
        "consents",
        sa.Column("id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("version", sa.String(16), nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("decision", sa.String(16), nullable=False),
        sa.Column("decided_at", UtcTime, nullable=False),
        sa.Column("ended_at", UtcTime),
        sa.PrimaryKeyConstraint("id", name="pk_consents"),
        sa.ForeignKeyConstraint(
            ["version", "language"],
            ["consent_texts.version", "consent_texts.language"],
            name="fk_consents_version_language_consent_texts",
        ),
        _user("CASCADE", "consents"),
    )
    op.create_index("ix_consents_user_id", "consents", ["user_id"])
    in_force = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_consents_in_force", "consents", ["user_id"], unique=True, sqlite_where=in_force, postgresql_where=in_force
    )
    op.create_table(
        "tombstones",
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("forgotten_at", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_tombstones"),
    )


def _extend_settings() -> None:
    added = (
        sa.Column("ending", sa.String(16), nullable=False, server_default="length"),
        sa.Column("chime_in_percent", sa.Integer, nullable=False, server_default="0"),
        sa.Column("chime_in_cooldown", sa.Integer, nullable=False, server_default="600"),
        sa.Column("quiet_from", sa.SmallInteger),
        sa.Column("quiet_until", sa.SmallInteger),
        sa.Column("who_may_change", sa.String(16), nullable=False, server_default="everybody"),
        sa.Column("who_may_press", sa.String(16), nullable=False, server_default="asker"),
        sa.Column("language", sa.String(35)),
        sa.Column("voice", sa.String(255)),
    )
    for column in added:
        op.add_column("settings", column)
    op.create_index("ix_settings_changes_user_id", "settings_changes", ["user_id"])


def _move_words() -> None:
    op.create_table(
        "prompt_texts",
        sa.Column("prompt_id", BigId, autoincrement=False, nullable=False),
        sa.Column("seed_text", sa.Text, nullable=False),
        sa.Column("reply_text", sa.Text),
        sa.Column("seed_hash", BigId),
        sa.PrimaryKeyConstraint("prompt_id", name="pk_prompt_texts"),
        _prompt("prompt_texts"),
    )
    connection = op.get_bind()
    old = sa.table("prompts", *(sa.column(name) for name in ("id", "seed_text", "reply_text")))
    new = sa.table("prompt_texts", *(sa.column(n) for n in ("prompt_id", "seed_text", "reply_text", "seed_hash")))
    last = 0
    while True:
        page = connection.execute(sa.select(old).where(old.c.id > last).order_by(old.c.id).limit(PAGE)).all()
        if not page:
            break
        rows = [
            {"prompt_id": row.id, "seed_text": row.seed_text, "reply_text": row.reply_text, "seed_hash": _hash(row[1])}
            for row in page
        ]
        connection.execute(sa.insert(new), rows)
        last = page[-1].id
    op.create_index("ix_prompt_texts_seed_hash", "prompt_texts", ["seed_hash"])


def _hash(seed: str) -> int | None:
    digest = hashlib.blake2b(seed.encode("utf-8"), digest_size=8).digest()
    return int.from_bytes(digest) >> 1 if seed else None


def _rebuild_prompts() -> None:
    with op.batch_alter_table("prompts") as batch:
        batch.drop_constraint(op.f("ck_prompts_outcome"), type_="check")
        batch.drop_constraint("uq_prompts_bot_id_update_id", type_="unique")
        batch.add_column(sa.Column("part", sa.SmallInteger, nullable=False, server_default="0"))
        batch.add_column(sa.Column("thread_id", BigId))
        batch.add_column(sa.Column("ending", sa.String(16), nullable=False, server_default="length"))
        for name in ("parent_id", "continues_id", "consent_id"):
            batch.add_column(sa.Column(name, BigId))
        batch.add_column(sa.Column("inline_message_id", sa.String(128)))
        for name in ("characters", "waiting_ms", "generating_ms"):
            batch.add_column(sa.Column(name, sa.Integer))
        batch.add_column(sa.Column("erased_at", UtcTime))
        batch.alter_column("chat_id", existing_type=BigId, nullable=True)
        batch.alter_column("message_id", existing_type=BigId, nullable=True)
        batch.drop_column("seed_text")
        batch.drop_column("reply_text")
        batch.create_unique_constraint("uq_prompts_bot_id_update_id_part", ["bot_id", "update_id", "part"])
    op.execute("UPDATE prompts SET kind = 'seed' WHERE kind = 'message'")
    op.execute(
        "UPDATE prompts SET characters = (SELECT length(reply_text) - length(seed_text) FROM prompt_texts "
        "WHERE prompt_id = prompts.id) WHERE outcome = 'answered'"
    )
    op.create_index("ix_prompts_user_id", "prompts", ["user_id"])
    op.create_index("ix_prompts_figures", "prompts", ["kind", "outcome", "temperature", "characters"])
    op.create_index("ix_prompts_latency_ms", "prompts", ["latency_ms"])
    partial = {
        "ix_prompts_parent_id": ("parent_id", "parent_id IS NOT NULL"),
        "ix_prompts_inline_message_id": ("inline_message_id", "inline_message_id IS NOT NULL"),
        "ix_prompts_expiring": ("asked_at", "consent_id IS NULL AND erased_at IS NULL"),
    }
    for name, (column, condition) in partial.items():
        where = sa.text(condition)
        op.create_index(name, "prompts", [column], sqlite_where=where, postgresql_where=where)


def _create_companions() -> None:
    op.create_table(
        "reply_messages",
        sa.Column("chat_id", BigId, autoincrement=False, nullable=False),
        sa.Column("message_id", BigId, autoincrement=False, nullable=False),
        sa.Column("prompt_id", BigId, nullable=False),
        sa.PrimaryKeyConstraint("chat_id", "message_id", name="pk_reply_messages"),
        _prompt("reply_messages"),
    )
    op.execute(
        "INSERT INTO reply_messages (chat_id, message_id, prompt_id) "
        "SELECT chat_id, reply_message_id, max(id) FROM prompts WHERE reply_message_id IS NOT NULL "
        "GROUP BY chat_id, reply_message_id"
    )
    op.create_index("ix_reply_messages_prompt_id", "reply_messages", ["prompt_id"])
    op.create_table(
        "states",
        sa.Column("prompt_id", BigId, autoincrement=False, nullable=False),
        sa.Column("chat_id", BigId, nullable=False),
        sa.Column("state", sa.LargeBinary, nullable=False),
        sa.Column("saved_at", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("prompt_id", name="pk_states"),
        _prompt("states"),
        _chat("states"),
    )
    op.create_index("ix_states_chat_id", "states", ["chat_id"])
    op.create_index("ix_states_saved_at", "states", ["saved_at"])
    op.create_table(
        "ratings",
        sa.Column("id", BigId, nullable=False),
        sa.Column("prompt_id", BigId, nullable=False),
        sa.Column("user_id", BigId),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("rated_at", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_ratings"),
        _prompt("ratings"),
        _user("CASCADE", "ratings"),
    )
    op.create_index("ix_ratings_prompt_id", "ratings", ["prompt_id"])
    op.create_index("ix_ratings_user_id", "ratings", ["user_id"])


def _create_games() -> None:
    op.create_table(
        "games",
        sa.Column("id", BigId, nullable=False),
        sa.Column("chat_id", BigId, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("poll_id", sa.String(64)),
        sa.Column("message_id", BigId),
        sa.Column("correct_option", sa.SmallInteger),
        sa.Column("opened_at", UtcTime, nullable=False),
        sa.Column("closed_at", UtcTime),
        sa.PrimaryKeyConstraint("id", name="pk_games"),
        sa.UniqueConstraint("poll_id", name="uq_games_poll_id"),
        _chat("games"),
    )
    op.create_index("ix_games_chat_id_opened_at", "games", ["chat_id", "opened_at"])
    op.create_table(
        "game_options",
        sa.Column("game_id", BigId, autoincrement=False, nullable=False),
        sa.Column("option", sa.SmallInteger, autoincrement=False, nullable=False),
        sa.Column("prompt_id", BigId),
        sa.Column("line", sa.Text),
        sa.PrimaryKeyConstraint("game_id", "option", name="pk_game_options"),
        _game("game_options"),
        _prompt("game_options", "SET NULL"),
    )
    op.create_index("ix_game_options_prompt_id", "game_options", ["prompt_id"])
    op.create_table(
        "votes",
        sa.Column("game_id", BigId, autoincrement=False, nullable=False),
        sa.Column("user_id", BigId, autoincrement=False, nullable=False),
        sa.Column("option", sa.SmallInteger, nullable=False),
        sa.Column("voted_at", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("game_id", "user_id", name="pk_votes"),
        _game("votes"),
        _user("CASCADE", "votes"),
    )
    op.create_index("ix_votes_user_id", "votes", ["user_id"])
    op.create_table(
        "scores",
        sa.Column("chat_id", BigId, autoincrement=False, nullable=False),
        sa.Column("week", sa.String(8), nullable=False),
        sa.Column("user_id", BigId, autoincrement=False, nullable=False),
        sa.Column("points", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("chat_id", "week", "user_id", name="pk_scores"),
        _chat("scores"),
        _user("CASCADE", "scores"),
    )
    op.create_index("ix_scores_user_id", "scores", ["user_id"])


def downgrade() -> None:
    """Words that were erased come back as empty texts; prompts without a chat, and later parts, go."""
    for table in ("scores", "votes", "game_options", "games", "ratings", "states", "reply_messages"):
        op.drop_table(table)
    op.execute("DELETE FROM prompts WHERE chat_id IS NULL OR message_id IS NULL OR part > 0")
    op.execute("UPDATE prompts SET outcome = 'failed' WHERE outcome NOT IN ('pending', 'answered', 'refused')")
    for name in ("user_id", "figures", "latency_ms", "parent_id", "inline_message_id", "expiring"):
        op.drop_index(f"ix_prompts_{name}", "prompts")
    op.add_column("prompts", sa.Column("seed_text", sa.Text, nullable=False, server_default=""))
    op.add_column("prompts", sa.Column("reply_text", sa.Text))
    kept = "SELECT {column} FROM prompt_texts WHERE prompt_id = prompts.id"
    op.execute(
        f"UPDATE prompts SET seed_text = coalesce(({kept.format(column='seed_text')}), ''), "  # noqa: S608
        f"reply_text = ({kept.format(column='reply_text')})"
    )
    op.drop_table("prompt_texts")
    op.execute("UPDATE prompts SET outcome = 'answered' WHERE outcome = 'stopped'")
    op.execute("UPDATE prompts SET outcome = 'failed' WHERE outcome = 'expired'")
    added = ("part", "thread_id", "ending", "parent_id", "continues_id", "consent_id", "inline_message_id")
    with op.batch_alter_table("prompts") as batch:
        batch.drop_constraint("uq_prompts_bot_id_update_id_part", type_="unique")
        for name in (*added, "characters", "waiting_ms", "generating_ms", "erased_at"):
            batch.drop_column(name)
        batch.alter_column("chat_id", existing_type=BigId, nullable=False)
        batch.alter_column("message_id", existing_type=BigId, nullable=False)
        batch.create_unique_constraint("uq_prompts_bot_id_update_id", ["bot_id", "update_id"])
        batch.create_check_constraint(
            op.f("ck_prompts_outcome"), "outcome IN ('pending', 'answered', 'failed', 'refused')"
        )
    op.drop_index("ix_settings_changes_user_id", "settings_changes")
    with op.batch_alter_table("settings") as batch:
        for name in ("ending", "chime_in_percent", "chime_in_cooldown", "quiet_from", "quiet_until"):
            batch.drop_column(name)
        for name in ("who_may_change", "who_may_press", "language", "voice"):
            batch.drop_column(name)
    for table in ("tombstones", "consents", "consent_texts"):
        op.drop_table(table)
    with op.batch_alter_table("users") as batch:
        batch.drop_column("asked_version")
    with op.batch_alter_table("chats") as batch:
        batch.drop_column("left_at")
