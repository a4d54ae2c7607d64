"""Alembic's entry: runs the versions on the connection it is given, inside that connection's transaction.

No fileConfig: it would silence the application's loggers. No tables: a version must not change with them.
"""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes.get("metadata"),  # only to compare, or to draft a new version
    render_as_batch=True,  # SQLite alters most things by copying the table
    compare_type=True,
)
context.run_migrations()
