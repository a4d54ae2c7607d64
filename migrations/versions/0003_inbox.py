"""The inbox, what is sent in answer to it, and which update changed a setting."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")
UtcTime = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "inbox",
        sa.Column("id", BigId, nullable=False),
        sa.Column("bot_id", BigId, nullable=False),
        sa.Column("update_id", BigId, nullable=False),
        sa.Column("chat_id", BigId),
        sa.Column("message_id", BigId),
        sa.Column("sent_at", UtcTime, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("payload", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_inbox"),
        sa.UniqueConstraint("bot_id", "update_id", name="uq_inbox_bot_id_update_id"),
    )
    op.create_index("ix_inbox_chat_id_message_id", "inbox", ["chat_id", "message_id"])
    op.create_table(
        "deliveries",
        sa.Column("inbox_id", BigId, autoincrement=False, nullable=False),
        sa.Column("saying", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("part", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("chat_id", BigId, nullable=False),
        sa.Column("text", sa.Text),
        sa.Column("above", BigId),
        sa.Column("message_id", BigId),
        sa.PrimaryKeyConstraint("inbox_id", "saying", "part", name="pk_deliveries"),
        sa.ForeignKeyConstraint(["inbox_id"], ["inbox.id"], name="fk_deliveries_inbox_id_inbox", ondelete="CASCADE"),
    )
    op.create_index("ix_deliveries_chat_id_message_id", "deliveries", ["chat_id", "message_id"])
    op.add_column("settings_changes", sa.Column("bot_id", BigId))
    op.add_column("settings_changes", sa.Column("update_id", BigId))
    op.create_index(
        "ix_settings_changes_bot_id_update_id_name", "settings_changes", ["bot_id", "update_id", "name"], unique=True
    )


def downgrade() -> None:
    op.drop_index("ix_settings_changes_bot_id_update_id_name", "settings_changes")
    with op.batch_alter_table("settings_changes") as batch:
        batch.drop_column("update_id")
        batch.drop_column("bot_id")
    op.drop_table("deliveries")
    op.drop_table("inbox")
