"""Turns that cost little: rows change in place, and what seldom changes is read once."""

from recado.store.migrations.run_sql import run_sql

revision = "0007_turns"
down_revision = "0006_reception"


def upgrade() -> None:
    """Runs the SQL text of this revision."""
    run_sql(revision)
