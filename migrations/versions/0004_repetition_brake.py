"""The repetition brake of each prompt, so that a replay draws as the reply was drawn.

Adds a column with a constant default, which neither SQLite nor PostgreSQL writes into the rows that are there.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("prompts", sa.Column("repetition_brake", sa.Float(53), nullable=False, server_default="0.05"))


def downgrade() -> None:
    op.drop_column("prompts", "repetition_brake")
