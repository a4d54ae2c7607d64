"""Chats, users, settings and their changes, prompts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")
UtcTime = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "chats",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("title", sa.Text),
        sa.Column("username", sa.Text),
        sa.Column("first_seen_at", UtcTime, nullable=False),
        sa.Column("last_seen_at", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_chats"),
    )
    op.create_table(
        "users",
        sa.Column("id", BigId, autoincrement=False, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("username", sa.Text),
        sa.Column("language", sa.String(35)),
        sa.Column("first_seen_at", UtcTime, nullable=False),
        sa.Column("last_seen_at", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
    )
    op.create_table(
        "settings",
        sa.Column("chat_id", BigId, autoincrement=False, nullable=False),
        sa.Column("temperature", sa.Float(53), nullable=False),
        sa.Column("top_p", sa.Float(53), nullable=False),
        sa.Column("length", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("chat_id", name="pk_settings"),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name="fk_settings_chat_id_chats", ondelete="CASCADE"),
    )
    op.create_table(
        "settings_changes",
        sa.Column("id", BigId, nullable=False),
        sa.Column("chat_id", BigId, nullable=False),
        sa.Column("user_id", BigId),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("old", sa.Text, nullable=False),
        sa.Column("new", sa.Text, nullable=False),
        sa.Column("changed_at", UtcTime, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_settings_changes"),
        sa.ForeignKeyConstraint(
            ["chat_id"], ["chats.id"], name="fk_settings_changes_chat_id_chats", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_settings_changes_user_id_users", ondelete="SET NULL"
        ),
    )
    op.create_index("ix_settings_changes_chat_id_changed_at", "settings_changes", ["chat_id", "changed_at"])
    _create_prompts()


def _create_prompts() -> None:
    op.create_table(
        "prompts",
        sa.Column("id", BigId, nullable=False),
        sa.Column("bot_id", BigId, nullable=False),
        sa.Column("update_id", BigId, nullable=False),
        sa.Column("chat_id", BigId, nullable=False),
        sa.Column("user_id", BigId),
        sa.Column("message_id", BigId, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("asked_at", UtcTime, nullable=False),
        sa.Column("seed_text", sa.Text, nullable=False),
        sa.Column("temperature", sa.Float(53), nullable=False),
        sa.Column("top_p", sa.Float(53), nullable=False),
        sa.Column("length", sa.Integer, nullable=False),
        sa.Column("rng_seed", BigId, nullable=False),
        sa.Column("fingerprint", sa.String(128), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("reply_text", sa.Text),
        sa.Column("reply_message_id", BigId),
        sa.Column("latency_ms", sa.Integer),
        sa.Column("characters_per_second", sa.Float(53)),
        sa.PrimaryKeyConstraint("id", name="pk_prompts"),
        sa.UniqueConstraint("bot_id", "update_id", name="uq_prompts_bot_id_update_id"),
        sa.CheckConstraint("outcome IN ('pending', 'answered', 'failed', 'refused')", name="ck_prompts_outcome"),
        sa.ForeignKeyConstraint(["chat_id"], ["chats.id"], name="fk_prompts_chat_id_chats", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_prompts_user_id_users", ondelete="SET NULL"),
    )
    op.create_index("ix_prompts_asked_at", "prompts", ["asked_at"])
    op.create_index("ix_prompts_chat_id_asked_at", "prompts", ["chat_id", "asked_at"])


def downgrade() -> None:
    for table in ("prompts", "settings_changes", "settings", "users", "chats"):
        op.drop_table(table)
