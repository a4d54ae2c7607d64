"""Games by their time: the duels that are to end are found without reading all games there ever were.

Adds an index to a small table, and touches no other.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_games_opened_at", "games", ["opened_at"])


def downgrade() -> None:
    op.drop_index("ix_games_opened_at", "games")
