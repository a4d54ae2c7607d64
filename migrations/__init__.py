"""Alembic's versions of the database, each self-contained: imports none of the tables."""
