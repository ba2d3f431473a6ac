"""The first cut of the data model."""

from recado.store.migrations.run_sql import run_sql

revision = "0001_first"
down_revision = None


def upgrade() -> None:
    """Runs the SQL text of this revision."""
    run_sql(revision)
