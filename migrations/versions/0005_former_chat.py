"""The group that a supergroup was before, so that a backup from that time can be erased with it.

Adds an empty column, which neither SQLite nor PostgreSQL writes into the rows that are there.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.add_column("chats", sa.Column("former_id", BigId))


def downgrade() -> None:
    op.drop_column("chats", "former_id")
