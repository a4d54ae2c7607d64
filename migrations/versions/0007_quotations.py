"""Whose words a prompt has that are not its asker's own, so that their author can see them and take them back.

Adds a table, and takes away an index that nothing was looked for in; touches no row of another table.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BigId = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "quotations",
        sa.Column("prompt_id", BigId, autoincrement=False, nullable=False),
        sa.Column("author_id", BigId, nullable=False),
        sa.ForeignKeyConstraint(
            ["prompt_id"], ["prompts.id"], name="fk_quotations_prompt_id_prompts", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("prompt_id", name="pk_quotations"),
    )
    op.create_index("ix_quotations_author_id", "quotations", ["author_id"])
    op.drop_index("ix_prompts_inline_message_id", "prompts")


def downgrade() -> None:
    is_named = sa.text("inline_message_id IS NOT NULL")
    op.create_index(
        "ix_prompts_inline_message_id",
        "prompts",
        ["inline_message_id"],
        sqlite_where=is_named,
        postgresql_where=is_named,
    )
    op.drop_table("quotations")
