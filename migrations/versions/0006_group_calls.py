"""What was written into groups within the last minute, so that a bot that starts anew keeps Telegram's limit.

Adds a table, and touches no other.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "group_calls",
        sa.Column("id", BigId, nullable=False),
        sa.Column("chat_id", BigId, nullable=False),
        sa.Column("called_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_group_calls"),
    )
    op.create_index("ix_group_calls_called_at", "group_calls", ["called_at"])


def downgrade() -> None:
    op.drop_table("group_calls")
