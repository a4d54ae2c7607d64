"""Until when Telegram wants nothing in which chats, so that a bot that starts anew does not ask there again.

Adds a table, and touches no other.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "chat_pauses",
        sa.Column("chat_id", BigId, autoincrement=False, nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("over_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("chat_id", name="pk_chat_pauses"),
    )


def downgrade() -> None:
    op.drop_table("chat_pauses")
