"""Receiving writes less: one index of the inbox does the work of two."""

from recado.store.migrations.run_sql import run_sql

revision = "0006_reception"
down_revision = "0005_delivery"


def upgrade() -> None:
    """Runs the SQL text of this revision."""
    run_sql(revision)
